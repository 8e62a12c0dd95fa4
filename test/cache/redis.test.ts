/** @needs redis-server */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { operations } from '../graphql/drawnOperations.js';
import { LONG_RUN } from '../support/longRun.js';
import { patientRedis } from '../support/patientRedis.js';
import { RedisServer } from '../support/redisServer.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { errorsIn, idsFrom, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { keysIn, untilKept, untilRedisIsUp } from './redisCache.js';

const TTL_SECONDS = 3_600;

let server: RedisServer;
let endPatience: () => void;
/** Between the first app and Redis. */
let proxy: TcpProxy;
let app: TestApp;
/** Another replica of the first: of the same upstreams. */
let replica: TestApp;
/** Another installation, with a PMS of its own, on the same Redis. */
let stranger: TestApp;

beforeAll(async () => {
  server = await RedisServer.start();
  proxy = await TcpProxy.start();
  proxy.target = new URL(server.url);
  const settings = { CACHE_TTL_SECONDS: String(TTL_SECONDS), REDIS_URL: server.url };
  app = await startTestApp({ ...settings, REDIS_URL: proxy.url.replace('http', 'redis') });
  replica = await startTestApp({ ...app.sandbox.environment, ...settings });
  // One refresh token would serve both systems of CAS 360.
  stranger = await startTestApp({ ...settings, CAS360_BASE_URL: undefined });
});
beforeEach(async () => {
  await Promise.all([app, replica, stranger].map((one) => untilRedisIsUp(one)));
  // What else is shared stays: a refresh token that is lost is lost for good.
  const kept = await keysIn(server);
  if (kept.length > 0) await server.ask((client) => client.del(kept));
  app.reset();
  stranger.reset();
  endPatience = patientRedis();
});
afterEach(async () => {
  endPatience();
  await proxy.set();
});
afterAll(async () => {
  await Promise.all([app, replica, stranger].map((one) => one.stop()));
  await proxy.stop();
  await server.stop();
});

const metrics = async ({ url }: TestApp): Promise<string[]> => (await (await fetch(`${url}/metrics`)).text()).split('\n');

const ask = async (ids: string[], fields = 'id name', of = app, headers = {}) => {
  const { data, errors } = await of.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids }, headers);
  expect(errors).toBeUndefined();
  return data.contacts;
};
/** How often Redis was told this command since its start. */
const told = async (command: string): Promise<number> => {
  const info = await server.ask((client) => client.info('commandstats'));
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0);
};

/** How many contacts Redis has in its log of commands. The heartbeats are SETs too. */
const contactsSet = async (): Promise<number> => {
  const log = (await server.ask((client) => client.sendCommand(['SLOWLOG', 'GET', '-1']))) as unknown as [number, number, number, string[]][];
  return log.filter(([, , , [command, key]]) => command === 'SET' && key?.startsWith('contacts:cache:')).length;
};

const EVERYTHING = ['cas360:54', 'cas360:40001', 'cas360:1001', 'pms:4711', 'pms:5001'];
const FIELDS = 'id name email address { id city lines } relationships { type parentId } representatives { id name } salesAccount { id companyName } registration { companyNumber }';
const none = { pms: 0, cas360: 0, addresses: 0 };

