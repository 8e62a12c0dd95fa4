import type { RedisServer } from '../support/redisServer.js';
import type { TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

export async function untilRedisIsUp({ url }: TestApp, isUp = true): Promise<void> {
  await until(`Redis is ${isUp ? 'up' : 'down'}`, async () => (await (await fetch(`${url}/metrics`)).text()).includes(`\ncontacts_redis_up ${Number(isUp)}\n`));
}

/** The keys of everything that the cache keeps. */
export async function keysIn(server: RedisServer): Promise<string[]> {
  return server.ask((client) => client.keys('contacts:cache:*'));
}

/** Waits until so much is kept, and returns its keys. It is kept in the background. */
export async function untilKept(server: RedisServer, count: number): Promise<string[]> {
  return until(`${count} are kept`, async () => {
    const kept = await keysIn(server);
    return kept.length >= count && kept;
  });
}
