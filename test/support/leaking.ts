// The built subgraph with its heap laid open: run with --expose-gc. Answers "heap" with the bytes in use after a
// collection. From "leak" on it keeps 100 characters of every request, as a careless program would.
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';

const kept: string[] = [];

process.on('message', async (message) => {
  if (message === 'leak') subscribe('http.server.request.start', () => kept.push(randomBytes(50).toString('hex')));
  // Twice, a moment apart: what a finalizer lets go is collected the second time.
  for (let n = 0; n < 2; n++) {
    gc!();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  process.send!(process.memoryUsage().heapUsed);
});
process.channel!.unref();
await import(new URL('../../dist/src/main.js', import.meta.url).href);
