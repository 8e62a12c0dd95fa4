import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createCallers } from '../src/web/callers.js';
import { pmsGrant } from '../src/upstream/pms/token.js';
import { ENDLESS, gzipBomb, startHostileServer, type HostileServer } from './support/hostileServer.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MEBIBYTE = 1_048_576;
/** Without a cap it is several hundred. */
const MAX_RISE_BYTES = 96 * MEBIBYTE;
/** V8 collects later on a busy machine, and then the memory rises further by itself. */
const ROUNDS = 3;
let bomb: Buffer;
let server: HostileServer | undefined;
beforeAll(async () => {
  bomb = await gzipBomb(150_000_000);
});
afterEach(() => server?.stop());

/** The most that the process holds while this fails, which asks the server once. */
async function mostDuring(run: () => Promise<unknown>): Promise<number> {
  const asked = server!.requests();
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 1);
  await expect(run()).rejects.toThrow();
  clearInterval(timer);
  expect(server!.requests()).toBe(asked + 1);
  return Math.max(most, process.memoryUsage.rss());
}

/** How far the memory rises: the least of a few rounds, each beside the same beginning. What a round took may stay with the process. */
async function riseOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage.rss();
  let rise = Infinity;
  for (let round = 0; round < ROUNDS && rise >= MAX_RISE_BYTES; round++) {
    // In a process that ran other files, it takes a second.
    if (round > 0) collectGarbage();
    rise = Math.min(rise, (await mostDuring(run)) - before);
  }
  return rise;
}

const READERS: readonly [string, (url: URL) => Promise<unknown>][] = [
  ['the token endpoint', (url) => pmsGrant({ tokenUrl: url, clientId: 'client', clientSecret: 'secret', scope: undefined }, 3_000)()],
  ['the key server', (url) => createCallers({ jwksUrl: url, issuer: 'https://issuer.example', audience: 'contacts' })(`Bearer ${Buffer.from('{"alg":"ES256","kid":"x"}').toString('base64url')}.e30.AAAA`)],
];

describe.each(READERS)('The memory of the process, while %s', (_who, read) => {
  test('sends 150 kB of gzip that are 150 MB, hardly rises', async () => {
    expect(bomb.length).toBeLessThan(200_000);
    server = await startHostileServer((_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    expect(await riseOf(() => read(server!.url))).toBeLessThan(MAX_RISE_BYTES);
  });

  test.each(['a body of blanks', 'a body of one byte a chunk', 'a body without a length', 'headers', 'trailers'])('sends without end, hardly rises: %s', async (what) => {
    server = await startHostileServer(ENDLESS[what]!);
    expect(await riseOf(() => read(server!.url))).toBeLessThan(MAX_RISE_BYTES);
    await server.allGone();
  });
});
