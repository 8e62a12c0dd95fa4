// The built subgraph as a careless program would be: it tells the headers of every request on standard error.
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';

subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage };
  process.stderr.write(`${Buffer.from(JSON.stringify(request.headers)).toString('base64')}\n`);
});
await import(new URL('../../../dist/src/main.js', import.meta.url).href);
