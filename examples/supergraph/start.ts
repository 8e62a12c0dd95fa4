import { startSupergraph, type Supergraph } from './supergraph.js';

/** Over all three subgraphs, and both systems behind the contacts. */
const QUERY = `{
  booking(id: "B-2041") {
    arrival
    booker { name companies { name } }
    guests { name greeting address { city } bookings { id } }
    account { accountCode company { name keyContact { email } } }
  }
}`;

/** What `npm run supergraph` runs. */
async function start(): Promise<void> {
  const supergraph = await startSupergraph(Number(process.env.PORT || 4000));
  console.log(greeting(supergraph));

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    await supergraph.stop();
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
}

function greeting({ url, subgraphs }: Supergraph): string {
  const body = JSON.stringify({ query: QUERY.replace(/\s+/g, ' ') });
  return `
The supergraph is running at ${url}

  It is composed of three subgraphs:

${subgraphs.map((one) => `  ${one.name.padEnd(11)}${one.url}`).join('\n')}

  This query crosses all of them, and both systems behind the contacts:

${QUERY.replace(/^/gm, '  ')}

  To send it:

  curl ${url} -H 'content-type: application/json' \\
    -d '${body}'

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
