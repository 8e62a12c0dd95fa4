import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { idsFrom, startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;
let sockets: Socket[];
beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await app.stop();
});

const post = (query: string, variables?: object): string => {
  const body = JSON.stringify({ query, variables });
  return `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/** A connection, and what came on it. */
const open = (isReading = true): { socket: Socket; came: { text: string }; closed: Promise<unknown> } => {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  const came = { text: '' };
  if (isReading) socket.on('data', (piece) => (came.text += String(piece)));
  return { socket, came, closed: new Promise((resolve) => socket.once('close', resolve)) };
};

const answersIn = (text: string): number => text.split('HTTP/1.1 200').length - 1;
const nameOf = (id: number, spaces = 0): string => `{ contact(id: "cas360:${id}") { id${' '.repeat(spaces)} name } }`;

test.each([['small', 50, 0], ['large', 200, 5_000], ['larger than one read', 20, 90_000]])('%s pipelined requests are all answered, in their order', async (_what, count, spaces) => {
  app = await startTestApp();
  const { socket, came } = open();
  for (let n = 0; n < count; n++) socket.write(post(nameOf(1_001 + n, spaces)));
  await until('all are answered', () => answersIn(came.text) === count);
  expect([...came.text.matchAll(/"id":"cas360:(\d+)"/g)].map(([, id]) => Number(id))).toEqual(Array.from({ length: count }, (_, n) => 1_001 + n));
});

test('At most eight requests of one connection are under way', async () => {
  app = await startTestApp();
  app.sandbox.pms.faults.set([{ hang: true }]);
  const { socket } = open();
  for (const id of idsFrom('pms', 4_711, 30)) socket.write(post(`{ contact(id: "${id}") { name } }`));
  await until('eight calls have come', () => app.calls().pms === 8);
  // Another caller's operation goes all the way meanwhile.
  await app.query(nameOf(54));
  await app.query(nameOf(54));
  expect(app.calls().pms).toBe(8);
});

test('A connection that sends far more requests than it waits for is ended, and what it asked for is given up', async () => {
  app = await startTestApp();
  app.sandbox.cas360.faults.set([{ hang: true }]);
  const { socket, closed } = open();
  socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_500));
  await closed;
  app.sandbox.cas360.faults.clear();
  expect((await app.query(nameOf(54))).status).toBe(200);
});

test('When a caller leaves, its pipelined operations end too', async () => {
  app = await startTestApp({ REQUEST_TIMEOUT_MS: '600000' });
  app.sandbox.pms.faults.set([{ hang: true }]);
  const { socket } = open();
  for (const id of idsFrom('pms', 4_711, 8)) socket.write(post(`{ contact(id: "${id}") { name } }`));
  await until('eight calls have come', () => app.calls().pms === 8);
  socket.destroy();
  // Stopping waits for what is under way: with a deadline of ten minutes, it would take 6.5 s.
  const stopped = app.stop();
  await expect(Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 3_000, 'late'))])).resolves.toBeUndefined();
  app = await startTestApp();
});

const LARGE = 'query ($ids: [ID!]!) { a: contacts(ids: $ids) { ...F } b: contacts(ids: $ids) { ...F } c: contacts(ids: $ids) { ...F } d: contacts(ids: $ids) { ...F } e: contacts(ids: $ids) { ...F } f: contacts(ids: $ids) { ...F } } fragment F on Contact { id name firstName lastName email emailAddresses { address nickname primary } phoneNumbers { number kind primary } address { id lines city state postCode country { code alpha3 numeric name } } }';
const IDS = idsFrom('cas360', 1_001, 1_000);

/** While too many long answers are being made, others are asked to come again. */
const served = async (): Promise<Answer> => {
  for (let tries = 0; tries < 100; tries++) {
    const answer = await app.query(LARGE, { ids: IDS });
    if (answer.status !== 503) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no answer');
};

test('A caller who does not read an answer in time is ended; one who reads gets all of it', async () => {
  app = await startTestApp({ WRITE_TIMEOUT_MS: '1000' });
  // Five answers are more than the system's buffers hold.
  const slow = open(false);
  for (let n = 0; n < 5; n++) slow.socket.write(post(LARGE, { ids: IDS }));
  const { status, data } = await served();
  expect([status, data.a.length]).toEqual([200, 1_000]);
  // Not reading, it hears of its end when it writes.
  const poke = setInterval(() => slow.socket.write('x'), 50);
  await slow.closed;
  clearInterval(poke);
}, 30_000);

test('A caller who reads byte by byte is ended too', async () => {
  app = await startTestApp({ WRITE_TIMEOUT_MS: '1000' });
  const slow = open(false);
  for (let n = 0; n < 5; n++) slow.socket.write(post(LARGE, { ids: IDS }));
  slow.socket.on('readable', () => {});
  const sipping = setInterval(() => {
    slow.socket.read(1);
    slow.socket.write('x');
  }, 20);
  await slow.closed;
  clearInterval(sipping);
}, 30_000);

test('Callers who do not read are ended when their answers need the memory, with gzip too', async () => {
  app = await startTestApp({ MAX_ANSWER_BYTES: '8000000', MAX_WAITING_BYTES: '8000000' });
  const slow = [open(false), open(false)];
  for (const { socket } of slow) for (let n = 0; n < 5; n++) socket.write(post(LARGE, { ids: IDS }));
  const gzipped = open(false);
  for (let n = 0; n < 5; n++) gzipped.socket.write(post(LARGE, { ids: IDS }).replace('host:', 'accept-encoding: gzip\r\nhost:'));
  const poke = setInterval(() => [...slow, gzipped].forEach(({ socket }) => socket.write('x')), 50);
  for (let n = 0; n < 3; n++) expect((await served()).data.a).toHaveLength(1_000);
  await Promise.all(slow.map(({ closed }) => closed));
  clearInterval(poke);
}, 60_000);

test('An answer larger than MAX_ANSWER_BYTES is refused by name', async () => {
  app = await startTestApp({ MAX_ANSWER_BYTES: '100000' });
  const { status, data, errors } = await app.query(LARGE, { ids: IDS });
  expect([status, data]).toEqual([200, null]);
  expect(errors).toEqual([{ message: expect.stringContaining('100,000 bytes'), extensions: { code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_ANSWER_BYTES' } }]);
  expect((await app.query(nameOf(54))).data.contact.id).toBe('cas360:54');
});
