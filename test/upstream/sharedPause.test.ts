/** @needs redis-server */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from '../../src/shared/redis.js';
import { Pause } from '../../src/upstream/pause.js';
import { joinPauses, sharePause } from '../../src/upstream/sharedPause.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';

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
  const redis = new Redis({ url: server.url, onHealth: () => {} });
  connections.push(redis);
  const pause = new Pause({ source: 'PMS', now: () => performance.now(), random: () => 0, onBegin: (forMs) => sharePause(redis, key, forMs) });
  joinPauses(redis, key, pause);
  await until('Redis is up', () => redis.isUp);
  return { pause, redis };
}

/** Whether a call that may take a second is let through. */
function isOpen(pause: Pause): Promise<boolean> {
  const deadline = { signal: AbortSignal.timeout(2_000), endsAtMs: performance.now() + 1_000 };
  return pause.pass(deadline).then(
    () => true,
    () => false,
  );
}

/** How long Redis keeps a pause, in milliseconds; below 0 if it does not. */
const kept = (key: string): Promise<number> => server.ask((client) => client.pTTL(key));

describe('A pause that replicas share', () => {
  test('begun at one is kept by the others within a heartbeat, and by those that start later', async () => {
    const [first, second] = [await replica('contacts:{pms}:pause'), await replica('contacts:{pms}:pause')];
    first.pause.begin('60');
    await until('the second one pauses', async () => !(await isOpen(second.pause)));
    const third = await replica('contacts:{pms}:pause');
    await until('the third one pauses', async () => !(await isOpen(third.pause)));
  });

  test('is not made shorter by what another replica was told later', async () => {
    const [first, second] = [await replica('a'), await replica('a')];
    first.pause.begin('60');
    await until('Redis keeps the pause', async () => (await kept('a')) > 0);
    second.pause.begin('1');
    // Behind it on the same connection.
    await second.redis.run((client) => client.ping());
    expect(await kept('a')).toBeGreaterThan(50_000);
  });

  test('of absurd length is kept for a day', async () => {
    (await replica('b')).pause.begin('99999999999999999');
    await until('Redis keeps the pause', async () => (await kept('b')) > 0);
    expect(await kept('b')).toBeGreaterThan(86_000_000);
  });

  test('does not need Redis', async () => {
    const { pause, redis } = await replica('c');
    redis.close();
    pause.begin('60');
    expect(await isOpen(pause)).toBe(false);
  });
});
