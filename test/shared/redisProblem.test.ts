/** @needs redis-server */
import { createServer, type AddressInfo, type Socket } from 'node:net';
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
  redis?.close();
  await server.stop();
});

/** Connects to an address that differs in these parts, and waits for what it tells first. */
async function connect(parts: Partial<URL> = {}): Promise<Redis> {
  redis = new Redis({ url: Object.assign(new URL(server.url), parts).href, onHealth: (problem) => told.push(problem) });
  await until('it has told something', () => told.length > 0);
  return redis;
}
const order = (...words: string[]): Promise<unknown> => server.ask((client) => client.sendCommand(words));

describe('An operator is told of Redis that', () => {
  test.each([
    ['there is no such user', { username: 'nobody', password: 'x' }, 'wrong password'],
    ['there is no such database', { pathname: '/99' }, 'wrong database'],
    ['nobody listens', { port: '1' }, 'away'],
  ])('%s', async (_, parts, problem) => {
    const { isUp } = await connect(parts);
    expect([told, isUp, redis!.problem]).toEqual([[problem], false, problem]);
    await expect(redis!.run((client) => client.get('x'))).rejects.toMatchObject({ name: 'RedisUnavailable', problem });
  });

  test('it wants a password, and has none since', async () => {
    await order('CONFIG', 'SET', 'requirepass', 'secret');
    await connect();
    expect([told, redis!.isUp]).toEqual([['wrong password'], false]);
    const admin = new Redis({ url: Object.assign(new URL(server.url), { password: 'secret' }).href, onHealth: () => {} });
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
    await connect();
    server.freeze();
    await expect(redis!.run((client) => client.get('x'))).rejects.toThrow(RedisUnavailable);
    expect(redis!.problem).toBe('slow');
    server.thaw();
    await until('it is well', () => redis!.problem === undefined);
    await server.end();
    await until('it is away', () => redis!.problem === 'away');
    expect(told).toEqual([undefined, 'slow', undefined, 'away']);
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
      // On a busy machine an answer may be late. It must not be lost.
      const answer = await redis!.run((client) => client.get('contacts:test'), 5_000);
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
    await connect({ port: new URL(name.url).port });
    name.target = new URL(`http://127.0.0.1:${(nobody.address() as AddressInfo).port}`);
    await order('REPLICAOF', '127.0.0.1', '1');
    await until('it is looked for', () => silent.length === 1);
    const now = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => now() + 5_000);
    await until('it is looked for again', () => silent.length === 2);
    clock.mockRestore();
    // Each would end by itself after five seconds, and come again.
    await until('the first connection is closed', () => silent[0]!.destroyed, 3_000);
    expect(silent[1]!.destroyed).toBe(false);
    redis!.close();
    await until('the second one is closed', () => silent[1]!.destroyed, 3_000);
    await name.stop();
    await new Promise((resolve) => nobody.close(resolve));
  });

  test('to which the name still leads is asked for again after five seconds at the earliest', async () => {
    await order('REPLICAOF', '127.0.0.1', '1');
    await connect();
    let beats = 0;
    redis!.onBeat(async () => ++beats);
    const connections = async (): Promise<number> => Number(/total_connections_received:(\d+)/.exec(await server.ask((client) => client.info('stats')))![1]);
    const before = await connections();
    await until('it has beaten four times', () => beats > 3);
    // One to follow, and this question.
    expect((await connections()) - before).toBeLessThanOrEqual(2);
    expect(told).toEqual(['read-only']);
  });
});
