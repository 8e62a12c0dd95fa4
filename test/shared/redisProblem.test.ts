/** @needs redis-server */
import { createServer, Socket, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from '../../src/shared/redis.js';
import { RedisUnavailable } from '../../src/shared/redisUnavailable.js';
import { RedisServer } from '../support/redisServer.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';

let server: RedisServer;
let redis: Redis | undefined;
let told: (string | undefined)[];

beforeEach(async () => {
  server = await RedisServer.start();
  told = [];
});

afterEach(async () => {
  jest.restoreAllMocks();
  redis?.close();
  await server.stop();
});

/** On a busy machine an answer can be late. */
const TIMEOUT_MS = 10_000;

/** Connects to an address that differs in these parts, and waits until it tells this. */
async function connect(parts: Partial<URL> = {}, problem?: string, timeoutMs = TIMEOUT_MS): Promise<Redis> {
  redis = new Redis({ url: Object.assign(new URL(server.url), parts).href, onHealth: (word) => told.push(word), timeoutMs });
  await until('it has told what it found', () => told.length > 0 && told.at(-1) === problem);
  // A heartbeat can come before the first answer.
  if (told.length > 1 && told[0] === 'away') told.shift();
  return redis;
}
const order = (...words: string[]): Promise<unknown> => server.ask((client) => client.sendCommand(words));

describe('An operator is told of Redis that', () => {
  test.each([
    ['there is no such user', { username: 'nobody', password: 'x' }, 'wrong password'],
    ['there is no such database', { pathname: '/99' }, 'wrong database'],
    ['nobody listens', { port: '1' }, 'away'],
  ])('%s', async (_, parts, problem) => {
    const { isUp } = await connect(parts, problem);
    expect([told, isUp, redis!.problem]).toEqual([[problem], false, problem]);
    await expect(redis!.run((client) => client.get('x'))).rejects.toMatchObject({ name: 'RedisUnavailable', problem });
  });

  test('it wants a password, and has none since', async () => {
    await order('CONFIG', 'SET', 'requirepass', 'secret');
    await connect({}, 'wrong password');
    expect([told, redis!.isUp]).toEqual([['wrong password'], false]);
    const admin = new Redis({ url: Object.assign(new URL(server.url), { password: 'secret' }).href, onHealth: () => {}, timeoutMs: TIMEOUT_MS });
    await until('the password is accepted', () => admin.isUp);
    await admin.run((client) => client.configSet('requirepass', ''));
    admin.close();
    await until('it is well', () => redis!.problem === undefined);
  });

  test.each([
    ['it is full', () => order('CONFIG', 'SET', 'maxmemory', '1'), 'full'],
    ['it has lost its replicas', () => order('CONFIG', 'SET', 'min-replicas-to-write', '1'), 'read-only'],
    ['it became a replica', () => order('REPLICAOF', '127.0.0.1', '1'), 'read-only'],
    ['the user may not write', () => order('ACL', 'SETUSER', 'default', '-@write'), 'no permission'],
  ])('%s, and reads go on', async (_, refuse, problem) => {
    await order('SET', 'contacts:test', 'kept');
    await connect();
    await refuse();
    await until('it is told', () => told.length > 1);
    expect([told, redis!.isUp]).toEqual([[undefined, problem], true]);
    expect(await redis!.run((client) => client.get('contacts:test'))).toBe('kept');
  });

  test('it hangs, and then that it is gone', async () => {
    await connect({}, undefined, 250);
    told = [];
    server.freeze();
    await expect(redis!.run((client) => client.get('x'))).rejects.toThrow(RedisUnavailable);
    expect(redis!.problem).toBe('slow');
    server.thaw();
    await until('it is well', () => redis!.problem === undefined);
    await server.end();
    await until('it is away', () => redis!.problem === 'away');
    // It can be slow more than once.
    expect([...new Set(told)]).toEqual(['slow', undefined, 'away']);
  });
});

describe('A heartbeat', () => {
  test('writes nothing', async () => {
    let beats = 0;
    await connect();
    redis!.onBeat(async () => ++beats);
    await until('it has beaten twice', () => beats > 1);
    expect(await server.ask((client) => client.dbSize())).toBe(0);
    expect(await server.ask((client) => client.info('persistence'))).toMatch(/rdb_changes_since_last_save:0\r/);
  });
});

describe('A primary that became a replica', () => {
  test('is left for the one to which its name leads, and no answer under way is lost', async () => {
    const [other, name] = await Promise.all([RedisServer.start(), TcpProxy.start()]);
    name.target = new URL(server.url);
    await connect({ port: new URL(name.url).port });
    await order('SET', 'contacts:test', 'of the first');
    name.target = new URL(other.url);
    await order('REPLICAOF', '127.0.0.1', '1');
    const answers: unknown[] = [];
    await until('the other one answers', async () => {
      const answer = await redis!.run((client) => client.get('contacts:test'));
      answers.push(answer);
      return answer === null;
    });
    expect(new Set(answers)).toEqual(new Set(['of the first', null]));
    await until('it is well', () => redis!.problem === undefined);
    expect(told).toContain('read-only');
    redis!.close();
    await Promise.all([other.stop(), name.stop()]);
  });

  test('whose name leads to where nobody answers is looked for anew, on one connection, which is closed in the end', async () => {
    const silent: Socket[] = [];
    const nobody = createServer((socket) => void silent.push(socket.resume()));
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const name = await TcpProxy.start();
    name.target = new URL(server.url);
    // Each connection would end by itself after five seconds, and come again.
    const timeout = jest.spyOn(Socket.prototype, 'setTimeout').mockReturnThis();
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    await connect({ port: new URL(name.url).port });
    name.target = new URL(`http://127.0.0.1:${(nobody.address() as AddressInfo).port}`);
    await order('REPLICAOF', '127.0.0.1', '1');
    await until('it is looked for', () => silent.length === 1);
    nowMs = 5_000;
    await until('it is looked for again', () => silent.length === 2);
    await until('the first connection is closed', () => silent[0]!.destroyed);
    expect(silent[1]!.destroyed).toBe(false);
    redis!.close();
    await until('the second one is closed', () => silent[1]!.destroyed);
    expect(timeout).toHaveBeenCalledWith(5_000);
    await name.stop();
    await new Promise((resolve) => nobody.close(resolve));
  });

  test('to which the name still leads is asked for again after five seconds at the earliest', async () => {
    await order('REPLICAOF', '127.0.0.1', '1');
    let nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    // A connection that took long would be made twice.
    jest.spyOn(Socket.prototype, 'setTimeout').mockReturnThis();
    let questions = 0;
    const connections = async (): Promise<number> => Number(/total_connections_received:(\d+)/.exec(await server.ask((client) => client.info('stats')))![1]) - ++questions;
    const before = await connections();
    await connect({}, 'read-only');
    let beats = 0;
    redis!.onBeat(async () => ++beats);
    await until('it is asked for', async () => (await connections()) >= before + 2 && beats > 0);
    const after = await connections();
    nowMs = 4_999;
    beats = 0;
    await until('it has beaten twice', () => beats > 1);
    expect(await connections()).toBe(after);
    nowMs = 5_000;
    await until('it is asked for again', async () => (await connections()) > after);
    expect(told).toEqual(['read-only']);
  });
});