describe('A cache that replicas share', () => {
  test('serves one what another has read, and everything of it', async () => {
    const first = await ask(EVERYTHING, FIELDS);
    // With three addresses, and the three people of whom the Joint Member consists.
    await untilKept(server, EVERYTHING.length + 3 + 3);
    app.reset();
    expect(await ask(EVERYTHING, FIELDS, replica)).toEqual(first);
    expect(app.calls()).toEqual(none);
  });

  test('is asked once for a batch, however large, and answers in the order of the question', async () => {
    const ids = idsFrom('cas360', 1_001, 450);
    await ask(ids);
    await untilKept(server, 450);
    app.reset();
    const before = await told('mget');
    const contacts = await ask(ids.toReversed());
    expect(await told('mget')).toBe(before + 1);
    expect(await told('get')).toBe(0);
    expect(contacts.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed());
    expect(app.calls()).toEqual(none);
  });

  test('fills the gaps between hits with one call', async () => {
    await ask(['cas360:1001', 'cas360:1003']);
    await untilKept(server, 2);
    app.reset();
    expect((await ask(['cas360:1003', 'cas360:1002', 'cas360:1001', 'cas360:1002'])).map(({ id }: { id: string }) => id)).toEqual(['cas360:1003', 'cas360:1002', 'cas360:1001', 'cas360:1002']);
    expect(app.sandbox.cas360.calls.map(({ ids }) => ids)).toEqual([['1002']]);
  });

  test('serves plain wishes with what is known in full, not the other way round, and a plain entry never replaces a full one', async () => {
    app.sandbox.cas360.faults.set([{ relationships: false, latencyMs: 1_000 }]);
    // Both are under way at once; the plain call, which went out first, returns last.
    const plain = ask(['cas360:555742']);
    await app.underWay(1);
    const full = await ask(['cas360:555742'], 'relationships { type }');
    await plain;
    await untilKept(server, 1);
    app.reset();
    expect(await ask(['cas360:555742'], 'relationships { type }', replica)).toEqual(full);
    expect(await ask(['cas360:555742'], 'name', replica)).toEqual([{ name: 'Anne Smith' }]);
    expect(app.calls()).toEqual(none);

    await ask(['cas360:54']);
    await untilKept(server, 2);
    app.reset();
    await ask(['cas360:54'], 'relationships { type }', replica);
    expect(app.switches()).toEqual([true]);
  });

  test('keeps each contact once, however many wait for it', async () => {
    app.sandbox.cas360.faults.set([{ latencyMs: 100 }]);
    await server.ask((client) => client.configSet({ 'slowlog-log-slower-than': '0', 'slowlog-max-len': '10000' }));
    // It has the slow commands of other tests.
    await server.ask((client) => client.sendCommand(['SLOWLOG', 'RESET']));
    await Promise.all(Array.from({ length: 20 }, () => ask(['cas360:1001'])));
    // Seldom more than one: somebody may have looked in just before it came.
    const calls = app.calls().cas360;
    expect(calls).toBeLessThan(10);
    await until('they are kept', async () => (await contactsSet()) >= calls);
    expect(await contactsSet()).toBe(calls);
  });

  test('keeps nothing for ever, and neither errors nor absences', async () => {
    app.sandbox.cas360.faults.set([{ ids: ['1201'], status: 403 }]);
    await app.query('{ a: contact(id: "cas360:1201") { name } }');
    app.reset();
    await ask(['cas360:66', 'pms:66', ...EVERYTHING], FIELDS);
    const kept = await untilKept(server, EVERYTHING.length + 3 + 3);
    expect(kept.filter((key) => /:(66|1201)$/.test(key))).toEqual([]);
    const ttlsMs = await server.ask((client) => Promise.all(kept.map((key) => client.pTTL(key))));
    expect(Math.min(...ttlsMs)).toBeGreaterThan(0);
    expect(Math.max(...ttlsMs)).toBeLessThanOrEqual(1_000 * TTL_SECONDS);
  });

  test('holds no password and none of our credentials', async () => {
    await ask(['pms:4711', 'pms:5001', ...EVERYTHING], FIELDS);
    const kept = await untilKept(server, EVERYTHING.length + 3 + 3);
    const texts = await server.ask((client) => client.mGet(kept));
    const all = [...kept, ...texts].join('\n');
    // It is there in what the PMS sends, and the rest of that is kept.
    const { password, lastName } = app.sandbox.pms.data.contacts.get('4711')!;
    expect(password).toEqual(expect.any(String));
    expect(all).toContain(lastName);
    expect(all).not.toContain(password);
    expect(all.toLowerCase()).not.toContain('password"');
    for (const secret of [app.sandbox.pms.client.secret, app.sandbox.cas360.client.secret, app.sandbox.cas360.initialRefreshToken, 'Bearer']) expect(all).not.toContain(secret);
  });

  test('does not open guarded fields', async () => {
    const { dateOfBirth } = app.sandbox.pms.data.contacts.get('5021')!;
    expect(await ask(['pms:5021'], 'dateOfBirth', app, await app.bearer('contact:identity'))).toEqual([{ dateOfBirth }]);
    await untilKept(server, 1);
    app.reset();
    const anonymous = await replica.query('{ contact(id: "pms:5021") { name dateOfBirth } }');
    expect(anonymous.data.contact.dateOfBirth).toBeNull();
    expect(errorsIn(anonymous)).toMatchObject([{ at: 'contact.dateOfBirth', code: 'FORBIDDEN' }]);
    expect(app.calls()).toEqual(none);
  });

  test('shows one installation nothing of another', async () => {
    await ask(['pms:4711']);
    await untilKept(server, 1);
    stranger.sandbox.pms.faults.set([{ patch: { lastName: 'Thistle' } }]);
    expect(await ask(['pms:4711'], 'lastName', stranger)).toEqual([{ lastName: 'Thistle' }]);
    expect(stranger.calls().pms).toBe(1);
  });

  test('keeps numbers exact that JSON would round', async () => {
    const long = '9007199254740993';
    app.sandbox.cas360.faults.set([{ on: 'contacts', body: `[{"id":${long},"name":"Long","addressId":${long},"representativeIds":[${long},9007199254740995]}]` }]);
    const fields = 'id name address { id } representatives { id }';
    const first = await ask([`cas360:${long}`], fields);
    await untilKept(server, 1);
    app.reset();
    expect(await ask([`cas360:${long}`], fields, replica)).toEqual(first);
    expect(first).toEqual([{ id: `cas360:${long}`, name: 'Long', address: { id: `cas360:${long}` }, representatives: [{ id: `cas360:${long}` }, { id: 'cas360:9007199254740995' }] }]);
    expect(app.calls()).toEqual(none);
  });
});

