import { afterEach, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { allOf } from './standIn.js';
import { CANARY, nameEverybody, plant, SYSTEMS } from './truth.js';

const apps: TestApp[] = [];
/** With breakers, as in production. */
async function fresh(settings: Record<string, string> = {}): Promise<TestApp> {
  const app = await startTestApp(settings, { breakersAreOff: false });
  apps.push(app);
  nameEverybody(app.sandbox);
  return app;
}
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

const OF = { pms: ['pms:5001', '5001'], cas360: ['cas360:1001', '1001'] } as const;
const ids = (prefix: string, from: number, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}:${from + n}`);

/** What the errors of an answer say, by their places. */
async function errorsOf(app: TestApp, query: string, variables: Record<string, unknown> = {}): Promise<Record<string, object>> {
  const { errors = [] } = await app.query(query, variables);
  return Object.fromEntries(errors.map(({ path, extensions }) => [path!.join('.'), extensions]));
}

const ONE = 'query ($id: ID!) { contact(id: $id) { name } }';
const MANY = 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } }';

describe.each(SYSTEMS)('A pause that %s asks for', (system) => {
  const [id] = OF[system];
  const source = system.toUpperCase();

  test.each([
    [429, 'UPSTREAM_RATE_LIMITED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ])('with %i is told with how long it lasts, and one call is made in it', async (status, code) => {
    const app = await fresh();
    plant(app, system, { status, retryAfter: '60', body: CANARY });
    app.sandbox[system].resetCalls();
    for (let n = 0; n < 3; n++) {
      const { contact } = await errorsOf(app, ONE, { id });
      expect(contact).toEqual({ code, retryable: true, source, retryAfterSeconds: expect.any(Number) });
      const { retryAfterSeconds } = contact as { retryAfterSeconds: number };
      // A busy machine lets some seconds pass before it is told.
      expect(retryAfterSeconds > 40 && retryAfterSeconds <= 60).toBe(true);
    }
    expect(app.calls()[system]).toBe(1);
  });
});

test.each(SYSTEMS)('A pause that %s asks for, of whatever length, is as long as MAX_PAUSE_SECONDS', async (system) => {
  const [id] = OF[system];
  // Side by side: each waits for its end.
  const lengths = ['1795000000', '86400', 'Fri, 31 Dec 9999 23:59:59 GMT', `1${'0'.repeat(400)}`];
  await allOf(
    lengths.map(async (retryAfter) => {
      const app = await fresh({ MAX_PAUSE_SECONDS: '1' });
      plant(app, system, { status: 429, retryAfter, times: 1 });
      expect(await errorsOf(app, ONE, { id })).toMatchObject({ contact: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 1 } });
      // It waits for the end, and is served.
      expect(await errorsOf(app, ONE, { id })).toEqual({});
    }),
  );
});

describe('A few records that always fail', () => {
  test.each([
    ['with 500', { status: 500, body: CANARY }],
    ['with 503', { status: 503, body: CANARY }],
    ['with a cut connection', { reset: 'before-headers' }],
    ['with no JSON', { body: CANARY }],
  ])('%s cost no other, however often they are asked for', async (_how, fault) => {
    const app = await fresh();
    const bad = ['5001', '5002', '5003'];
    plant(app, 'pms', { ...fault, ids: bad });
    for (let round = 0; round < 25; round++) {
      const others = ids('pms', 5010 + 2 * round, 2);
      const all = [...bad.map((one) => `pms:${one}`), ...others, 'cas360:1001'];
      const errors = await errorsOf(app, MANY, { ids: all });
      expect(Object.keys(errors)).toEqual(['contacts.0', 'contacts.1', 'contacts.2']);
    }
  });

  test('cost no other after a quiet time in which only they were asked for', async () => {
    const app = await fresh();
    plant(app, 'pms', { status: 503, body: CANARY, ids: ['5001'] });
    for (let round = 0; round < 15; round++) await app.query(ONE, { id: 'pms:5001' });
    expect(Object.keys(await errorsOf(app, MANY, { ids: [...ids('pms', 5010, 30), 'pms:5001'] }))).toEqual(['contacts.30']);
  });
});

test.each([
  ['503', { status: 503, body: CANARY }],
  ['no connection', { reset: 'before-headers' }],
])('If only the addresses of CAS 360 fail (%s), no contact is lost', async (_how, fault) => {
  const app = await fresh();
  plant(app, 'cas360', { on: 'addresses', ...fault });
  for (let round = 0; round < 15; round++) {
    const some = ids('cas360', 1001 + round, 10);
    const { data, errors = [] } = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name address { city } } }', { ids: some });
    expect(data.contacts.filter((contact: object | null) => contact === null)).toEqual([]);
    for (const { path } of errors) expect(path!.at(-1)).toBe('address');
  }
});

test('One call to each system that hangs costs nobody an answer', () =>
  // Side by side: each waits for the end of that call.
  allOf(
    SYSTEMS.map(async (system) => {
      const [id] = OF[system];
      const app = await fresh({ ATTEMPT_TIMEOUT_MS: '3000' });
      plant(app, system, { hang: true, times: 1 });
      const ask = (): Promise<Record<string, object>>[] => Array.from({ length: 20 }, () => errorsOf(app, ONE, { id }));
      const early = ask();
      await until('that call is given up', () => app.sandbox[system].calls.some(({ aborted }) => aborted));
      expect(await Promise.all([...early, ...ask()])).toEqual(Array.from({ length: 40 }, () => ({})));
    }),
  ));

describe.each(SYSTEMS)('A record of %s that is refused whatever the token is', (system) => {
  test.each([401, 403])('(%i) brings one new token at most, and costs no other', async (status) => {
    const [id, number] = OF[system];
    const app = await fresh();
    plant(app, system, { status, body: CANARY, ids: [number] });
    await app.query(ONE, { id: system === 'pms' ? 'pms:5050' : 'cas360:1050' });
    app.sandbox[system].resetCalls();
    for (let round = 0; round < 10; round++) {
      expect(await errorsOf(app, ONE, { id })).toMatchObject({ contact: { code: 'UPSTREAM_AUTH_FAILED' } });
      expect(await errorsOf(app, ONE, { id: system === 'pms' ? `pms:${5060 + round}` : `cas360:${1060 + round}` })).toEqual({});
    }
    const tokens = app.sandbox[system].calls.filter(({ kind }) => kind === 'token');
    expect(tokens).toHaveLength(status === 401 ? 1 : 0);
  });
});

test.each(SYSTEMS)('What %s takes too long for is missing after its time, and the rest of the answer is there', async (system) => {
  const other = system === 'pms' ? 'cas360' : 'pms';
  // Nothing else ends the call before the test's own time limit.
  const app = await fresh({ [`${system.toUpperCase()}_TIMEOUT_MS`]: '300' });
  plant(app, system, { hang: true });
  const errors = await errorsOf(app, MANY, { ids: [OF[system][0], OF[other][0]] });
  expect(errors).toEqual({ 'contacts.0': { code: 'UPSTREAM_TIMEOUT', retryable: true, source: system.toUpperCase() } });
});
