/** @needs redis-server */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Cas360Sandbox } from '../../sandbox/cas360.js';
import { RefreshTokens } from '../../sandbox/refreshTokens.js';
import { createCas360Tokens } from '../../src/build/cas360Tokens.js';
import { Redis } from '../../src/shared/redis.js';
import { cas360Grant } from '../../src/upstream/cas360/token.js';
import type { RefreshTokenStore } from '../../src/upstream/oauth2/refreshToken.js';
import { SharedRefreshToken } from '../../src/upstream/oauth2/sharedRefreshToken.js';
import type { Grant } from '../../src/upstream/oauth2/tokenSource.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';

const KEY = 'contacts:{cas360}:token';
const USE_MS = 400;

let server: RedisServer;
let endpoint: RefreshTokens;
let exchanges: number;
let initial: string;
let connections: Redis[];

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await server.ask((client) => client.flushAll());
  endpoint = new RefreshTokens();
  exchanges = 0;
  initial = endpoint.issue();
  connections = [];
});
afterEach(() => connections.forEach((redis) => redis.close()));

interface Replica {
  readonly redis: Redis;
  readonly token: SharedRefreshToken;
  /** Asks for an access token, which the endpoint gives when `permit` lets it. */
  grant(permit?: Promise<unknown>): Promise<string>;
}

async function replica(refreshToken = initial, { firstRestMs = 0, useMs = USE_MS, hasBeats = true } = {}): Promise<Replica> {
  const redis = new Redis({ url: server.url, onHealth: () => {} });
  connections.push(redis);
  const heard = { run: redis.run.bind(redis), onBeat: hasBeats ? redis.onBeat.bind(redis) : () => {} };
  const token = new SharedRefreshToken({ redis: heard, key: KEY, initial: refreshToken, useMs, firstRestMs, waitMs: 300 });
  await until('Redis is up', () => redis.isUp);
  return {
    redis,
    token,
    grant: async (permit) => {
      const { accessToken } = await token.grant(async (store) => {
        await permit;
        return exchange(store);
      });
      return accessToken;
    },
  };
}

async function exchange(store: RefreshTokenStore): Promise<Grant> {
  const next = endpoint.exchange(store.current()!);
  if (next === undefined) {
    await store.isVoid();
    throw new Error('refused');
  }
  const grant = { accessToken: `access-${++exchanges}`, expiresAtMs: Date.now() + 60_000 };
  await store.replace(next, grant);
  return { accessToken: grant.accessToken, lifetimeSeconds: 60 };
}

/** A renewal during which the process is killed: nothing is heard of it any more. */
function killedDuringRenewal({ redis, token }: Replica): Promise<void> {
  return new Promise((resolve) => {
    void token.grant(() => {
      redis.close();
      resolve();
      return new Promise(() => {});
    });
  });
}

