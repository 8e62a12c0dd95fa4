/** @needs redis-server */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';
import { ALL_NAMED, ask, named, start, stop } from './support/start.js';

jest.setTimeout(120_000);

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
beforeEach(async () => {
  await redis.ask(async (client) => {
    await client.flushAll();
    await client.configResetStat();
  });
});
afterEach(() => stop());
afterAll(() => redis.stop());

const AWAY = 'Redis cannot be used as it should: this replica works without what is missing. (away)\n';
/** On a busy machine, Redis is late now and then. */
const LATE = /^Redis cannot be used as it should: .* \((?:away|slow)\)\n/gm;
const TOKEN_KEY = 'contacts:{cas360}:token';
const PAUSE_KEYS = ['contacts:{pms}:contacts:pause', 'contacts:{cas360}:contacts:pause', 'contacts:{cas360}:addresses:pause'];
/** It greets before it has reached Redis. */
const untilUp = (url: string | undefined): Promise<unknown> => until('Redis is up', async () => (await (await fetch(new URL('/health/ready', url))).text()).includes('"redis":"up"'));
const keys = (): Promise<string[]> => redis.ask((client) => client.keys('*'));

describe('npm start with REDIS_URL', () => {
  test('leaves the tokens and pauses of a real installation alone, and does not obey them', async () => {
    await redis.ask(async (client) => {
      await client.hSet(TOKEN_KEY, { refreshToken: 'of-a-real-account' });
      for (const key of PAUSE_KEYS) await client.set(key, '429', { PX: 600_000 });
    });
    const started = await start({ REDIS_URL: redis.url });
    const { url, out } = started;
    await untilUp(url);
    // Two heartbeats: by then it would have joined the pauses.
    await until('it has beaten twice', async () => Number(/cmdstat_set:calls=(\d+)/.exec(await redis.ask((client) => client.info('commandstats')))?.[1]) >= PAUSE_KEYS.length + 3);
    expect(await named(url)).toEqual(ALL_NAMED);
    const cas360 = /CAS 360 {2}the sandbox, (\S+)/.exec(out)![1]!;
    await fetch(`${cas360}/_sandbox/faults`, { method: 'PUT', body: '[{ "status": 429, "retryAfter": "30" }]' });
    expect(await ask(url, '{ contact(id: "cas360:1001") { name } }')).toContain('UPSTREAM_RATE_LIMITED');
    await stop();
    expect((await keys()).toSorted()).toEqual([TOKEN_KEY, ...PAUSE_KEYS].toSorted());
    expect(await redis.ask((client) => client.hGetAll(TOKEN_KEY))).toEqual({ refreshToken: 'of-a-real-account' });
    for (const key of PAUSE_KEYS) expect(await redis.ask((client) => client.pTTL(key))).toBeGreaterThan(500_000);
    expect(started.err.replace(LATE, '')).toBe('');
  });

  test('keeps the cache there', async () => {
    const { url } = await start({ REDIS_URL: redis.url, CACHE_TTL_SECONDS: '60' });
    await until('the contacts are cached', async () => {
      expect(await named(url)).toEqual(ALL_NAMED);
      return (await keys()).length === 2;
    });
    expect((await keys()).every((key) => key.startsWith('contacts:cache:'))).toBe(true);
  });

  test('keeps the tokens of a real CAS 360 there, as serve does', async () => {
    const real: Sandbox = await startSandbox();
    try {
      const { url } = await start({ ...Object.fromEntries(Object.entries(real.environment).filter(([name]) => name.startsWith('CAS360'))), REDIS_URL: redis.url });
      await untilUp(url);
      expect(await named(url)).toEqual(ALL_NAMED);
      await stop();
      expect(await keys()).toEqual([TOKEN_KEY]);
    } finally {
      await real.stop();
    }
  });

  test('says that Redis is away, and works', async () => {
    const started = await start({ REDIS_URL: 'redis://127.0.0.1:1' });
    expect(await named(started.url)).toEqual(ALL_NAMED);
    await until('it says so', () => started.err !== '');
    await stop();
    expect(started.err).toBe(AWAY);
  });
});
