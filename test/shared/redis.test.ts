/** @needs redis-server */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { reconnectDelayMs, Redis } from '../../src/shared/redis.js';
import { RedisUnavailable } from '../../src/shared/redisUnavailable.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';

let server: RedisServer;
let redis: Redis;
let health: (string | undefined)[];
/** A heartbeat, as the interval makes it. */
let beat: () => void;

beforeEach(async () => {
  server = await RedisServer.start();
  health = [];
  redis = connected();
});

afterEach(async () => {
  redis.close();
  await server.stop();
});

/** On a busy machine an answer can be late: only the tests that are about that give it the usual time. */
function connected(timeoutMs = 10_000): Redis {
  const interval = jest.spyOn(globalThis, 'setInterval');
  const client = new Redis({ url: server.url, onHealth: (problem) => health.push(problem), timeoutMs });
  beat = interval.mock.calls.find(([, everyMs]) => everyMs === 500)![0];
  interval.mockRestore();
  return client;
}

/** Also what it tells is then forgotten: on a busy machine a heartbeat can come before there is a connection. */
async function untilUp(): Promise<void> {
  await until('Redis is up', () => redis.isUp);
  health = [];
}

/** In the place of the one that waits for long. */
async function untilUsualIsUp(): Promise<void> {
  // Closed while it connects, it would still tell that it has failed.
  await untilUp();
  redis.close();
  redis = connected(250);
  await untilUp();
}

const set = (): Promise<unknown> => redis.run((client) => client.set('contacts:test', '1'));
/** What it fails with before anything from outside can arrive. */
const atOnce = (result: Promise<unknown>): Promise<unknown> => Promise.race([result.catch((error: unknown) => error), new Promise((resolve) => setImmediate(resolve, 'later'))]);

