/** @needs redis-server */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from '../../../src/shared/redis.js';
import { Pause, type PausingStatus } from '../../../src/upstream/policies/pause.js';
import { joinPauses, sharePause } from '../../../src/upstream/policies/sharedPause.js';
import { untilRedisIsUp } from '../../cache/redisCache.js';
import { patientRedis } from '../../support/patientRedis.js';
import { RedisServer } from '../../support/redisServer.js';
import { startTestApp } from '../../support/testApp.js';
import { until } from '../../support/until.js';

// A pause is sent once.
patientRedis();

let server: RedisServer;
const connections: Redis[] = [];
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  connections.forEach((redis) => redis.close());
  await server.stop();
});

/** The pause of one replica, with the connection that shares it. */
async function replica(key: string): Promise<{ pause: Pause; redis: Redis }> {
  const redis = new Redis({ url: server.url, onHealth: () => {}, timeoutMs: 20_000 });
  connections.push(redis);
  const onBegin = (forMs: number, status: PausingStatus): void => sharePause(redis, key, forMs, status);
  const pause = new Pause({ source: 'PMS', now: () => performance.now(), random: () => 0, maxMs: 86_400_000, onBegin });
  joinPauses(redis, key, pause);
  await until('Redis is up', () => redis.isUp);
  return { pause, redis };
}

/** The code of a call that may take a second; undefined if it may leave. */
const codeOf = (pause: Pause): string | undefined => pause.refusal(performance.now() + 1_000)?.code;

/** How long Redis keeps a pause, in milliseconds; below 0 if it does not. */
const kept = (key: string): Promise<number> => server.ask((client) => client.pTTL(key));

/** What is kept there: the status that asked for the pause. */
const status = (key: string): Promise<string | null> => server.ask((client) => client.get(key));

describe('A pause that replicas share', () => {
  test.each([
    [429, 'UPSTREAM_RATE_LIMITED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ] as const)('begun by %i at one is kept by the others within a heartbeat, and by those that start later, with its code', async (asking, code) => {
    const key = `contacts:{pms}:pause:${asking}`;
    const [first, second] = [await replica(key), await replica(key)];
    first.pause.begin(asking, '60');
    await until('the second one pauses', () => codeOf(second.pause) === code);
    const third = await replica(key);
    await until('the third one pauses', () => codeOf(third.pause) === code);
    expect(second.pause.leftMs).toBeLessThanOrEqual(60_000);
  });

  test('is not made shorter, nor given another status, by what another replica was told later', async () => {
    const [first, second] = [await replica('a'), await replica('a')];
    first.pause.begin(503, '60');
    await until('Redis keeps the pause', async () => (await kept('a')) > 0);
    second.pause.begin(429, '1');
    // Behind it on the same connection.
    await second.redis.run((client) => client.ping());
    expect(await kept('a')).toBeGreaterThan(50_000);
    expect(await status('a')).toBe('503');
  });

  test('is made longer by a replica that was told of a longer one', async () => {
    const [first, second] = [await replica('b'), await replica('b')];
    first.pause.begin(429, '30');
    await until('Redis keeps the pause', async () => (await kept('b')) > 0);
    second.pause.begin(503, '60');
    await until('the first one pauses for longer', () => first.pause.leftMs > 31_000);
    expect(await status('b')).toBe('503');
  });

  test('is that of one endpoint: the others of the same system go on, in every replica', async () => {
    const first = await startTestApp({ REDIS_URL: server.url });
    first.sandbox.cas360.faults.set([{ status: 429, retryAfter: '60' }]);
    await untilRedisIsUp(first);
    await first.query('{ contact(id: "cas360:54") { name } }');
    const second = await startTestApp({ REDIS_URL: server.url });
    const pausing = async (): Promise<string[]> => {
      const text = await (await fetch(`${second.url}/metrics`)).text();
      return [...text.matchAll(/^contacts_upstream_pause_seconds\{(.*)\} [1-9]/gm)].map(([, labels]) => labels!);
    };
    await until('the second one pauses', async () => (await pausing()).length > 0);
    expect(await pausing()).toEqual(['source="CAS360",resource="contacts"']);
    await Promise.all([first.stop(), second.stop()]);
  });

  // Redis says -2 where there is no such key, and -1 where it does not expire.
  test.each([-2, -1, 0, 1])('is joined where Redis keeps it for longer than no time (%i ms)', async (forMs) => {
    let beat!: () => Promise<void>;
    const run = (async () => forMs) as unknown as Redis['run'];
    const joined: unknown[] = [];
    joinPauses({ run, onBeat: (listener) => (beat = listener as typeof beat) }, 'd', { join: (...words: unknown[]) => void joined.push(words) } as unknown as Pause);
    await beat();
    expect(joined).toEqual(forMs > 0 ? [[forMs, 429]] : []);
  });

  test('does not need Redis', async () => {
    const { pause, redis } = await replica('c');
    redis.close();
    pause.begin(503, '60');
    expect(codeOf(pause)).toBe('UPSTREAM_UNAVAILABLE');
  });
});
