/** @needs redis-server */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from '../../src/shared/redis.js';
import { RedisUnavailable } from '../../src/shared/redisUnavailable.js';
import { RedisCache } from '../../src/shared/redisCache.js';
import { Seal } from '../../src/shared/seal.js';
import { patientRedis } from '../support/patientRedis.js';
import { RedisServer } from '../support/redisServer.js';
import { until } from '../support/until.js';

type Row = Readonly<Record<string, unknown>> & { readonly id: string };

const TTL_MS = 60_000;

patientRedis();

let server: RedisServer;
let redis: Redis;
let lookups: Record<'hit' | 'miss' | 'error', number>;
let cache: RedisCache<Row>;

beforeAll(async () => {
  server = await RedisServer.start();
  redis = new Redis({ url: server.url, onHealth: () => {}, timeoutMs: 20_000 });
  await until('Redis is up', () => redis.isUp);
});
beforeEach(async () => {
  await server.ask((client) => client.flushAll());
  lookups = { hit: 0, miss: 0, error: 0 };
  cache = cacheOf('test:');
});
afterAll(async () => {
  redis.close();
  await server.stop();
});

const GUARDED = ['passport', 'born'];
const cacheOf = (prefix: string, on: Pick<Redis, 'run'> = redis, secret = 'a secret') =>
  new RedisCache<Row>({
    redis: on,
    prefix,
    ttlMs: TTL_MS,
    guardedKeys: GUARDED,
    seal: new Seal(secret, 'a test'),
    onLookup: (outcome, count) => (lookups[outcome] += count),
  });
const row = (id: string, name = `n${id}`): Row => ({ id, name });
const keep = async (relationships: boolean, ...rows: Row[]): Promise<void> => {
  cache.keep(new Map(rows.map((one) => [one.id, one])), relationships);
  // Commands of one connection are done in their order.
  await redis.run((client) => client.ping());
};
/** What is found, without the guarded values, which nobody has read yet. */
const found = async (ids: string[], relationships = false, of = cache) => Object.fromEntries(Array.from(await of.find(ids, relationships), ([id, record]) => [id, { ...record }]));
const foundGuarded = async (id: string, of = cache) => {
  const record = (await of.find([id], false)).get(id)!;
  return Object.fromEntries(GUARDED.map((key) => [key, record[key]]).filter(([, value]) => value !== undefined));
};
const textAt = (key: string) => server.ask((client) => client.get(key));
const put = (key: string, text: string) => server.ask((client) => client.set(key, text));
const kept = () => server.ask((client) => client.keys('*'));

describe('The shared cache', () => {
  test('finds what was kept, and whether it came with relationships', async () => {
    await keep(true, row('1'));
    await keep(false, row('2'));
    expect(await found(['1', '2', '3'])).toEqual({ 1: row('1'), 2: row('2') });
    expect(await found(['1', '2', '3'], true)).toEqual({ 1: row('1') });
    expect(lookups).toEqual({ hit: 3, miss: 3, error: 0 });
  });

  test('lets a full entry take the place of a plain one, and never the other way round', async () => {
    await keep(false, row('1', 'plain'));
    await keep(true, row('1', 'full'));
    await keep(false, row('1', 'late'));
    expect(await found(['1'], true)).toEqual({ 1: row('1', 'full') });
  });

  test('keeps a plain entry again once the full one is over', async () => {
    await keep(true, row('1', 'full'));
    await server.ask((client) => client.pExpire('test:1', 1));
    await until('the entry is over', async () => (await server.ask((client) => client.exists('test:1'))) === 0);
    await keep(false, row('1', 'plain'));
    expect(await found(['1'])).toEqual({ 1: row('1', 'plain') });
  });

  test('gives every entry an end', async () => {
    await keep(true, row('1'));
    await keep(false, row('2'));
    for (const key of ['test:1', 'test:2']) {
      const ttlMs = await server.ask((client) => client.pTTL(key));
      expect(ttlMs).toBeGreaterThan(0);
      expect(ttlMs).toBeLessThanOrEqual(TTL_MS);
    }
  });

  test.each([
    ['is cut off', 'p{"id":"2"'],
    ['is a mark alone', 'p'],
    ['is a number', 'p1'],
    ['is a text', 'f"Wrong"'],
    ['is null', 'fnull'],
    ['is a list', 'f[{"id":"2"}]'],
    ['is empty', ''],
    ['has another id', 'p{"id":"4"}'],
    ['has no id', 'f{"name":"Wrong"}'],
    ['has no mark', '{"id":"2"}'],
    ['has an unknown mark', 'x{"id":"2"}'],
    ['would replace the getters of guarded values', 'p{"id":"2","__proto__":{"passport":"forged"}}'],
  ])('counts an entry that %s as an error of that entry alone, and takes it away', async (_what, text) => {
    await keep(false, row('1'), row('2'));
    await put('test:2', text);
    expect(await found(['1', '2', '5'])).toEqual({ 1: row('1') });
    expect(lookups).toEqual({ hit: 1, miss: 1, error: 1 });
    await redis.run((client) => client.ping());
    expect(await kept()).toEqual(['test:1']);
  });

  test('sends one command for a look-up where it can read all', async () => {
    await keep(false, row('1'));
    const run = jest.spyOn(redis, 'run');
    await found(['1', '2']);
    expect(run).toHaveBeenCalledTimes(1);
    run.mockRestore();
  });

  test('leaves a plain entry where a full one is looked for', async () => {
    await keep(false, row('1'));
    expect(await found(['1'], true)).toEqual({});
    expect(await found(['1'])).toEqual({ 1: row('1') });
  });

  test('knows nothing of what has another prefix', async () => {
    await keep(true, row('1'));
    expect(Object.fromEntries(await cacheOf('other:').find(['1'], false))).toEqual({});
  });

  test('keeps the rest where one record cannot be written', async () => {
    const circular: Record<string, unknown> = { id: '1' };
    circular.itself = circular;
    await keep(true, circular as unknown as Row, row('2'));
    expect(Object.keys(await found(['1', '2']))).toEqual(['2']);
  });

  test('is empty, and no error, where Redis is not there', async () => {
    const absent = new Redis({ url: 'redis://127.0.0.1:1', onHealth: () => {} });
    const empty = cacheOf('test:', absent);
    empty.keep(new Map([['1', row('1')]]), true);
    expect((await empty.find(['1', '2'], false)).size).toBe(0);
    expect(lookups).toEqual({ hit: 0, miss: 0, error: 2 });
    absent.close();
  });

  test('asks for 50 ms and no more, which takes Redis for down nowhere else', async () => {
    const limits: (number | undefined)[] = [];
    const hanging = cacheOf('test:', {
      run: async (_command, timeoutMs) => {
        limits.push(timeoutMs);
        throw new RedisUnavailable();
      },
    });
    hanging.keep(new Map([['1', row('1')]]), true);
    expect((await hanging.find(['1'], false)).size).toBe(0);
    expect(limits).toEqual([50, 50]);
  });
});