describe('A shared cache that is broken is an empty one', () => {
  const truth = [{ name: 'Fancy Southern Africa Cat Council', address: { city: 'MELBOURNE' } }];
  const council = () => ask(['cas360:54'], 'name address { city }');
  /** The key under which the council is kept, with its address's beside it. */
  const councilKeys = async (): Promise<string[]> => {
    await council();
    const kept = await untilKept(server, 2);
    app.reset();
    return kept;
  };

  test('when it is gone', async () => {
    await proxy.set('refuse');
    await untilRedisIsUp(app, false);
    expect(await council()).toEqual(truth);
    expect(app.calls()).toEqual({ ...none, cas360: 1, addresses: 1 });
  });

  test('when it hangs', async () => {
    await councilKeys();
    endPatience();
    await proxy.set('blackhole');
    expect(await council()).toEqual(truth);
    expect(await council()).toEqual(truth);
    expect((await metrics(app)).some((line) => /^contacts_cache_lookups_total{.*outcome="error"} [1-9]/.test(line))).toBe(true);
    await proxy.set();
    proxy.cut();
  });

  test.each([
    ['nonsense', 'nonsense'],
    ['truncated', 'f{"id":54,"name":"Wro'],
    ['of another id', 'f{"id":55,"name":"Wrong"}'],
  ])('where an entry is %s, and it is mended', async (_, text) => {
    const keys = await councilKeys();
    await server.ask((client) => Promise.all(keys.map((key) => client.set(key, text))));
    expect(await council()).toEqual(truth);
    expect(app.calls()).toEqual({ ...none, cas360: 1, addresses: 1 });
    app.reset();
    await until('both are kept anew', () => server.ask(async (client) => {
      const kept = await client.keys('contacts:cache:*');
      return kept.length >= 2 && !(await client.mGet(kept)).includes(text);
    }));
    expect(await council()).toEqual(truth);
    expect(app.calls()).toEqual(none);
  });

  test('where an entry is no text at all', async () => {
    for (const key of await councilKeys()) {
      await server.ask((client) => client.del(key));
      await server.ask((client) => client.lPush(key, 'f{"id":54,"name":"Wrong"}'));
    }
    expect(await council()).toEqual(truth);
  });

  test('only for the entry that is', async () => {
    await ask(['cas360:1001', 'cas360:1002', 'cas360:1003']);
    const kept = await untilKept(server, 3);
    await server.ask((client) => client.set(kept.find((key) => key.endsWith(':1002'))!, 'f{'));
    app.reset();
    expect(await ask(['cas360:1001', 'cas360:1002', 'cas360:1003'])).not.toContain(null);
    expect(app.sandbox.cas360.calls.map(({ ids }) => ids)).toEqual([['1002']]);
  });

  test('whatever JSON somebody puts there: no error, no pollution, nobody else’s contact', async () => {
    const [councilKey] = (await councilKeys()).filter((key) => key.endsWith(':54'));
    const json = fc.oneof(
      fc.json(),
      fc.dictionary(fc.constantFrom('name', 'contactType', 'addressId', 'representativeIds', 'email', '__proto__', 'constructor', 'toString', 'then'), fc.jsonValue()).map((values) => JSON.stringify({ ...values, id: 54 })),
      fc.json().map((value) => `{"id":54,"__proto__":{"name":"polluted","polluted":${value}},"constructor":{"prototype":${value}}}`),
    );
    await server.ask((client) => fc.assert(
      fc.asyncProperty(fc.constantFrom('f', 'p'), json, async (mark, text) => {
        await client.set(councilKey!, mark + text);
        const { status, data } = await app.query('{ contact(id: "cas360:54") { id name firstName contactType emailAddresses { address } representatives { id } } }');
        expect(status).toBe(200);
        expect(data.contact.id).toBe('cas360:54');
        expect(data.contact.name).not.toBe('polluted');
        expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
      }),
      { numRuns: LONG_RUN ? 2_000 : 50 },
    ));
  }, 60_000);

  test('and changes no answer, be it well or not', async () => {
    const plain = await startTestApp();
    try {
      await fc.assert(
        fc.asyncProperty(operations, fc.constantFrom('well', 'gone', 'cut'), async ({ query, variables }, is) => {
          if (is === 'cut') proxy.cut();
          await proxy.set(is === 'gone' ? 'refuse' : undefined);
          const expected = await plain.query(query, { ...variables });
          const cached = await app.query(query, { ...variables });
          expect([cached.status, cached.data, errorsIn(cached)]).toEqual([expected.status, expected.data, errorsIn(expected)]);
        }),
        { numRuns: LONG_RUN ? 1_000 : 30 },
      );
    } finally {
      await plain.stop();
    }
  }, 120_000);
});

describe('Without a time to keep things', () => {
  test('nothing of a contact is in Redis', async () => {
    const uncached = await startTestApp({ REDIS_URL: server.url });
    try {
      await untilRedisIsUp(uncached);
      for (let n = 0; n < 2; n++) await ask(EVERYTHING, FIELDS, uncached);
      expect(await keysIn(server)).toEqual([]);
      expect(uncached.calls().pms).toBe(4);
      expect((await metrics(uncached)).some((line) => line.startsWith('contacts_cache_lookups_total{'))).toBe(false);
    } finally {
      await uncached.stop();
    }
  });
});
