import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGzip } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { message, startProxied, type Proxied } from './proxied.js';
import { batch, expectEach, SYSTEMS, type System } from './truth.js';

const INFLATED_BYTES = 200_000_000;
const MAX_RISE_BYTES = 32 * 1_048_576;
/** For several calls at once: each may inflate 8 MB, and the bombs that the sandbox holds ready in this process count too. One without a limit takes 380 MiB. */
const MAX_RISE_OF_MANY_BYTES = 192 * 1_048_576;
/** The sandbox, in the same process, takes memory of its own now and then. */
const ROUNDS = 6;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let proxied: Proxied;
let bomb: Buffer;
const printed: string[] = [];

beforeAll(async () => {
  // Each half of an answer that is too large is asked for in its turn: a hundred bombs.
  proxied = await startProxied({ REQUEST_TIMEOUT_MS: '30000' });
  const blanks = Buffer.alloc(1_000_000, ' ');
  bomb = await buffer(Readable.from(Array.from({ length: INFLATED_BYTES / blanks.length }, () => blanks)).pipe(createGzip({ level: 9 })));
  for (const system of SYSTEMS) for (let n = 0; n < 20; n++) await expectEach(proxied.app, batch(system, 50), () => 'right');
});
afterEach(() => proxied.reset());
afterAll(async () => {
  await proxied.stop();
  process.stdout.write(`bomb: ${bomb.length} bytes of gzip that are ${INFLATED_BYTES}; memory rose by ${printed.join(', ')}\n`);
});

/** The most that the process holds while this runs. */
async function mostDuring(run: () => Promise<void>): Promise<number> {
  // What other tests of this process have left behind is not ours.
  collectGarbage();
  let most = 0;
  const look = (): void => void (most = Math.max(most, process.memoryUsage.rss()));
  const timer = setInterval(look, 1);
  await run();
  look();
  clearInterval(timer);
  return most;
}

describe('200 kB of gzip that are 200 MB', () => {
  test.each<[System, number]>([['pms', 1], ['cas360', 1], ['cas360', 100], ['cas360', 300], ['pms', 50]])('are not let into memory (%s × %i)', async (system, size) => {
    expect(bomb.length).toBeLessThan(250_000);
    await proxied.proxies[system].set({ say: () => message(bomb, { 'content-encoding': 'gzip' }) });
    collectGarbage();
    // One for all rounds: the process keeps what the first one took, so the next would rise no further.
    const before = process.memoryUsage.rss();
    let bytes = Infinity;
    const limit = size === 1 ? MAX_RISE_BYTES : MAX_RISE_OF_MANY_BYTES;
    for (let round = 0; round < ROUNDS && bytes >= limit; round++) {
      const most = await mostDuring(() => expectEach(proxied.app, batch(system, size), () => 'UPSTREAM_INVALID_RESPONSE'));
      bytes = Math.min(bytes, most - before);
    }
    printed.push(`${(bytes / 1_048_576).toFixed(1)} MiB (${system} × ${size})`);
    expect(bytes).toBeLessThan(limit);
  }, 60_000);
});
