import type { Config } from '../src/config.js';
import type { Tokens } from '../src/web/graphiqlTabs.js';
import { tokensText } from './dayTokens.js';
import type { DemoConfig } from './demoConfig.js';
import type { Sandbox } from './start.js';

export interface Greeting extends DemoConfig {
  /** Where the subgraph listens. */
  readonly address: string;
  readonly sandbox: Sandbox;
  /** A token for each scope, if the sandbox issues tokens. */
  readonly tokens: Tokens | undefined;
}

/** What `npm start` prints: where everything is, which system is real, and what to try. */
export function greetingOf(greeting: Greeting): string {
  const { config, address, standIns, tokens } = greeting;
  const url = `${address}/graphql`;
  const ids = [...(standIns.includes('PMS') ? ['pms:4711'] : []), ...(standIns.includes('CAS360') ? ['cas360:54'] : [])];
  // The first of several.
  const header = config.routerSecrets.length > 0 ? ' -H "router-authorization: ${ROUTER_SECRET%%,*}"' : '';
  const browser = config.graphiql && !header ? 'Open it in a browser: GraphiQL has a menu of example queries. Or ask from here:' : 'Ask from here:';
  return `
The contacts subgraph is running at ${url}

  ${browser}

  curl ${url} -H 'content-type: application/json'${header} \\
    -d '{"query":"{ contacts(ids: [${(ids.length > 0 ? ids : ['pms:ID', 'cas360:ID']).map((id) => `\\"${id}\\"`).join(', ')}]) { id name email address { city } } }"}'

  Behind it:

${systemsOf(greeting)}${tokens ? `\n${tokensText(tokens)}` : ''}
Ctrl-C ends it.
`;
}

function systemsOf({ config, standIns, sandbox, issuesTokens }: Greeting): string {
  const systems = [
    ['PMS', 'PMS', sandbox.pms.url, config.pms?.baseUrl],
    ['CAS360', 'CAS 360', sandbox.cas360.url, config.cas360?.baseUrl],
  ] as const;
  const lines = systems.map(([source, name, ours, real]) => `  ${name.padEnd(8)} ${standIns.includes(source) ? `the sandbox, ${ours}` : `real, ${real?.href}`}`);
  const pages = systems.filter(([source]) => standIns.includes(source)).map(([, , ours]) => ours);
  return `${lines.join('\n')}
  callers  ${issuesTokens ? `tokens of the sandbox, ${sandbox.identity.url}` : callersOf(config)}
${pages.length > 0 ? `\n  Open ${pages.join(' or ')} in a browser: the page shows the contacts of that system,\n  its calls as they arrive, and buttons for faults.\n` : ''}`;
}

function callersOf({ auth }: Config): string {
  return auth ? `tokens of ${auth.issuer}` : 'anonymous, without scopes: set AUTH_JWKS_URL to read fields that need one';
}
