import { afterEach, expect, test } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { until } from '../support/until.js';
import { Caller } from './caller.js';

const caller = new Caller();
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  caller.sandbox.pms.connections.idleMs = Infinity;
});

const counts = () => caller.sandbox.pms.connections.counts;

interface Client {
  /** What came, and how the connection ended. */
  readonly heard: { text: string; end: string };
  ask(token?: string): void;
}

async function connected(): Promise<Client> {
  const socket = connect(Number(new URL(caller.sandbox.pms.url).port), '127.0.0.1');
  sockets.push(socket);
  const heard = { text: '', end: '' };
  socket.on('data', (bytes) => (heard.text += String(bytes)));
  socket.on('end', () => (heard.end = 'closed'));
  socket.on('error', (error: NodeJS.ErrnoException) => (heard.end = String(error.code)));
  const { opened } = counts();
  await until('the server has it', () => counts().opened > opened);
  return { heard, ask: (token = '') => void socket.write(`GET /api/v3/contacts/4711 HTTP/1.1\r\nhost: sandbox\r\nauthorization: Bearer ${token}\r\n\r\n`) };
}

/** A connection with a call that waits until it is let go. */
async function underWay(): Promise<Client & { letGo(): void }> {
  const client = await connected();
  const letGo = caller.sandbox.pms.hold();
  client.ask((await caller.pmsToken()).body.access_token);
  await until('the call has come', () => caller.sandbox.pms.calls.some(({ kind }) => kind === 'contact'));
  return { ...client, letGo };
}

test('clients are not told how long idle connections last', async () => {
  const { heard, ask } = await connected();
  ask();
  await until('an answer', () => heard.text.includes('\r\n\r\n'));
  expect(heard.text).toMatch(/^HTTP\/1.1 401 /);
  expect(heard.text).not.toMatch(/^keep-alive:|^connection: close/im);
});

test('DELETE resets the idle ones, and leaves those that are asked on alone', async () => {
  const idle = await connected();
  const busy = await underWay();
  expect((await caller.turn('DELETE', 'connections', undefined, 'pms')).status).toBe(204);
  await until('the idle one has ended', () => idle.heard.end);
  expect(idle.heard.end).toBe('ECONNRESET');
  busy.letGo();
  await until('the other is served', () => busy.heard.text);
  expect([busy.heard.text.slice(0, 15), busy.heard.end]).toEqual(['HTTP/1.1 200 OK', '']);
});

test('idleMs closes a connection after its last answer and before its first request, without a word', async () => {
  const { connections } = caller.sandbox.pms;
  const silent = await connected();
  const served = await connected();
  served.ask();
  await until('an answer', () => served.heard.text);
  connections.idleMs = 10;
  await until('both are closed', () => silent.heard.end && served.heard.end);
  expect([silent.heard, served.heard.end]).toEqual([{ text: '', end: 'closed' }, 'closed']);
  const next = await connected();
  next.ask();
  await until('that of later is closed', () => next.heard.end);
  expect(next.heard.text).not.toMatch(/^connection: close/im);
});

test('idleMs leaves a connection alone while a call is under way', async () => {
  const busy = await underWay();
  caller.sandbox.pms.connections.idleMs = 10;
  const idle = await connected();
  await until('one that came later is closed', () => idle.heard.end);
  expect(busy.heard).toEqual({ text: '', end: '' });
  busy.letGo();
  await until('it is served', () => busy.heard.text);
});

test('over HTTP: counts, and idleMs, which null switches off', async () => {
  const read = async () => (await caller.turn('GET', 'connections', undefined, 'pms')).body;
  await connected();
  const heard = await read();
  // After that: it may have opened a connection of its own.
  const { opened, open } = counts();
  expect(heard).toEqual({ opened, open, idle: expect.any(Number), idleMs: null });
  expect((await caller.turn('PUT', 'connections', { idleMs: 60_000 }, 'pms')).status).toBe(204);
  expect((await read()).idleMs).toBe(60_000);
  // Node fires a longer timer at once.
  expect(await caller.turn('PUT', 'connections', { idleMs: 1e12 }, 'pms')).toMatchObject({ status: 400, body: { message: expect.stringContaining('at most 2147483647') } });
  expect((await read()).idleMs).toBe(60_000);
  expect((await caller.turn('PUT', 'connections', { idleMs: null }, 'pms')).status).toBe(204);
  expect(caller.sandbox.pms.connections.idleMs).toBe(Infinity);
});
