import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ERRORS } from '../../src/errors.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { KEYS } from '../mapping/keys.js';
import { freePort } from '../support/freePort.js';
import { idsFrom, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { Scrape } from './support/metrics.js';

jest.setTimeout(60_000);

const OPERATIONS = 'contacts_operation_seconds_count';
const CALLS = 'contacts_upstream_call_seconds_count';
const PMS = { source: 'PMS' };
const CAS360 = { source: 'CAS360' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({}, { compilingShare: Infinity });
});
beforeEach(() => app.reset());
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => app.stop());

/** Resolves to the first look at the metrics that shows `when`. */
function shown(subgraph: TestApp, when: (metrics: Scrape) => boolean): Promise<Scrape> {
  return until('the metrics show it', async () => {
    const metrics = await Scrape.of(subgraph.url);
    return when(metrics) && metrics;
  });
}

/** By how much the sample with these labels grew while `work` went on. */
async function growth(work: () => Promise<unknown>, name: string, labels: Record<string, string>): Promise<number> {
  const before = await Scrape.of(app.url);
  await work();
  return (await Scrape.of(app.url)).value(name, labels) - before.value(name, labels);
}

describe('/metrics', () => {
  test('says of each family what it is, and of which type', async () => {
    await app.query('{ contacts(ids: ["cas360:54", "pms:4711"]) { name } }');
    const { families, text } = await Scrape.of(app.url);
    expect(families.length).toBeGreaterThan(30);
    for (const { name, help, type } of families) {
      expect({ name, type }).toEqual({ name, type: expect.stringMatching(/^(COUNTER|GAUGE|HISTOGRAM|SUMMARY)$/) });
      expect({ name, help }).toEqual({ name, help: expect.stringMatching(/^\w.{10,}/) });
    }
    // The parser gives a family to whatever it meets.
    expect(text.match(/^# HELP /gm)).toHaveLength(families.length);
    expect(families.filter(({ name, help }) => name.startsWith('contacts_') && !help.endsWith('.'))).toEqual([]);
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
  });

  test('tells of the event loop and the process', async () => {
    const metrics = await Scrape.of(app.url);
    for (const name of ['nodejs_eventloop_lag_seconds', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_heap_size_used_bytes', 'process_cpu_seconds_total', 'nodejs_gc_duration_seconds']) {
      expect(metrics.families.map((family) => family.name)).toContain(name);
    }
    expect(metrics.value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1_000_000);
  });

  test('tells of Redis where there is one to tell of', async () => {
    expect((await Scrape.of(app.url)).families.map(({ name }) => name)).not.toContain('contacts_redis_up');
    const shared = await startTestApp({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    const metrics = await Scrape.of(shared.url);
    expect(metrics.value('contacts_redis_up')).toBe(0);
    expect([metrics.value('contacts_redis_problem', { problem: 'away' }), metrics.value('contacts_redis_problem', { problem: 'wrong-password' })]).toEqual([1, 0]);
    await shared.stop();
  });
});

describe('operations', () => {
  const TOO_MANY = idsFrom('cas360', 1, 1_001);

  test.each([
    ['Whole', 'ok', 'query Whole { contact(id: "cas360:54") { name } }', {}],
    ['anonymous', 'ok', '{ contact(id: "cas360:54") { name } }', {}],
    ['Absent', 'ok', 'query Absent { contact(id: "cas360:8999999") { name } }', {}],
    ['Part', 'partial', 'query Part { contacts(ids: ["cas360:54", "nobody"]) { name } }', {}],
    ['Denied', 'partial', 'query Denied { contact(id: "cas360:54") { dateOfBirth } }', {}],
    ['Nothing', 'refused', 'query Nothing($ids: [ID!]!) { contacts(ids: $ids) { id } }', { ids: TOO_MANY }],
    ['anonymous', 'refused', 'query Broken {', {}],
    ['anonymous', 'refused', 'query Unknown { nobody }', {}],
    ['anonymous', 'refused', 'query Unfit($ids: [ID!]!) { contacts(ids: $ids) { id } }', { ids: [{}] }],
    ['anonymous', 'refused', `query Deep { contact(id: "cas360:54") { ${'representatives { '.repeat(13)}id${' }'.repeat(13)} } }`, {}],
  ])('are counted by name and outcome: %s %s', async (operation, outcome, query, variables) => {
    const before = await Scrape.of(app.url);
    // Interpreted, compiled, and compiled before.
    for (let sight = 0; sight < 3; sight++) await app.query(query, variables);
    const after = await Scrape.of(app.url);
    expect(after.value(OPERATIONS, { operation, outcome }) - before.value(OPERATIONS, { operation, outcome })).toBe(3);
    const all = (metrics: Scrape): number => metrics.samples(OPERATIONS).reduce((sum, { value }) => sum + value, 0);
    expect(all(after) - all(before)).toBe(3);
  });

  test('are timed', async () => {
    app.sandbox.cas360.faults.set([{ latencyMs: 120 }]);
    await app.query('query Slow { contact(id: "cas360:54") { name } }');
    const metrics = await Scrape.of(app.url);
    const slow = { operation: 'Slow', outcome: 'ok' };
    expect(metrics.value('contacts_operation_seconds_sum', slow)).toBeGreaterThanOrEqual(0.119);
    // Seconds: it has three at most.
    expect(metrics.value('contacts_operation_seconds_sum', slow)).toBeLessThan(100);
    const within = (le: string): number => metrics.value('contacts_operation_seconds_bucket', { ...slow, le });
    expect([within('0.1'), within('+Inf')]).toEqual([0, 1]);
  });

  test('have a hundred names at most, however many callers make up, or how long', async () => {
    const crowded = await startTestApp();
    const ask = (name: string): Promise<unknown> => crowded.query(`query ${name} { __typename }`);
    await ask('Long'.repeat(4_000));
    for (let done = 0; done < 500; done += 100) await Promise.all(Array.from({ length: 100 }, (_, n) => ask(`Drawn${done + n}`)));
    const metrics = await Scrape.of(crowded.url);
    await crowded.stop();
    const samples = metrics.samples(OPERATIONS);
    expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(501);
    expect(samples).toHaveLength(101);
    expect(metrics.value(OPERATIONS, { operation: 'other', outcome: 'ok' })).toBe(401);
    expect(metrics.text.length).toBeLessThan(500_000);
  });

  test('that invent names leave room for those that are used, and the series of the invented ones go', async () => {
    const crowded = await startTestApp();
    const ask = (name: string): Promise<unknown> => crowded.query(`query ${name} { __typename }`);
    const named = async (): Promise<string[]> => (await Scrape.of(crowded.url)).samples(OPERATIONS).map(({ operation }) => operation!);
    for (let n = 0; n < 100; n++) await ask(`Invented${n}`);
    expect(await named()).toHaveLength(100);
    for (const name of ['Used', 'Once', 'Used']) await ask(name);
    const metrics = await Scrape.of(crowded.url);
    await crowded.stop();
    expect(metrics.value(OPERATIONS, { operation: 'Used' })).toBe(1);
    expect(metrics.value(OPERATIONS, { operation: 'other' })).toBe(2);
    const buckets = metrics.samples('contacts_operation_seconds_bucket').map(({ operation }) => operation);
    expect(new Set(buckets).size).toBe(101);
    expect(metrics.samples(OPERATIONS).filter(({ operation }) => operation!.startsWith('Invented'))).toHaveLength(99);
  });
});

describe('calls to the systems', () => {
  test('are counted by what was asked and what became of it, with how many ids they named', async () => {
    const bulk = { ...CAS360, resource: 'contacts' };
    const before = await Scrape.of(app.url);
    await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: [...idsFrom('cas360', 1_001, 30), 'pms:4711', 'pms:8999999'] });
    const after = await Scrape.of(app.url);
    const grown = (labels: Record<string, string>): number => after.value(CALLS, labels) - before.value(CALLS, labels);
    expect([grown({ ...bulk, outcome: '200' }), grown({ ...PMS, outcome: '200' }), grown({ ...PMS, outcome: '404' })]).toEqual([1, 1, 1]);
    expect(after.value('contacts_upstream_call_ids_sum', bulk) - before.value('contacts_upstream_call_ids_sum', bulk)).toBe(30);
  });

  test('that are sent again are counted: after a failure, and with a new token', async () => {
    app.sandbox.cas360.faults.set([{ status: 503, times: 1 }]);
    app.sandbox.pms.revokeTokens();
    const before = await Scrape.of(app.url);
    await app.query('{ contacts(ids: ["cas360:54", "pms:4711"]) { name } }');
    const after = await Scrape.of(app.url);
    for (const source of [PMS, CAS360]) expect(after.value('contacts_upstream_retries_total', source) - before.value('contacts_upstream_retries_total', source)).toBe(1);
  });

  const asked = { ...CAS360, resource: 'contacts' };

  test('that are not answered yet are told as under way, and the ids behind them as waiting', async () => {
    const letGo = app.sandbox.cas360.hold();
    const ask = (n: number): Promise<unknown> => app.query(`{ contact(id: "cas360:${1_001 + n}") { name } }`);
    const held: Promise<unknown>[] = [];
    // One after the other: what is wanted in the same turn goes out in one call.
    for (let n = 0; n < 4; n++) {
      held.push(ask(n));
      await app.underWay(n + 1);
    }
    held.push(ask(4), ask(5));
    const metrics = await shown(app, (now) => now.value('contacts_queue_ids', asked) === 2);
    expect(metrics.value('contacts_calls_under_way', asked)).toBe(4);
    letGo();
    await Promise.all(held);
    const after = await shown(app, (now) => now.value('contacts_calls_under_way', asked) === 0);
    expect(after.value('contacts_queue_ids', asked)).toBe(0);
  });

  test('that hang are counted when their time is over, and are under way no longer', async () => {
    const hurried = await startTestApp({ CAS360_TIMEOUT_MS: '300' });
    hurried.sandbox.cas360.faults.set([{ on: 'contacts', hang: true }]);
    // On a busy machine, the time may be over before there is a call.
    const metrics = await until('a call has hung', async () => {
      await hurried.query('{ contact(id: "cas360:54") { name } }');
      const now = await Scrape.of(hurried.url);
      return now.value(CALLS, { ...asked, outcome: 'UPSTREAM_TIMEOUT' }) > 0 && now;
    });
    expect(metrics.value('contacts_calls_under_way', asked)).toBe(0);
    await hurried.stop();
  });
});

describe('the state of a system', () => {
  test('tells its breaker: closed, open, trying, open, and closed again', async () => {
    const broken = await startTestApp({}, { breakersAreOff: false });
    const openness = (metrics: Scrape): number => metrics.value('contacts_breaker_open', CAS360);
    const ask = (signal?: AbortSignal): Promise<unknown> =>
      fetch(`${broken.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ contact(id: \\"cas360:54\\") { name } }"}', ...(signal && { signal }) });
    const now = performance.now.bind(performance);
    let aheadMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);

    expect(openness(await Scrape.of(broken.url))).toBe(0);
    broken.sandbox.cas360.faults.set([{ status: 500 }]);
    for (let n = 0; n < 60; n++) await ask();
    expect(openness(await Scrape.of(broken.url))).toBe(1);

    aheadMs += 5_001;
    broken.sandbox.cas360.resetCalls();
    const letGo = broken.sandbox.cas360.hold();
    const leaving = new AbortController();
    const trying = ask(leaving.signal).catch(() => {});
    await broken.underWay(1);
    expect(openness(await Scrape.of(broken.url))).toBe(0.5);
    leaving.abort();
    await trying;
    // The call that tries goes on without its caller. Then the same id has to wait a second longer than others.
    letGo();
    await shown(broken, (metrics) => openness(metrics) === 1);

    aheadMs += 6_001;
    broken.reset();
    await ask();
    const after = await Scrape.of(broken.url);
    expect([openness(after), after.value('contacts_breaker_open', PMS)]).toEqual([0, 0]);
    await broken.stop();
  });

  test('tells the pause that it asked for', async () => {
    const paused = await startTestApp();
    const left = async (source: Record<string, string>): Promise<number> => (await Scrape.of(paused.url)).value('contacts_upstream_pause_seconds', source);
    expect(await left(PMS)).toBe(0);
    paused.sandbox.pms.faults.set([{ status: 429, retryAfter: '30', times: 1 }]);
    await paused.query('{ contact(id: "pms:4711") { name } }');
    const first = await left(PMS);
    expect(first).toBeGreaterThan(15);
    expect(first).toBeLessThanOrEqual(30);
    expect(await left(PMS)).toBeLessThan(first);
    expect(await left(CAS360)).toBe(0);
    await paused.stop();
  });

  test('tells the age of its token, once there is one, and the requests for it', async () => {
    const fresh = await startTestApp();
    const AGE = 'contacts_token_age_seconds';
    const requests = (metrics: Scrape, outcome: string): number => metrics.value('contacts_token_requests_total', { ...PMS, outcome });
    const first = await Scrape.of(fresh.url);
    expect([first.samples(AGE), first.find('contacts_token_failures', PMS)?.value]).toEqual([[], 0]);
    fresh.sandbox.pms.faults.set([{ on: 'token', status: 500, times: 1 }]);
    await fresh.query('{ contact(id: "pms:4711") { name } }');
    const failed = await Scrape.of(fresh.url);
    expect([requests(failed, 'granted'), requests(failed, 'failed'), failed.find(AGE, PMS), failed.value('contacts_token_failures', PMS)]).toEqual([0, 1, undefined, 1]);

    fresh.reset();
    // The endpoint is left alone for a second after a failure.
    await until('the calls are forgotten', () => fresh.sandbox.pms.calls.length === 0);
    await until('a token is granted', async () => (await fresh.query('{ contact(id: "pms:4711") { name } }')).errors === undefined);
    const granted = await Scrape.of(fresh.url);
    expect([requests(granted, 'granted'), granted.find('contacts_token_failures', PMS)?.value]).toEqual([1, 0]);
    const age = granted.value(AGE, PMS);
    expect(age).toBeGreaterThanOrEqual(0);
    expect((await Scrape.of(fresh.url)).value(AGE, PMS)).toBeGreaterThan(age);
    await fresh.stop();
  });
});

describe('values that cannot be used', () => {
  test('are counted by their field', async () => {
    app.sandbox.cas360.faults.set([{ on: 'contacts', patch: { contactType: 'Robot' } }]);
    app.sandbox.pms.faults.set([{ patch: { dateOfBirth: 'long ago' } }]);
    const headers = await app.bearer('contact:identity');
    const ask = (): Promise<unknown> => app.query('{ contacts(ids: ["cas360:54", "pms:4711"]) { contactType dateOfBirth } }', {}, headers);
    for (let sight = 0; sight < 2; sight++) {
      expect(await growth(ask, 'contacts_upstream_drift_total', { ...CAS360, field: 'contactType' })).toBe(1);
      expect(await growth(ask, 'contacts_upstream_drift_total', { ...PMS, field: 'dateOfBirth' })).toBe(1);
    }
  });
});

describe('the cache', () => {
  test('tells what it had and what it had not', async () => {
    const cached = await startTestApp({ CACHE_TTL_SECONDS: '60' });
    await cached.query('{ contact(id: "cas360:54") { name } }');
    await cached.query('{ contacts(ids: ["cas360:54", "cas360:555742", "cas360:1001"]) { name } }');
    const metrics = await Scrape.of(cached.url);
    const lookups = (outcome: string): number => metrics.value('contacts_cache_lookups_total', { ...CAS360, resource: 'contacts', outcome });
    expect([lookups('hit'), lookups('miss'), lookups('error')]).toEqual([1, 3, 0]);
    await cached.stop();
    expect((await Scrape.of(app.url)).samples('contacts_cache_lookups_total')).toEqual([]);
  });
});

test('The refresh token is usable or not once its state is known, and no sample says so before', async () => {
  const metrics = new Metrics();
  const token = { state: undefined as string | undefined, storeProblem: 'away', isUnkept: false };
  metrics.watchRefreshToken(token);
  const said: unknown[] = [];
  for (token.state of [undefined, 'usable', 'refused', undefined]) said.push(/^contacts_refresh_token_usable (\S+)$/m.exec((await metrics.text(undefined)).body)?.[1]);
  expect(said).toEqual([undefined, '1', '0', undefined]);
});

/** The labels of Node's own metrics, and the bounds of histograms. */
const NODES_OWN = ['le', 'kind', 'type', 'space', 'version', 'major', 'minor', 'patch'];

describe('labels', () => {
  test('hold words of this program and statuses, beside the names of operations', async () => {
    await app.query('query Canary($ids: [ID!]!) { contacts(ids: $ids) { name email address { city } } }', { ids: ['pms:4711', 'cas360:54', 'cas360:8123456', 'canary'] }, await app.bearer('contact:identity'));
    const words = ['PMS', 'CAS360', 'contacts', 'addresses', 'ok', 'partial', 'failed', 'refused', 'granted', 'hit', 'miss', 'error', ...Object.keys(ERRORS), ...KEYS.flatMap(({ key }) => key.split('.'))];
    const samples = (await Scrape.of(app.url)).samples();
    const labels = samples.flatMap(({ value: _value, ...rest }) => Object.entries(rest as Record<string, string>)).filter(([label]) => !NODES_OWN.includes(label));
    const strange = labels.filter(([label, value]) => label !== 'operation' && !words.includes(value) && !/^[1-5]\d\d$/.test(value));
    expect(strange).toEqual([]);
    expect(new Set(labels.map(([label]) => label))).toEqual(new Set(['operation', 'outcome', 'source', 'resource', 'field']));
  });
});
