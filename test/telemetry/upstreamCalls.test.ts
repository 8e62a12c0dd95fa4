import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ShownCall } from '../../src/graphql/plugins/upstreamCalls.js';
import { Gatherer } from '../../src/loaders/gatherer.js';
import { BOTH_WAYS, idsFrom, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { Scrape } from './support/metrics.js';

jest.setTimeout(30_000);

interface Reported {
  readonly data: any;
  readonly calls: readonly ShownCall[];
  readonly tookMs: number;
}

/** Runs an operation that asks for its upstream calls. */
async function reported(app: TestApp, query: string, variables?: Record<string, unknown>): Promise<Reported> {
  const startedAt = performance.now();
  const { text } = await app.query(query, variables, { 'x-upstream-calls': 'true' });
  const { data, extensions } = JSON.parse(text) as { data: unknown; extensions: { upstreamCalls: ShownCall[] } };
  return { data, calls: extensions.upstreamCalls, tookMs: performance.now() - startedAt };
}

type Counted = Pick<ShownCall, 'source' | 'resource' | 'ids' | 'relationships' | 'outcome'>;

const inOrder = <T extends object>(calls: readonly T[]): T[] => calls.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

/** What the systems got, in the words of the report. */
function counted({ sandbox }: TestApp): Counted[] {
  const systems = [['PMS', sandbox.pms.calls], ['CAS360', sandbox.cas360.calls]] as const;
  return inOrder(systems.flatMap(([source, calls]) => calls.map(({ kind, ids, relationships, status }) => ({ source, resource: kind === 'contact' ? 'contacts' : kind, ids, relationships, outcome: String(status) }))));
}

const countedIn = (calls: readonly ShownCall[]): Counted[] => inOrder(calls.map(({ source, resource, ids, relationships, outcome }) => ({ source, resource, ids, relationships, outcome })));

const field = (calls: readonly ShownCall[], resource: string, source = 'CAS360'): unknown[] => calls.filter((call) => call.resource === resource && call.source === source).map(({ fields }) => fields.toSorted());

const BUILT = { graphiqlFolder: 'dist/graphiql', compilingShare: Infinity };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ GRAPHIQL: 'true' }, BUILT);
  await app.query('{ contacts(ids: ["cas360:54", "pms:4711"]) { name } }');
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