describe('Guarded values in the shared cache', () => {
  const person = (id: string): Row => ({ id, name: `n${id}`, passport: `P${id}`, born: { year: 1980 } });

  test('come back as they were, and are not in the rest of the record', async () => {
    await keep(false, person('1'));
    expect(await found(['1'])).toEqual({ 1: row('1') });
    expect(await foundGuarded('1')).toEqual({ passport: 'P1', born: { year: 1980 } });
    expect(lookups).toEqual({ hit: 2, miss: 0, error: 0 });
  });

  test('are decrypted once for each record, when the first is read', async () => {
    await keep(false, person('1'));
    const decrypt = jest.spyOn(Seal.prototype, 'decrypt');
    const record = (await cache.find(['1'], false)).get('1')!;
    expect([record.name, decrypt.mock.calls.length]).toEqual(['n1', 0]);
    expect([record.passport, record.born, record.passport, decrypt.mock.calls.length]).toEqual(['P1', { year: 1980 }, 'P1', 1]);
    decrypt.mockRestore();
  });

  test('are in no entry that anybody could read, and never encrypted to the same text', async () => {
    await keep(false, person('1'));
    const first = await textAt('test:1');
    await keep(true, person('1'));
    const second = await textAt('test:1');
    for (const text of [first, second]) expect(text).toMatch(/^[fp][\w+/]{60,}=*{"id":"1","name":"n1"}$/);
    expect(second!.slice(1, 50)).not.toBe(first!.slice(1, 50));
  });

  test('that are nothing take no space', async () => {
    await keep(false, { id: '1', name: 'n1', passport: null, born: undefined });
    expect(await textAt('test:1')).toBe('p{"id":"1","name":"n1"}');
    expect(await foundGuarded('1')).toEqual({});
    expect([lookups.error, await kept()]).toEqual([0, ['test:1']]);
  });

  test('are not taken from what somebody wrote in the open', async () => {
    await put('test:1', 'p{"id":"1","passport":"forged"}');
    expect(await found(['1'])).toEqual({});
    expect(lookups).toEqual({ hit: 0, miss: 0, error: 1 });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['was encrypted for another entry', async () => {
      const [one, other] = [(await textAt('test:1'))!, (await textAt('test:2'))!];
      await put('test:1', other.slice(0, other.indexOf('{')) + one.slice(one.indexOf('{')));
    }],
    ['lost a character', async () => put('test:1', (await textAt('test:1'))!.replace(/^(p.{40})./, '$1'))],
    ['is empty but for a mark', () => put('test:1', 'pAAAA{"id":"1","name":"n1"}')],
    ['is no base64', () => put('test:1', 'p\u0000["{"id":"1","name":"n1"}')],
  ])('are nothing where what is encrypted %s: it counts as an error, and the entry goes', async (_, tamper) => {
    await keep(false, person('1'), person('2'));
    await tamper();
    expect(await found(['1'])).toEqual({ 1: row('1') });
    expect(await foundGuarded('1')).toEqual({});
    await redis.run((client) => client.ping());
    expect(await kept()).toEqual(['test:2']);
    expect(lookups).toEqual({ hit: 2, miss: 0, error: 1 });
  });

  test('are nothing to whoever has another secret', async () => {
    await keep(false, person('1'));
    expect(await foundGuarded('1', cacheOf('test:', redis, 'another secret'))).toEqual({});
    expect(lookups).toEqual({ hit: 1, miss: 0, error: 1 });
  });
});
