import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { batch, CANARY, expectBatches, expectEach, fillBudgets, nameEverybody, numberOf, plant, SYSTEMS, type Outcome } from './truth.js';

// The fault table, without what needs TLS, a name server or another process.

let app: TestApp;

async function start(): Promise<void> {
  app = await startTestApp();
  nameEverybody(app.sandbox);
}

beforeAll(start);
beforeEach(() => app.reset());
afterAll(() => app.stop());

/** A status that answers every call of an upstream, and what each id becomes by it. */
const STATUSES: [status: number, outcome: Outcome, headers?: Record<string, string>][] = [
  [500, 'UPSTREAM_UNAVAILABLE'],
  [502, 'UPSTREAM_UNAVAILABLE'],
  [503, 'UPSTREAM_UNAVAILABLE'],
  [504, 'UPSTREAM_UNAVAILABLE'],
  [599, 'UPSTREAM_UNAVAILABLE'],
  [429, 'UPSTREAM_RATE_LIMITED'],
  [401, 'UPSTREAM_AUTH_FAILED'],
  [403, 'UPSTREAM_AUTH_FAILED'],
  [400, 'UPSTREAM_INVALID_RESPONSE'],
  [405, 'UPSTREAM_INVALID_RESPONSE'],
  [408, 'UPSTREAM_INVALID_RESPONSE'],
  [410, 'UPSTREAM_INVALID_RESPONSE'],
  [413, 'UPSTREAM_INVALID_RESPONSE'],
  [414, 'UPSTREAM_INVALID_RESPONSE'],
  [418, 'UPSTREAM_INVALID_RESPONSE'],
  [431, 'UPSTREAM_INVALID_RESPONSE'],
  [201, 'UPSTREAM_INVALID_RESPONSE'],
  [204, 'UPSTREAM_INVALID_RESPONSE'],
  [206, 'UPSTREAM_INVALID_RESPONSE', { 'content-range': 'bytes 0-9/100' }],
  [301, 'UPSTREAM_INVALID_RESPONSE', { location: 'http://canary.invalid/' }],
  [302, 'UPSTREAM_INVALID_RESPONSE', { location: '/contacts/54' }],
  [304, 'UPSTREAM_INVALID_RESPONSE'],
];

describe.each(STATUSES)('%i to everything is %s', (status, outcome, headers) => {
  test.each(SYSTEMS)('of %s, in batches of every size', async (system) => {
    plant(app, system, { status, body: CANARY, ...(headers && { headers }) });
    await expectBatches(app, system, () => outcome);
  });
});

/** What the system says of an id that it does not know. */
const NO_SUCH: object = { status: 404, body: JSON.stringify({ message: CANARY }) };

describe('404', () => {
  test('for everything of the PMS means that there is none of it', async () => {
    plant(app, 'pms', NO_SUCH);
    await expectEach(app, batch('pms', 50), () => 'none');
  });

  test('for whole calls of CAS 360 means that there is none of the ids that were asked for alone, and errors for the others', async () => {
    plant(app, 'cas360', NO_SUCH);
    const ids = batch('cas360', 500);
    const others = 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } }';
    const { data, errors = [] } = await app.query(others, { ids });
    const alone = new Set(app.sandbox.cas360.calls.filter((call) => call.ids.length === 1).map((call) => call.ids[0]));
    expect(data.contacts).toEqual(ids.map(() => null));
    const places = ids.flatMap((id, i) => (alone.has(numberOf(id)) ? [] : [i]));
    expect(errors.map(({ path, extensions }) => [path![1], extensions.code])).toEqual(places.map((i) => [i, 'UPSTREAM_INVALID_RESPONSE']));
  });

  test.each(SYSTEMS.flatMap((system) => ['', ' ', CANARY, '404', '<html><body>404 page not found</body></html>', '{"message":'].map((body) => [system, body] as const)))('of a gateway before %s is an error: %j', async (system, body) => {
    plant(app, system, { status: 404, body, contentType: 'text/html' });
    await expectBatches(app, system, () => 'UPSTREAM_INVALID_RESPONSE');
  });

  test.each(['{}', '{"message":"gone"}', '"gone"', 'null', '[]'])('with any JSON is the word of the system: %j', async (body) => {
    for (const contentType of ['application/json', 'application/problem+json', 'text/plain']) {
      plant(app, 'pms', { status: 404, body, contentType });
      await expectEach(app, batch('pms', 2), () => 'none');
    }
  });
});

/** What one more attempt may mend, and what it would not. */
const PASSING: object[] = [{ status: 502 }, { status: 503 }, { status: 504 }, { reset: 'before-headers' }, { reset: 'mid-body' }, { truncate: true }];
const LASTING: object[] = [{ status: 500 }, { status: 501 }, { status: 400 }, { status: 403 }, { status: 404 }, { status: 408 }, { status: 429 }, { brokenJson: true }];