describe.each(BOTH_WAYS)('extensions.upstreamCalls (%s)', () => {
  test.each([
    ['representatives', 'representatives { name }', 'cas360:40005'],
    ['addresses', 'address { city }', 'cas360:1001'],
    ['addresses that stand in', 'address { id }', 'cas360:40005'],
  ])('show that %s in a mixed list do not wait for the other system', async (_what, fields, id) => {
    const letGo = app.sandbox.pms.hold();
    const asked = reported(app, `{ contacts(ids: ["${id}", "pms:4711"]) { name ${fields} } }`);
    await until('the register is asked again', () => app.calls().cas360 + app.calls().addresses === 2);
    letGo();
    const { calls } = await asked;
    const pms = calls.find(({ source }) => source === 'PMS');
    const [first, second] = calls.filter(({ source }) => source === 'CAS360');
    expect(second!.startMs).toBeGreaterThanOrEqual(first!.endMs);
    expect(second!.startMs).toBeLessThan(pms!.endMs);
  });

  test.each([
    ['a contact', '{ contact(id: "cas360:54") { name } }', 1],
    ['a contact of the PMS', '{ contact(id: "pms:4711") { name } }', 1],
    ['contacts of both systems, and an address', '{ contacts(ids: ["cas360:54", "pms:4711"]) { name address { city } } }', 3],
    ['relationships', '{ contacts(ids: ["cas360:54", "cas360:555742"]) { relationships { type } } }', 1],
    ['the same contacts with relationships and without', '{ one: contact(id: "cas360:54") { name } other: contact(id: "cas360:555742") { relationships { type } } }', 2],
    ['a joint member, those who represent it, and their addresses', '{ contact(id: "cas360:40005") { address { city } representatives { name address { city } } } }', 3],
    ['a contact that there is not: asked for twice', '{ contacts(ids: ["cas360:54", "cas360:8999999"]) { name } }', 2],
    ['a contact of the PMS that there is not', '{ contact(id: "pms:8999999") { name } }', 1],
    ['references of another subgraph', '{ _entities(representations: [{ __typename: "Contact", id: "cas360:54" }, { __typename: "Address", id: "cas360:15" }, { __typename: "Contact", id: "pms:4711" }]) { ... on Contact { name } ... on Address { city } } }', 3],
    ['what the id alone tells', '{ contact(id: "cas360:54") { id source } }', 0],
    ['a guarded field without its scope', '{ contact(id: "cas360:54") { dateOfBirth } }', 0],
  ])('are the calls that the systems got: %s', async (_what, query, atLeast) => {
    const { calls } = await reported(app, query);
    expect(countedIn(calls)).toEqual(counted(app));
    expect(calls.length).toBeGreaterThanOrEqual(atLeast);
    expect(calls.filter(({ kind, attempt }) => kind !== 'sent' || attempt !== 1)).toEqual([]);
  });

  test('are those of 250 contacts, in chunks', async () => {
    const { calls } = await reported(app, 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: idsFrom('cas360', 1_001, 250) });
    expect(countedIn(calls)).toEqual(counted(app));
    expect(calls.flatMap(({ ids }) => ids)).toHaveLength(250);
  });

  test('tell a retry, a token, and a failure', async () => {
    app.sandbox.cas360.faults.set([{ on: 'contacts', status: 503, times: 1 }]);
    app.sandbox.pms.revokeTokens();
    const { calls } = await reported(app, '{ contacts(ids: ["cas360:54", "pms:4711"]) { name } }');
    expect(countedIn(calls)).toEqual(counted(app));
    const told = calls.map(({ source, resource, attempt, outcome }) => `${source} ${resource} ${attempt} ${outcome}`);
    expect(told.sort()).toEqual(['CAS360 contacts 1 503', 'CAS360 contacts 2 200', 'PMS contacts 1 401', 'PMS contacts 2 200', 'PMS token 1 200']);
  });

  test('name the fields that waited', async () => {
    const { calls } = await reported(app, '{ a: contacts(ids: ["cas360:40005"]) { representatives { name } address { city } } b: contact(id: "pms:4711") { name } }');
    expect(field(calls, 'contacts', 'PMS')).toEqual([['b']]);
    expect(field(calls, 'contacts')[0]).toEqual(['a']);
    expect(field(calls, 'contacts')[1]).toContain('a.representatives');
    expect(field(calls, 'addresses')).toEqual([['a.address']]);
  });

  test('tell their times: within the operation, in the order in which they began', async () => {
    app.sandbox.cas360.faults.set([{ latencyMs: 30 }]);
    const { calls, tookMs } = await reported(app, '{ contacts(ids: ["cas360:40005", "pms:4711"]) { address { city } representatives { name } } }');
    expect(calls.map(({ startMs }) => startMs)).toEqual(calls.map(({ startMs }) => startMs).toSorted((a, b) => a - b));
    for (const { startMs, endMs, source } of calls) {
      expect(startMs).toBeGreaterThanOrEqual(0);
      expect(endMs - startMs).toBeGreaterThanOrEqual(source === 'CAS360' ? 29 : 0);
      expect(endMs).toBeLessThanOrEqual(tookMs);
    }
  });

  test('are another operation\'s where that one served this', async () => {
    const letGo = app.sandbox.cas360.hold();
    const requests = jest.spyOn(Gatherer.prototype, 'request');
    const first = reported(app, '{ contacts(ids: ["cas360:54", "cas360:555742"]) { name } }');
    await app.underWay(1);
    const second = reported(app, '{ contact(id: "cas360:54") { name } }');
    await until('both want it', () => requests.mock.calls.length === 2);
    requests.mockRestore();
    letGo();
    expect((await second).calls).toMatchObject([{ kind: 'joined', ids: ['54'], outcome: '200' }]);
    expect((await first).calls).toMatchObject([{ kind: 'sent', ids: ['54', '555742'] }]);
    expect(app.calls().cas360).toBe(1);
  });

  test('name none of the ids that others put into the same call', async () => {
    const letGo = app.sandbox.cas360.hold();
    const busy: Promise<Reported>[] = [];
    // One after the other: what is wanted in the same turn goes out in one call.
    for (let n = 0; n < 4; n++) {
      busy.push(reported(app, `{ contact(id: "cas360:${1_001 + n}") { name } }`));
      await app.underWay(n + 1);
    }
    const wanted = [idsFrom('cas360', 1_010, 3), idsFrom('cas360', 1_020, 4), idsFrom('cas360', 1_030, 5)];
    const asked = wanted.map((ids) => reported(app, 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids }));
    await until('all wait', async () => (await Scrape.of(app.url)).value('contacts_queue_ids', { source: 'CAS360', resource: 'contacts' }) === 12);
    letGo();
    const shared = await Promise.all(asked);
    await Promise.all(busy);
    expect(app.calls().cas360).toBe(5);
    expect(app.sandbox.cas360.calls.at(-1)!.ids).toHaveLength(12);
    expect(shared.map(({ calls }) => calls.map(({ ids }) => ids.map((id) => `cas360:${id}`)))).toEqual(wanted.map((ids) => [ids]));
  });
});

