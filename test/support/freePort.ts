import { createServer } from 'node:net';

/** Below the ports that systems give to whoever asks for any: Linux from 32,768, macOS from 49,152. */
const [FROM, TO] = [12_000, 32_000];

/** A port of 127.0.0.1 for a program that has to be told one. Nobody listens there, and nobody gets it by chance. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