describe.each(SYSTEMS)('one more attempt at %s', (system) => {
  const ids = batch(system, 1);
  const only = (fault: object): object => ({ ...fault, ids: [numberOf(ids[0]!)] });
  const callsFor = (id: string): number => app.sandbox[system].calls.filter((call) => call.ids.includes(numberOf(id))).length;
  // What LASTING holds spends nothing of it.
  beforeAll(() => {
    app.reset();
    return fillBudgets(app);
  });

  test.each(LASTING)('is not made after %j', async (fault) => {
    plant(app, system, { ...only(fault), times: 1 });
    await app.query('query ($id: ID!) { contact(id: $id) { name } }', { id: ids[0] });
    expect(app.calls()[system]).toBe(1);
  });

  test.each(PASSING)('mends %j that passes, and is the last where it lasts', async (fault) => {
    await fillBudgets(app);
    app.reset();
    plant(app, system, { ...only(fault), times: 1 });
    await expectEach(app, ids, () => 'right');
    expect(callsFor(ids[0]!)).toBe(2);
    // The attempt that helped was refunded.
    app.reset();
    plant(app, system, only(fault));
    await expectEach(app, ids, () => 'UPSTREAM_UNAVAILABLE');
    // On a connection that carried answers before, each attempt is sent again once if no byte of an answer comes.
    const most = 'reset' in fault && fault.reset === 'before-headers' ? 4 : 2;
    expect(callsFor(ids[0]!)).toBeGreaterThanOrEqual(2);
    expect(callsFor(ids[0]!)).toBeLessThanOrEqual(most);
  });

  test('is paid from a budget: with everything down, 500 calls bring hardly more', async () => {
    const fresh = await startTestApp({ CAS360_MAX_IDS: '1' });
    try {
      plant(fresh, system, { status: 503 });
      await fresh.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: batch(system, 500) });
      expect(fresh.calls()[system]).toBeGreaterThan(500);
      expect(fresh.calls()[system]).toBeLessThanOrEqual(500 * 1.1);
    } finally {
      await fresh.stop();
    }
  });
});

describe('one poisoned id costs itself', () => {
  const poisons: [number, Outcome][] = [
    [400, 'UPSTREAM_INVALID_RESPONSE'],
    [404, 'none'],
    [413, 'UPSTREAM_INVALID_RESPONSE'],
    [414, 'UPSTREAM_INVALID_RESPONSE'],
    [500, 'UPSTREAM_UNAVAILABLE'],
  ];

  const poisonOf = (status: number): object => (status === 404 ? NO_SUCH : { status, body: CANARY });

  test.each(poisons)('with %i, wherever it stands among 50 or 500: %s', async (status, outcome) => {
    for (const [size, place] of [[50, 0], [50, 31], [500, 0], [500, 499], [500, 257]] as const) {
      const ids = batch('cas360', size);
      plant(app, 'cas360', { ...poisonOf(status), ids: [numberOf(ids[place]!)] });
      await expectEach(app, ids, (_, i) => (i === place ? outcome : 'right'));
    }
  });

  test.each(poisons)('with %i, one in each of five chunks: %s', async (status, outcome) => {
    const ids = batch('cas360', 500);
    const poisoned = new Set([17, 133, 250, 399, 400].map((place) => ids[place]!));
    plant(app, 'cas360', { ...poisonOf(status), ids: [...poisoned].map(numberOf) });
    await expectEach(app, ids, (id) => (poisoned.has(id) ? outcome : 'right'));
    expect(app.calls().cas360).toBeLessThanOrEqual(100);
  });
});

describe('faults on k ids of the PMS', () => {
  const faults: [object, Outcome][] = [
    [{ status: 503, body: CANARY }, 'UPSTREAM_UNAVAILABLE'],
    [{ reset: 'mid-body' }, 'UPSTREAM_UNAVAILABLE'],
    [NO_SUCH, 'none'],
    [{ status: 404, body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ status: 400, body: CANARY }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ wrongId: true }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ brokenJson: true }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ status: 429, body: CANARY }, 'UPSTREAM_RATE_LIMITED'],
  ];

  // Each id is a call, so the most that one operation may ask for are asked for once only.
  const cases = faults.flatMap(([fault, outcome], n) => [1, 7, 99].map((k) => ({ fault, outcome, k, size: n === 0 && k === 7 ? 500 : 100 })));

  test.each(cases)('$fault, k = $k of $size: $outcome', async ({ fault, outcome, k, size }) => {
    // After a refusal for the rate of calls, an app may make only a few a second.
    if (outcome === 'UPSTREAM_RATE_LIMITED') {
      await app.stop();
      await start();
    }
    const ids = batch('pms', size);
    const hit = new Set(spread(ids, k));
    plant(app, 'pms', { ...fault, ids: [...hit].map(numberOf) });
    await expectEach(app, ids, (id) => (hit.has(id) ? outcome : 'right'));
  });
});

/** k of the ids, far from one another. */
function spread(ids: readonly string[], k: number): string[] {
  return Array.from({ length: k }, (_, n) => ids[(n * 71 + 3) % ids.length]!);
}

