import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { SCOPES } from '../src/graphql/accessPolicy.js';
import { exampleTabs } from '../src/web/graphiqlTabs.js';
import { startAtUsualPorts, type Sandbox } from './start.js';

const A_DAY_SECONDS = 86_400;

/** Settings of real systems. The sandbox replaces them, and its refresh token must not reach a real Redis. */
const LEADS_TO_REAL_SYSTEMS = /^(?:PMS|CAS360|AUTH)_(?!MAX_|TIMEOUT_)|^REDIS_URL/;

/** Runs `npm start`: the sandbox of both upstreams, and the subgraph as an operator would run it. */
async function start(): Promise<void> {
  const sandbox = await startAtUsualPorts();
  const [identity, access] = await Promise.all(SCOPES.map((scope) => sandbox.identity.token({ scopes: [scope], expiresInSeconds: A_DAY_SECONDS })));
  const given = Object.entries(process.env).filter(([name]) => !LEADS_TO_REAL_SYSTEMS.test(name));
  // The sandbox is on this machine, which no proxy reaches.
  const config = readConfig({ HOST: '127.0.0.1', GRAPHIQL: 'true', ...Object.fromEntries(given), ...sandbox.environment, no_proxy: '*' });
  const quiet = (): void => {};
  const log = { info: quiet, warn: quiet, error: (message: string) => console.error(message) };
  const app = await createApp(config, { log, drainMs: 0, tabs: exampleTabs({ identity: identity!, access: access! }) });
  console.log(greeting(await app.listen(), sandbox, identity!, access!));

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await app.stop();
    await sandbox.stop();
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function greeting(address: string, sandbox: Sandbox, identity: string, access: string): string {
  const url = `${address}/graphql`;
  return `
The contacts subgraph is running at ${url}

  Open it in a browser: GraphiQL has example queries in its tabs. Or ask from here:

  curl ${url} -H 'content-type: application/json' \\
    -d '{"query":"{ contacts(ids: [\\"pms:4711\\", \\"cas360:54\\"]) { id name email address { city } } }"}'

  The two systems behind it are a sandbox with invented contacts. Every call that they got:

  curl ${sandbox.pms.url}/_sandbox/calls
  curl ${sandbox.cas360.url}/_sandbox/calls

  Some fields need a scope. Send one of these tokens as "authorization: Bearer <token>"; they are good for a day.

  contact:identity
  ${identity}

  contact:access
  ${access}

Ctrl-C ends it.
`;
}

try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