describe('A refresh token that replicas share', () => {
  test('is sent by one, and the others adopt what came for it', async () => {
    const replicas = await Promise.all([1, 2, 3, 4].map(() => replica()));
    const tokens = await Promise.all(replicas.map(({ grant }) => grant(sleep(100))));
    expect(tokens).toEqual(new Array(4).fill('access-1'));
    expect(exchanges).toBe(1);
  });

  test('is sent again when the access token that everybody has is used up, and by one only', async () => {
    const replicas = await Promise.all([1, 2, 3, 4].map(() => replica()));
    for (let round = 1; round <= 10; round++) {
      expect(new Set(await Promise.all(replicas.map(({ grant }) => grant())))).toEqual(new Set([`access-${round}`]));
    }
    expect(endpoint.spentUses).toBe(0);
  });

  test('comes with how long the access token is still good, to those who adopt it too', async () => {
    await (await replica()).grant();
    const adopted = await (await replica()).token.grant(() => Promise.reject(new Error('there is one')));
    expect(adopted).toEqual({ accessToken: 'access-1', lifetimeSeconds: expect.any(Number) });
    expect(adopted.lifetimeSeconds).toBeGreaterThan(0);
    expect(adopted.lifetimeSeconds).toBeLessThanOrEqual(60);
  });

  test('need not be sent by a replica that starts while the access token is good', async () => {
    await (await replica()).grant();
    expect(await (await replica()).grant()).toBe('access-1');
  });

  test('is exchanged where the access token that came with it is over, whoever got that', async () => {
    const [first, second] = [await replica(), await replica()];
    await first.token.grant(async (store) => {
      await store.replace(endpoint.exchange(store.current()!)!, { accessToken: 'over', expiresAtMs: Date.now() });
      return { accessToken: 'over', lifetimeSeconds: 0 };
    });
    expect(await second.grant()).toBe('access-1');
    expect(await (await replica()).grant()).toBe('access-1');
    expect(endpoint.spentUses).toBe(0);
  });

  test('is marked as in use, for as long as a renewal may take, before it is sent', async () => {
    const marks = (): Promise<Record<string, string>> => server.ask((client) => client.hGetAll(KEY));
    const [first, second] = [await replica(initial, { useMs: 600_000 }), await replica()];
    let meanwhile: Record<string, string> = {};
    await first.grant(marks().then(async () => (meanwhile = await marks())));
    expect(meanwhile.usedBy).toMatch(/^[0-9a-f-]{36}\/1$/);
    expect(Number(meanwhile.usedUntil) - Date.now()).toBeGreaterThan(500_000);
    expect(await marks()).not.toHaveProperty('usedBy');
    expect(await second.grant()).toBe('access-1');
  });

  test('stays the same where the endpoint sends no other, at every replica', async () => {
    const sandbox = await new Cas360Sandbox(1).start(0);
    try {
      sandbox.rotates = false;
      const credentials = { tokenUrl: new URL(`${sandbox.url}/oauth/token`), clientId: sandbox.client.id, clientSecret: sandbox.client.secret, scope: 'cas360' };
      const replicas = [await replica(sandbox.initialRefreshToken), await replica(sandbox.initialRefreshToken)];
      const renew = ({ token }: Replica): Promise<Grant> => token.grant((store) => cas360Grant(credentials, store, 10_000, () => {})());
      const tokens = new Set<string>();
      for (const one of [...replicas, ...replicas, ...replicas]) tokens.add((await renew(one)).accessToken);
      expect(sandbox.calls.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect(tokens.size).toBe(3);
      expect(await server.ask((client) => client.hGet(KEY, 'token'))).toBe(sandbox.initialRefreshToken);
    } finally {
      await sandbox.stop();
    }
  });

  test('is the service’s for as long as its request to the endpoint may take', async () => {
    // Past the rest of the first token.
    await (await replica()).token.grant(async (store) => {
      await store.replace(endpoint.exchange(store.current()!)!, { accessToken: 'over', expiresAtMs: 0 });
      return { accessToken: 'over', lifetimeSeconds: 0 };
    });
    const sandbox = await new Cas360Sandbox(1).start(0);
    const { redis } = await replica();
    const log = { info() {}, warn() {}, error() {} };
    const config = { baseUrl: new URL(sandbox.url), tokenUrl: new URL(`${sandbox.url}/oauth/token`), clientId: 'client', clientSecret: 'secret', refreshToken: initial } as Parameters<typeof createCas360Tokens>[0];
    const { request } = await createCas360Tokens(config, 600_000, { log, redis });
    sandbox.faults.set([{ on: 'token', hang: true }]);
    const asking = request().catch(() => {});
    await until('the endpoint is asked', () => sandbox.calls.length === 1);
    expect(Number(await server.ask((client) => client.hGet(KEY, 'usedUntil'))) - Date.now()).toBeGreaterThan(500_000);
    await sandbox.stop();
    await asking;
  });

  test('is in doubt once a replica was killed while it used it, and the access token serves on', async () => {
    const [first, second] = [await replica(), await replica()];
    await first.grant();
    await killedDuringRenewal(first);
    expect(await second.grant()).toBe('access-1');
    const startedAt = performance.now();
    await expect(second.grant()).rejects.toThrow('set another CAS360_REFRESH_TOKEN');
    expect(performance.now() - startedAt).toBeGreaterThan(USE_MS / 2);
    await expect((await replica()).grant()).resolves.toBe('access-1');
    expect(exchanges).toBe(1);
  });

  test('gives way to another one that an operator put into the environment, once for all replicas', async () => {
    const [old, killed] = [await replica(), await replica()];
    await old.grant();
    await killed.grant();
    await killedDuringRenewal(killed);
    const byHand = endpoint.issue();
    const replicas = await Promise.all([1, 2, 3].map(() => replica(byHand)));
    const tokens = await Promise.all(replicas.map(({ grant }) => grant()));
    expect(new Set(tokens)).toEqual(new Set(['access-2']));
    // One that has not been restarted with it yet adopts it too, and one that starts with the old one does not bring that back.
    expect(await old.grant()).toBe('access-2');
    expect(await (await replica(initial)).grant()).toBe('access-2');
    expect(await replicas[0]!.grant()).toBe('access-3');
    expect(endpoint.spentUses).toBe(0);
  });

  test('of the chain that an operator has ended is not written any more', async () => {
    const old = await replica();
    let permit = (): void => {};
    const late = old.grant(new Promise<void>((resolve) => (permit = resolve)));
    await sleep(50);
    const byHand = endpoint.issue();
    const next = await replica(byHand);
    expect(await next.grant()).toBe('access-1');
    permit();
    expect(await late).toBe('access-2');
    expect(await next.grant()).toBe('access-3');
    expect(await old.grant()).toBe('access-3');
    expect(endpoint.spentUses).toBe(0);
  });

  test('comes right when a replica that was held up for longer than its turn goes on', async () => {
    const [slow, other] = [await replica(), await replica()];
    let permit = (): void => {};
    const late = slow.grant(new Promise<void>((resolve) => (permit = resolve)));
    await sleep(USE_MS);
    await expect(other.grant()).rejects.toThrow('set another CAS360_REFRESH_TOKEN');
    permit();
    expect(await late).toBe('access-1');
    expect(await other.grant()).toBe('access-1');
    expect(await other.grant()).toBe('access-2');
    expect(endpoint.spentUses).toBe(0);
  });

  test('was not taken: the next replica may send it', async () => {
    const [first, second] = [await replica(), await replica()];
    await expect(first.token.grant(async (store) => store.notUsed().then(() => Promise.reject(new Error('503'))))).rejects.toThrow('503');
    expect(await second.grant()).toBe('access-1');
  });

  test('without an answer may be sent again by who sent it, and by nobody else', async () => {
    const [first, second] = [await replica(), await replica()];
    await expect(first.token.grant(async () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
    await sleep(USE_MS);
    await expect(second.grant()).rejects.toThrow('set another CAS360_REFRESH_TOKEN');
    expect(await first.grant()).toBe('access-1');
    expect(await second.grant()).toBe('access-1');
  });

  test('without an answer stays with who sent it, even if Redis does not hear that they try again', async () => {
    const [first, second] = [await replica(), await replica()];
    await expect(first.token.grant(async () => Promise.reject(new Error('no answer')))).rejects.toThrow('no answer');
    server.freeze();
    await expect(first.grant()).rejects.toThrow('Redis does not answer');
    server.thaw();
    let beats = 0;
    first.redis.onBeat(async () => beats++);
    await until('the token was beaten twice', () => beats >= 2);
    await expect(second.grant()).rejects.toThrow('set another CAS360_REFRESH_TOKEN');
    expect(exchanges).toBe(0);
  });

  test('that is void is void for all', async () => {
    endpoint.exchange(initial);
    const [first, second] = [await replica(), await replica()];
    await expect(first.grant()).rejects.toThrow('refused');
    await expect(second.grant()).rejects.toThrow('void');
    expect(endpoint.spentUses).toBe(1);
  });

  test('is not sent without Redis, and what came for it is kept as soon as Redis is back', async () => {
    const [first, second] = [await replica(), await replica()];
    await first.token.grant(async (store) => {
      server.freeze();
      return exchange(store).catch(() => ({ accessToken: 'unkept', lifetimeSeconds: 60 }));
    });
    await expect(second.grant()).rejects.toThrow('Redis does not answer');
    server.thaw();
    await until('both see Redis again', () => first.redis.isUp && second.redis.isUp);
    await sleep(100);
    expect(await second.grant()).toBe('access-1');
    expect(await second.grant()).toBe('access-2');
    expect(endpoint.spentUses).toBe(0);
  });

  test('waits a little for a Redis that hangs, and then goes on', async () => {
    const { grant } = await replica();
    server.freeze();
    const renewal = grant();
    await sleep(100);
    server.thaw();
    expect(await renewal).toBe('access-1');
  });

  test('that Redis has lost is put back by a replica that knows it', async () => {
    const [first, second] = [await replica(), await replica()];
    await first.grant();
    await second.grant();
    await server.ask((client) => client.flushAll());
    // Starts without knowing anything, with a token that has been spent.
    const newcomer = await replica(initial, { firstRestMs: 2_000 });
    expect(await newcomer.grant()).toBe('access-1');
    expect(await newcomer.grant()).toBe('access-2');
    expect(endpoint.spentUses).toBe(0);
  });

  test('that Redis has lost is not sent before those who know a later one have said so', async () => {
    // Has not looked since it sent the first one.
    const stale = await replica(initial, { useMs: 3_000, hasBeats: false });
    await stale.grant();
    const fresh = await replica();
    await fresh.grant();
    expect(await fresh.grant()).toBe('access-2');
    await server.ask((client) => client.flushAll());
    expect(await stale.grant()).toBe('access-2');
    expect(endpoint.spentUses).toBe(0);
  });

  test('a turn that Redis gave after we had stopped waiting for it is given back', async () => {
    const [first, second] = [await replica(), await replica()];
    server.freeze();
    await expect(first.grant()).rejects.toThrow('Redis does not answer');
    server.thaw();
    await until('the second one sees Redis', () => second.redis.isUp);
    expect(await second.grant()).toBe('access-1');
    expect(exchanges).toBe(1);
  });

  test('lies in Redis with hashes only of what was in the environment and is spent', async () => {
    await (await replica()).grant();
    const kept = await server.ask((client) => client.hGetAll(KEY));
    expect(JSON.stringify(kept)).not.toContain(initial);
    expect(Object.keys(kept).sort()).toEqual(['access', 'began', 'count', 'expires', 'rests', 'token']);
  });
});
