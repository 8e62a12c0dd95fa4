import { tokensText } from '../../sandbox/dayTokens.js';
import { QUERY } from './graphiqlTabs.js';
import { startSupergraph, type Supergraph } from './supergraph.js';

/** What `npm run supergraph` runs. */
async function start(): Promise<void> {
  const supergraph = await startSupergraph(Number(process.env.PORT || 4000));

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await supergraph.stop();
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // Last: whoever reads it may end the process.
  console.log(greeting(supergraph));
}

function greeting({ url, subgraphs, sandbox, tokens }: Supergraph): string {
  const body = JSON.stringify({ query: QUERY.replace(/\s+/g, ' ') });
  return `
The supergraph is running at ${url}

  Open it in a browser: GraphiQL has examples that cross the subgraphs, and tokens for them. It is composed of three subgraphs:

${subgraphs.map((one) => `  ${one.name.padEnd(11)}${one.url}`).join('\n')}

  The two systems behind the contacts are a sandbox, with an issuer of tokens. Open the systems in a browser for their calls
  and buttons for faults:

  ${'PMS'.padEnd(11)}${sandbox.pms.url}
  ${'CAS 360'.padEnd(11)}${sandbox.cas360.url}
  ${'tokens'.padEnd(11)}${sandbox.identity.url}

  This query crosses all of them, and both systems behind the contacts:

${QUERY.replace(/^/gm, '  ')}

  To send it:

  curl ${url} -H 'content-type: application/json' \\
    -d '${body}'

${tokensText(tokens)}
Ctrl-C ends it.
`;
}

try {
  await start();
} catch (error) {
  const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  console.error(taken ? 'The port is taken. Choose another one: PORT=4100 npm run supergraph' : error instanceof Error ? error.message : error);
  process.exit(1);
}
