import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { idsFrom, startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;
let sockets: Socket[];
beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  jest.restoreAllMocks();
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
  const letGo = app.sandbox.pms.hold();
  const { socket } = open();
  for (const id of idsFrom('pms', 4_711, 30)) socket.write(post(`{ contact(id: "${id}") { name } }`));
  await until('eight calls have come', () => app.calls().pms === 8);
  // Another caller's operation goes all the way meanwhile.
  await app.query(nameOf(54));
  await app.query(nameOf(54));
  expect(app.calls().pms).toBe(8);
  letGo();
  await until('the others have come', () => app.calls().pms === 30);
});

/** From now on the service's clock goes on only by what is added: on a busy machine too, nobody else is late. */
const stopClock = (): { nowMs: number } => {
  const clock = { nowMs: performance.now() };
  jest.spyOn(performance, 'now').mockImplementation(() => clock.nowMs);
  return clock;
};

/** How many connections were ended for a reason. */
const ended = async (reason: string): Promise<number> => {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  return Number(new RegExp(`^contacts_connections_ended_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(metrics)?.[1] ?? 0);
};

/** Has eight calls of one connection under way. */
const hangingCalls = async (socket: Socket): Promise<void> => {
  app.sandbox.pms.faults.set([{ hang: true }]);
  for (const id of idsFrom('pms', 4_711, 8)) socket.write(post(`{ contact(id: "${id}") { name } }`));
  await until('eight calls have come', () => app.calls().pms === 8);
};
/** Long before the operations' time is over. */
const untilGivenUp = async (): Promise<void> => {
  await until('the calls are given up', () => app.sandbox.pms.calls.filter(({ kind, aborted }) => kind === 'contact' && aborted).length === 8);
};

test('A connection that sends far more requests than it waits for is ended, and what it asked for is given up', async () => {
  app = await startTestApp();
  const { socket, closed } = open();
  await hangingCalls(socket);
  socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_500));
  await closed;
  expect(await ended('pipelined')).toBe(1);
  await untilGivenUp();
  expect((await app.query(nameOf(54))).status).toBe(200);
});

test('When a caller leaves, its pipelined operations end too', async () => {
  app = await startTestApp();
  const { socket } = open();
  await hangingCalls(socket);
  socket.destroy();
  await untilGivenUp();
});

const IDS = idsFrom('cas360', 1_001, 100);
/** An answer has 450 kB for each list, in few fields: what these tests need is its bytes. */
const large = (lists: string): string => `query ($ids: [ID!]!) { ${Array.from(lists, (name) => `${name}: contacts(ids: $ids) { id name }`).join(' ')} }`;
const LISTS = 'abcdef';
const LARGE = large(LISTS);
/** Gzip shortens them by a quarter. */
const NAMES = IDS.map(() => randomBytes(3_300).toString('base64url'));

const startWithLongNames = async (settings: Record<string, string>): Promise<void> => {
  app = await startTestApp(settings);
  const { contacts } = app.sandbox.cas360.data;
  IDS.forEach((id, n) => {
    const key = id.slice('cas360:'.length);
    contacts.set(key, { ...contacts.get(key)!, name: NAMES[n]! });
  });
};

/** While too many long answers are being made, others are asked to come again. */
const served = (query = LARGE): Promise<Answer> =>
  until('there is room for an answer', async () => {
    const answer = await app.query(query, { ids: IDS });
    return answer.status === 503 ? undefined : answer;
  });

/**
 * Asks for long answers again and again, more than the buffers of any system hold. Resolves when the connection is gone: a
 * caller who reads nothing hears of that when it writes.
 */
const untilEnded = async ({ socket, closed }: ReturnType<typeof open>, headers = '', request = post(LARGE, { ids: IDS })): Promise<void> => {
  const text = request.replace('host:', `${headers}host:`);
  const asking = setInterval(() => socket.write(text), 100);
  await closed;
  clearInterval(asking);
};

test('A caller who does not read an answer in time is ended; one who reads gets all of it', async () => {
  await startWithLongNames({ WRITE_TIMEOUT_MS: '1000' });
  await untilEnded(open(false));
  expect(await ended('unread')).toBe(1);
  stopClock();
  const { status, data } = await served();
  const contacts = IDS.map((id, n) => ({ id, name: NAMES[n] }));
  expect({ status, data }).toEqual({ status: 200, data: Object.fromEntries(Array.from(LISTS, (list) => [list, contacts])) });
}, 60_000);

test('Whoever does not read metrics is ended too', async () => {
  app = await startTestApp({ WRITE_TIMEOUT_MS: '1000' });
  // However late it is, one read of the service brings fewer of them than may wait.
  await untilEnded(open(false), '', `GET /metrics HTTP/1.1\r\nx: ${'x'.repeat(1_000)}\r\nhost: x\r\n\r\n`.repeat(8));
  expect(await ended('unread')).toBe(1);
}, 60_000);

test('A caller who reads byte by byte is ended too', async () => {
  await startWithLongNames({ WRITE_TIMEOUT_MS: '1000' });
  const slow = open(false);
  slow.socket.on('readable', () => {});
  const sipping = setInterval(() => slow.socket.read(1), 20);
  await untilEnded(slow);
  clearInterval(sipping);
  expect(await ended('unread')).toBe(1);
}, 60_000);

test.each([['', ''], [', with gzip too', 'accept-encoding: gzip\r\n']])('A caller who does not read is ended when other answers need the memory%s', async (_what, headers) => {
  await startWithLongNames({ MAX_ANSWER_BYTES: '7000000', MAX_WAITING_BYTES: '7000000', WRITE_TIMEOUT_MS: '600000' });
  const clock = stopClock();
  const slow = open(false);
  const gone = untilEnded(slow, headers);
  // It does not fit beside one of the caller's.
  const long = large('abcdefghij');
  await until('it is ended', async () => {
    const { status, data } = await app.query(long, { ids: IDS });
    if (status === 503) clock.nowMs += 5_000;
    else expect(data.a).toHaveLength(IDS.length);
    return slow.socket.destroyed;
  });
  await gone;
  expect(await ended('memory')).toBe(1);
  expect((await served(long)).data.a).toHaveLength(IDS.length);
}, 60_000);

test('An answer larger than MAX_ANSWER_BYTES is refused by name', async () => {
  await startWithLongNames({ MAX_ANSWER_BYTES: '100000' });
  const { status, data, errors } = await app.query(LARGE, { ids: IDS });
  expect([status, data]).toEqual([200, null]);
  expect(errors).toEqual([{ message: expect.stringContaining('100,000 bytes'), extensions: { code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_ANSWER_BYTES' } }]);
  expect((await app.query(nameOf(54))).data.contact.id).toBe('cas360:54');
});