describe('extensions.upstreamCalls of an operation that ran out of time', () => {
  test('tell a call that never came back', async () => {
    const hurried = await startTestApp({ GRAPHIQL: 'true', CAS360_TIMEOUT_MS: '300' }, BUILT);
    hurried.sandbox.cas360.faults.set([{ hang: true }]);
    // On a busy machine, the time may be over before there is a call.
    const calls = await until('it is called in time', async () => {
      const { calls } = await reported(hurried, '{ contact(id: "cas360:54") { name } }');
      const ofContacts = calls.filter(({ resource }) => resource === 'contacts');
      return ofContacts.length > 0 && ofContacts;
    });
    await hurried.stop();
    expect(calls).toMatchObject([{ ids: ['54'], outcome: 'UPSTREAM_TIMEOUT' }]);
    expect(calls[0]!.endMs - calls[0]!.startMs).toBeGreaterThan(0);
  });
});

describe('without a call', () => {
  test('tells what came from the cache', async () => {
    const cached = await startTestApp({ GRAPHIQL: 'true', CACHE_TTL_SECONDS: '60' }, BUILT);
    await reported(cached, '{ contact(id: "cas360:54") { name } }');
    cached.reset();
    const { calls } = await reported(cached, '{ contacts(ids: ["cas360:54", "cas360:555742"]) { name } }');
    expect(calls.map(({ kind, ids, fields }) => ({ kind, ids, fields }))).toEqual([
      { kind: 'cached', ids: ['54'], fields: ['contacts'] },
      { kind: 'sent', ids: ['555742'], fields: ['contacts'] },
    ]);
    expect(cached.sandbox.cas360.calls.map(({ ids }) => ids)).toEqual([['555742']]);
    await cached.stop();
  });
});

describe('an answer tells of no calls', () => {
  test.each([undefined, '', 'false', '1', 'TRUE', 'true, true'])('where the header is %p', async (value) => {
    const { text } = await app.query('{ contact(id: "cas360:54") { name } }', {}, value === undefined ? {} : { 'x-upstream-calls': value });
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['data']);
  });

  test('where GraphiQL is off, whatever the header says', async () => {
    const production = await startTestApp();
    const { text } = await production.query('{ contact(id: "cas360:54") { name } }', {}, { 'x-upstream-calls': 'true' });
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['data']);
    await production.stop();
  });
});
