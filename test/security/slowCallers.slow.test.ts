import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LONG_RUN } from '../support/longRun.js';
import { quantile } from '../support/figures.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

/** The usual patience takes a quarter of a minute to try out. */
const PATIENCE_MS = LONG_RUN ? { headers: 10_000, request: 15_000 } : { headers: 500, request: 1_000 };
const SLOW_CALLERS = 500;

let app: TestApp;
let sockets: Socket[];
beforeEach(async () => {
  app = await startTestApp({}, LONG_RUN ? {} : { patienceMs: PATIENCE_MS });
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.stop();
});

interface Cut {
  readonly afterMs: number;
  readonly said: string;
}

/** Sends the beginning, then a byte now and then for as long as it is let. */
const trickle = (beginning: string, byte: string): Promise<Cut> => {
  const startedAt = performance.now();
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  sockets.push(socket);
  let said = '';
  socket.write(beginning);
  const dripping = setInterval(() => socket.write(byte), PATIENCE_MS.headers / 5);
  socket.on('data', (piece) => {
    said += piece.toString('latin1');
    clearInterval(dripping);
  });
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.on('close', () => {
      clearInterval(dripping);
      resolve({ afterMs: performance.now() - startedAt, said });
    });
  });
};

const HEAD = 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n';
const KINDS: [string, string, string, number][] = [
  ['nothing', '', '', PATIENCE_MS.headers],
  ['its headers', HEAD, 'x', PATIENCE_MS.headers],
  ['one header after the other', HEAD, 'x: y\r\n', PATIENCE_MS.headers],
  ['its body', `${HEAD}content-length: 1000\r\n\r\n{"query":"`, 'x', PATIENCE_MS.request],
  ['its body in pieces', `${HEAD}transfer-encoding: chunked\r\n\r\n`, '1\r\nx\r\n', PATIENCE_MS.request],
];

test.each(KINDS)('A caller who is slow to send %s is cut off in time', async (_what, beginning, byte, patienceMs) => {
  const { afterMs, said } = await trickle(beginning, byte);
  expect(afterMs).toBeGreaterThan(patienceMs * 0.9);
  // Twice its time, for a busy machine.
  expect(afterMs).toBeLessThan(patienceMs * 2 + 2_000);
  expect(said.split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout');
  expect(JSON.parse(said.slice(said.indexOf('{')))).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST', retryable: false } }] });
}, 40_000);

test('500 slow callers do not hold up the others', async () => {
  const timed = async (): Promise<number> => {
    const startedAt = performance.now();
    const { data } = await app.query('{ contact(id: "cas360:54") { name } }');
    expect(data.contact.name).toEqual(expect.any(String));
    return performance.now() - startedAt;
  };
  await timed();
  const cut = Promise.all(Array.from({ length: SLOW_CALLERS }, (_, n) => trickle(KINDS[n % KINDS.length]![1], 'x')));
  const took: number[] = [];
  for (let n = 0; n < 20; n++) took.push(await timed());
  expect(quantile(took, 0.5)).toBeLessThan(250);
  expect((await cut).filter(({ said }) => !said.startsWith('HTTP/1.1 4'))).toEqual([]);
}, 40_000);
