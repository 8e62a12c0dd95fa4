/** @needs redis-server */
import { spawnSync } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { RedisClientType } from '@redis/client';
import { Redis } from '../../../src/shared/redis.js';
import { RedisUnavailable } from '../../../src/shared/redisUnavailable.js';
import { newProcessName } from '../../../src/upstream/oauth2/refreshToken/processName.js';
import { RedisStore } from '../../../src/upstream/oauth2/refreshToken/redisStore.js';
import { RedisServer } from '../../support/redisServer.js';
import { until } from '../../support/until.js';
import { counted, failureOf, FIRST, heldBy, put } from './support/states.js';

const KEY = 'contacts:{cas360}:token';
let server: RedisServer;
let redis: Redis;
let store: RedisStore;

const clients: Redis[] = [];
const connected = async (url = server.url, timeoutMs = 20_000): Promise<Redis> => {
  const client = new Redis({ url, onHealth: () => {}, timeoutMs });
  clients.push(client);
  await until('Redis is found', () => client.isUp);
  return client;
};

beforeAll(async () => {
  server = await RedisServer.start();
});

afterAll(() => server.stop());

beforeEach(async () => {
  await server.ask(async (client) => {
    await allowWrites(client);
    await client.flushAll();
  });
  redis = await connected();
  store = new RedisStore(redis, KEY);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

describe('The store in Redis', () => {
  test('holds what it was given, also for another process', async () => {
    expect(await heldBy(store)).toBeUndefined();
    expect(await put(store, FIRST)).toBe(FIRST);
    expect(await heldBy(new RedisStore(redis, KEY))).toEqual(FIRST);
  });

  test('drops what the state before had', async () => {
    await put(store, { ...FIRST, turn: { id: 'one 1', endsAtMs: 5 }, leader: 'one' });
    await put(store, FIRST);
    expect(await heldBy(store)).toEqual(FIRST);
  });

  test('tells whether a process is gone', () => {
    const [host, , uuid] = newProcessName().split(' ');
    expect(store.isGone(`${host} ${spawnSync('true').pid} ${uuid}`)).toBe(true);
    expect(store.isGone(newProcessName())).toBe(false);
  });

  test('tells the time of Redis', async () => {
    let told = 0;
    await store.update((kept, nowMs) => {
      told = nowMs;
      return kept;
    });
    const [seconds] = (await server.ask((client) => client.sendCommand(['TIME']))) as unknown as string[];
    expect(Math.abs(told / 1_000 - Number(seconds))).toBeLessThan(60);
    expect(Number.isInteger(told)).toBe(true);
  });

  test('loses no update of those that run at once', async () => {
    const others = await Promise.all(Array.from({ length: 3 }, () => connected()));
    const stores = [redis, ...others].map((one) => new RedisStore(one, KEY, 20_000));
    const counts = await Promise.all(Array.from({ length: 40 }, async (_, n) => (await counted(stores[n % 4]!))?.count));
    expect(counts.toSorted((a, b) => a! - b!)).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  });

  test('never erases a state', async () => {
    await put(store, FIRST);
    expect(await store.update(() => undefined)).toEqual(FIRST);
    expect(await heldBy(store)).toEqual(FIRST);
  });

  test.each(['began', 'count', 'token', 'access', 'expires', 'usedBy', 'usedUntil', 'rests', 'mark', 'marked', 'refused', 'leader', 'seen'])(
    'writes nothing over another %s, and asks again what to change',
    async (field) => {
      await put(store, { ...FIRST, mark: 'usable', turn: { id: 'one 1', endsAtMs: 5 } });
      const seen: unknown[] = [];
      const late = lateWrites();
      const update = new RedisStore(late, KEY, 20_000).update((kept) => {
        seen.push(kept);
        return { ...kept!, count: 9 };
      });
      await until('the write is on its way', () => late.count === 1);
      await server.ask((client) => client.hSet(KEY, field, '77'));
      late.letGo();
      await update;
      expect(seen).toHaveLength(2);
    },
  );

  test('gives up on a state that others change all the time', async () => {
    await put(store, FIRST);
    const hindered: Pick<Redis, 'run'> = {
      run: async (command, ms) => {
        await server.ask((client) => client.hIncrBy(KEY, 'count', 1));
        return redis.run(command, ms);
      },
    };
    expect(await failureOf(put(new RedisStore(hindered, KEY, 50), FIRST))).toMatchObject({ problem: 'slow', seen: undefined });
  });

  test('a write that arrives after its time does nothing if another process has written', async () => {
    await put(store, FIRST);
    const late = lateWrites(true);
    expect(await failureOf(put(new RedisStore(late, KEY), { ...FIRST, refreshToken: 'late' }))).toMatchObject({ problem: 'slow', seen: undefined });
    await counted(store);
    late.letGo();
    await late.done;
    expect(await heldBy(store)).toEqual({ ...FIRST, count: 1 });
  });
});

/** Holds back the writes: each second script. With `timesOut` they are given up, and reach Redis all the same. */
function lateWrites(timesOut = false): Pick<Redis, 'run'> & { count: number; letGo(): void; done: Promise<unknown> } {
  let letGo!: () => void;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let calls = 0;
  const late = {
    count: 0,
    letGo,
    done: Promise.resolve() as Promise<unknown>,
    run: async <T>(command: Parameters<typeof redis.run<T>>[0]): Promise<T> => {
      if (++calls !== 2) return redis.run(command);
      late.count++;
      const done = gate.then(() => redis.run(command));
      late.done = done;
      if (timesOut) throw new RedisUnavailable('slow');
      return done;
    },
  };
  return late;
}

describe('An operator reads what is wrong with Redis', () => {
  test('it is full: the state is kept all the same', async () => {
    await server.ask((client) => client.configSet('maxmemory', '1'));
    await expect(redis.run((client) => client.set('contacts:other', 'x'))).rejects.toThrow('OOM');
    await put(store, FIRST);
    await counted(store);
    expect(await heldBy(store)).toEqual({ ...FIRST, count: 1 });
  });

  const refusals = [
    ['it is a replica', 'replica', 'read-only'],
    ['it cannot write its snapshot', 'misconf', 'read-only'],
    ['it has lost its replicas', 'noreplicas', 'read-only'],
    ['its user may only read', '+@read', 'no permission'],
    ['its user may delete, but not write', '+@all -hset', 'no permission'],
  ] as const;

  test.each(refusals)('%s: what it holds is seen', async (_, how, problem) => {
    await put(store, FIRST);
    const refused = await refuseWrites(how);
    const before = Date.now();
    const { problem: found, seen } = await failureOf(counted(new RedisStore(refused, KEY)));
    expect([found, seen?.kept]).toEqual([problem, FIRST]);
    expect(seen!.nowMs).toBeGreaterThan(before - 60_000);
    expect(await heldBy(new RedisStore(refused, KEY))).toEqual(FIRST);
    await server.ask(allowWrites);
    await until('it is written', () => counted(store).then(() => true, () => false));
  });

  test.each([
    ['WRONGPASS invalid username-password pair', 'wrong password'],
    ['NOAUTH Authentication required.', 'wrong password'],
    ['LOADING Redis is loading the dataset in memory', 'away'],
    ['MASTERDOWN Link with MASTER is down', 'away'],
    ['TRYAGAIN Multiple keys request during rehashing of slot', 'away'],
    ['BUSY Redis is busy running a script', 'slow'],
    ['ERR something new', 'broken'],
    // As Redis 6 wraps them.
    ["ERR Error running script (call to f_0): @user_script:12: @user_script: 12: -OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ["ERR Error running script (call to f_0): @user_script:12: @user_script: 12: -READONLY You can't write against a read only replica.", 'read-only'],
    ["ERR Error running script (call to f_0): @user_script:12: @user_script: 12: -NOPERM this user has no permissions to run the 'hset' command", 'no permission'],
  ])('%j', async (message, problem) => {
    const cause = new Error(message);
    const answer = { run: () => Promise.reject(cause) };
    expect(await failureOf(heldBy(new RedisStore(answer, KEY)))).toMatchObject({ problem, seen: undefined, cause });
  });

  test('it is full, and refuses the write: what it holds is seen', async () => {
    await put(store, FIRST);
    let calls = 0;
    const full: Pick<Redis, 'run'> = { run: async (command) => (++calls === 1 ? redis.run(command) : Promise.reject(new Error('OOM command not allowed'))) };
    expect(await failureOf(counted(new RedisStore(full, KEY)))).toMatchObject({ problem: 'full', seen: { kept: FIRST } });
  });

  test('the key holds something else: it stays as it is', async () => {
    await server.ask((client) => client.set(KEY, 'x'));
    expect(await failureOf(put(store, FIRST))).toMatchObject({ problem: 'broken', seen: undefined });
    await server.ask(async (client) => [await client.del(KEY), await client.hSet(KEY, 'token', 'x')]);
    expect(await failureOf(put(store, FIRST))).toMatchObject({ problem: 'broken', seen: undefined });
    expect(await server.ask((client) => client.hGetAll(KEY))).toEqual({ token: 'x' });
  });

  test('it hangs, then it is gone', async () => {
    const hasty = await connected(server.url, 250);
    const itsStore = new RedisStore(hasty, KEY);
    server.freeze();
    expect(await failureOf(put(itsStore, FIRST))).toMatchObject({ problem: 'slow', seen: undefined });
    server.thaw();
    await server.end();
    await until('it is missed', () => hasty.problem === 'away');
    expect(await failureOf(put(itsStore, FIRST))).toMatchObject({ problem: 'away', seen: undefined });
    await server.begin();
    await until('it is written', () => put(itsStore, FIRST).then(() => true, () => false));
  });
});

/** Lets Redis refuse writes, and returns a client to which it does. */
async function refuseWrites(how: string): Promise<Redis> {
  const url = new URL(server.url);
  await server.ask(async (client) => {
    if (how === 'replica') await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    if (how === 'noreplicas') await client.configSet('min-replicas-to-write', '1');
    if (how.startsWith('+')) {
      await client.sendCommand(['ACL', 'SETUSER', 'reader', 'reset', 'on', '>pw', '~*', '+@scripting', '+time', '+@connection', ...how.split(' ')]);
      Object.assign(url, { username: 'reader', password: 'pw' });
    }
    if (how === 'misconf') {
      // Without its folder a snapshot fails. Redis then refuses writes.
      const { dir = '' } = await client.configGet('dir');
      await rm(dir, { recursive: true });
      await client.configSet('save', '3600 1');
      await client.sendCommand(['BGSAVE']);
      await mkdir(dir);
    }
  });
  if (how === 'misconf') await until('a snapshot has failed', async () => (await server.ask((client) => client.info('persistence'))).includes('rdb_last_bgsave_status:err'));
  return connected(url.href);
}

async function allowWrites(client: RedisClientType): Promise<void> {
  await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
  await client.configSet({ 'min-replicas-to-write': '0', save: '', maxmemory: '0' });
}
