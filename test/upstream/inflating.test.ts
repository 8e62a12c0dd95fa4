import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import * as readBody from '../../src/readBody.js';
import type { Wire as RealWire } from '../../src/upstream/wire.js';
import { FOREVER } from '../support/upstreamDouble.js';

/** How many bodies another thread is inflating, the most so far, and how many there were. */
const inflating = { now: 0, most: 0, all: 0 };
async function inflate(bytes: Uint8Array, maxBytes: number): Promise<Buffer> {
  inflating.all++;
  inflating.most = Math.max(inflating.most, ++inflating.now);
  try {
    // The others may begin.
    for (let turn = 0; turn < 10; turn++) await turnOfTheLoop();
    return await readBody.inflate(bytes, maxBytes);
  } finally {
    inflating.now--;
  }
}
jest.unstable_mockModule('../../src/readBody.js', () => ({ ...readBody, inflate }));
const { Wire } = await import('../../src/upstream/wire.js');

let server: Server;
let wire: RealWire;
beforeEach(() => {
  Object.assign(inflating, { now: 0, most: 0, all: 0 });
});
afterEach(async () => {
  await wire.close();
  server.closeAllConnections();
  server.close();
});

test('Large bodies that come together are inflated one after the other, also behind one that is broken', async () => {
  // Of random letters, so that it stays large when it is compressed.
  const large = Buffer.from(randomBytes(100_000).toString('base64'));
  const bodies = [gzipSync(large).subarray(0, 50_000), gzipSync(large), gzipSync(large), gzipSync(large)];
  const held: ServerResponse[] = [];
  server = createServer((_request, response) => {
    held.push(response);
    if (held.length === bodies.length) held.forEach((each, at) => each.end(bodies[at]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  wire = new Wire({ baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), connections: 4, maxBodyBytes: 1_048_576 });
  const answers = await Promise.allSettled(bodies.map(() => wire.get('/x', 'token', FOREVER.signal)));
  const sizes = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.body.length : (answer.reason as Error).name)).sort();
  expect(sizes).toEqual([large.length, large.length, large.length, 'UnreadableBody']);
  expect(inflating).toEqual({ now: 0, most: 1, all: 4 });
});

/** Gzip without compression takes 23 bytes more than such a body. */
const stored = (bytes: number): Buffer => gzipSync(Buffer.alloc(bytes - 23), { level: 0 });

test.each([
  ['32,768 compressed bytes', stored(32_768), 0],
  ['32,769 compressed bytes', stored(32_769), 1],
  ['262,144 bytes', gzipSync(Buffer.alloc(262_144)), 0],
  ['262,145 bytes', gzipSync(Buffer.alloc(262_145)), 1],
])('Another thread inflates large bodies only: %s', async (_what, body, all) => {
  server = createServer((_request, response) => response.end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  wire = new Wire({ baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), connections: 1, maxBodyBytes: 1_048_576 });
  expect((await wire.get('/x', 'token', FOREVER.signal)).body).toEqual(gunzipSync(body));
  expect(inflating.all).toBe(all);
});