describe('The Redis that replicas share', () => {
  test('does what it is told once it is up', async () => {
    await expect(set()).rejects.toThrow(RedisUnavailable);
    await until('Redis is up', () => redis.isUp);
    expect(await set()).toBe('OK');
    // On a busy machine a heartbeat can come before there is a connection.
    expect(health.filter((problem) => problem !== 'away')).toEqual([undefined]);
  });

  test('is missed at once while it is gone, and found again', async () => {
    await untilUp();
    await server.end();
    await until('Redis is down', () => !redis.isUp);
    expect(await atOnce(set())).toBeInstanceOf(RedisUnavailable);
    await server.begin();
    await until('Redis is up', () => redis.isUp);
    expect(await set()).toBe('OK');
    expect(health).toEqual(['away', undefined]);
  });

  test('costs one command its time while it hangs, and the others none', async () => {
    await untilUsualIsUp();
    server.freeze();
    await expect(set()).rejects.toThrow(RedisUnavailable);
    expect(redis.isUp).toBe(false);
    expect(await atOnce(set())).toBeInstanceOf(RedisUnavailable);
    server.thaw();
    await until('it does what it is told', () => set().then((answer) => answer === 'OK', () => false));
  });

  test('has answered in time even if we were too busy to read it', async () => {
    await untilUsualIsUp();
    const answer = set();
    // Once it has been sent.
    await new Promise((resolve) => setImmediate(resolve));
    // Redis needs a processor meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    expect(await answer).toBe('OK');
    expect(health).toEqual([]);
  });

  test('leaves no timer behind: not for a command, nor once it is closed', async () => {
    await until('Redis is up', () => redis.isUp);
    const [timeout, clearTimer] = [jest.spyOn(globalThis, 'setTimeout'), jest.spyOn(globalThis, 'clearTimeout')];
    await redis.run((client) => client.get('contacts:test'), 19_999);
    const timer: unknown = timeout.mock.results[timeout.mock.calls.findIndex(([, ms]) => ms === 19_999)]!.value;
    expect(clearTimer.mock.calls.filter(([cleared]) => cleared === timer)).toHaveLength(1);
    for (const spy of [timeout, clearTimer]) spy.mockRestore();
    const clear = jest.spyOn(globalThis, 'clearInterval');
    redis.close();
    expect(clear).toHaveBeenCalledTimes(1);
    clear.mockRestore();
  });

  test('that refuses a command is not taken for gone', async () => {
    await until('Redis is up', () => redis.isUp);
    await set();
    await expect(redis.run((client) => client.lPush('contacts:test', '1'))).rejects.toThrow('WRONGTYPE');
    expect(redis.isUp).toBe(true);
  });

  test('can be asked to be quicker, without being taken for gone', async () => {
    await untilUp();
    server.freeze();
    await expect(redis.run((client) => client.get('contacts:test'), 1)).rejects.toThrow(RedisUnavailable);
    server.thaw();
    expect(health).toEqual([]);
  });

  test('says on each heartbeat whether it is there, and soon when it is there again', async () => {
    let beats = 0;
    const seen: boolean[] = [];
    redis.onBeat(async () => {
      beats++;
      throw new Error('one that fails harms no other');
    });
    await until('it has beaten three times', () => beats > 2);
    await server.end();
    await until('Redis is down', () => !redis.isUp);
    const before = beats;
    await until('it beats without Redis', () => beats > before + 1);
    expect(redis.isUp).toBe(false);
    redis.onBeat(async () => void seen.push(redis.isUp));
    await server.begin();
    await until('Redis is up again', () => seen.includes(true));
  });

  test('is asked by one heartbeat at a time', async () => {
    await until('Redis is up', () => redis.isUp);
    const under = Array.from({ length: 3 }, () => Promise.withResolvers<undefined>());
    let beats = 0;
    redis.onBeat(() => under[Math.min(beats++, 2)]!.promise);
    for (let n = 1; n <= 2; n++) {
      await until('a heartbeat is under way', () => {
        beat();
        return beats === n;
      });
      for (let more = 0; more < 10; more++) beat();
      await set();
      expect(beats).toBe(n);
      under[n - 1]!.resolve(undefined);
    }
    under[2]!.resolve(undefined);
  });

  test('is not up by a heartbeat that it does not answer', async () => {
    await untilUsualIsUp();
    server.freeze();
    await expect(set()).rejects.toThrow(RedisUnavailable);
    beat();
    await new Promise((resolve) => setImmediate(resolve));
    expect([redis.isUp, health]).toEqual([false, ['slow']]);
    server.thaw();
    await until('Redis is up', () => redis.isUp);
  });

  test('is up as soon as it is connected, and missed as soon as it is gone, before a heartbeat is due', async () => {
    const interval = jest.spyOn(globalThis, 'setInterval').mockReturnValue({ unref: () => undefined } as unknown as NodeJS.Timeout);
    const told: unknown[] = [];
    const other = new Redis({ url: server.url, onHealth: (problem) => told.push(problem), timeoutMs: 10_000 });
    interval.mockRestore();
    await until('it is up', () => other.isUp);
    expect(told).toEqual([undefined]);
    await server.end();
    // A command that was sent just before tells of the connection that was closed.
    await until('it is missed', () => other.run((client) => client.ping()).then(() => false, (error: unknown) => error instanceof RedisUnavailable));
    expect(other.isUp).toBe(false);
    await server.begin();
    other.close();
  });

  test('is looked for after 25 to 50 ms, and after half a second to a second at last', () => {
    const random = jest.spyOn(Math, 'random');
    const delays = [0, 0.5, 1].map((drawn) => {
      random.mockReturnValue(drawn);
      return [0, 1, 4, 5, 1_000].map(reconnectDelayMs);
    });
    random.mockRestore();
    expect(delays).toEqual([[25, 50, 400, 500, 500], [37.5, 75, 600, 750, 750], [50, 100, 800, 1_000, 1_000]]);
  });

  test('that was never there is told of once', async () => {
    const told: unknown[] = [];
    const absent = new Redis({ url: 'redis://127.0.0.1:1', onHealth: (problem) => told.push(problem) });
    await until('it has told something', () => told.length > 0);
    await sleep(1_200);
    expect(told).toEqual(['away']);
    absent.close();
  });
});
