/**
 * Hive Gateway listens to signals from the moment it is loaded.
 * @leaves listener
 */
import type { ApolloServerPlugin } from '@apollo/server';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { errorsIn, idsFrom } from '../support/testApp.js';
import { ACROSS } from './support/acrossOperations.js';
import { startApolloGateway, type Gateway } from './support/gateways.js';
import { OURS, ROWS, type Operation } from './support/operations.js';
import { GATEWAY_NAMES, startTestSupergraph, type TestSupergraph } from './support/supergraph.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(60_000);

const guestIds = [...idsFrom('cas360', 1001, 350), ...idsFrom('pms', 5001, 150)];
const everyoneTwice = { id: 'everyone twice', arrival: '2027-05-01', nights: 1, bookerId: null, guestIds: [...guestIds, ...guestIds], account: null };

// One file, since it takes seconds to load both gateways.
let supergraph: TestSupergraph;
beforeAll(async () => {
  supergraph = await startTestSupergraph({ ...ROWS, bookings: [...ROWS.bookings, everyoneTwice] });
});
beforeEach(() => supergraph.contacts.reset());
afterAll(() => supergraph.stop());

const headersOf = async ({ scopes }: Operation): Promise<Record<string, string>> => (scopes ? supergraph.contacts.bearer(...scopes) : {});

describe.each(GATEWAY_NAMES)('%s', (name) => {
  test.each(Object.entries(OURS))('answers as our subgraph does: %s', async (_, operation) => {
    const { query, variables } = operation;
    const headers = await headersOf(operation);
    const ours = await supergraph.contacts.query(query, variables, headers);
    const answer = await supergraph.gateways[name].query(query, variables, headers);
    expect(answer.data).toEqual(ours.data);
    expect(errorsIn(answer)).toEqual(errorsIn(ours).map((error) => ({ ...error, serviceName: 'contacts' })));
  });

  test.each(Object.entries(ACROSS))('asks several subgraphs: %s', async (_, operation) => {
    const { query, variables, data, errors = {}, hivePlaces = Object.keys(errors) } = operation;
    const answer = await supergraph.gateways[name].query(query, variables, await headersOf(operation));
    expect(answer.data).toEqual(data);
    const places = name === 'Hive Gateway' ? hivePlaces : Object.keys(errors);
    const codes = Object.values(errors);
    // What the error says besides, such as the scope, comes through too.
    expect(errorsIn(answer)).toMatchObject(places.map((at, n) => ({ at, code: codes[n], retryable: false, serviceName: 'contacts' })));
    expect(answer.errors?.every(({ extensions }) => (extensions.code === 'FORBIDDEN') === (extensions.scope !== undefined)) ?? true).toBe(true);
  });
});

describe('@apollo/gateway with a report to GraphOS', () => {
  let plan: any;
  /** What a gateway does that reports to GraphOS: it asks its subgraphs for traces, and keeps them with its query plan. */
  const reporting: ApolloServerPlugin = {
    requestDidStart: async ({ metrics }) => {
      metrics.captureTraces = true;
      return {
        willSendResponse: async () => {
          plan = metrics.queryPlanTrace;
        },
      };
    },
  };

  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startApolloGateway(supergraph.sdl, [reporting]);
  });
  afterAll(() => gateway.stop());

  /** The fields that a trace timed, such as `contact(address(city) name)`. They stand in it as they got ready. */
  function timed({ responseName, index, child = [] }: any): string {
    const fields = child.map(timed).sort().join(' ');
    return `${responseName || index}${fields && `(${fields})`}`;
  }

  test('the trace of a field of the root comes when it is asked for', async () => {
    const { errors } = await gateway.query('{ contact(id: "cas360:54") { name address { city } } }');
    expect(errors).toBeUndefined();
    expect(plan.fetch).toMatchObject({ serviceName: 'contacts', traceParsingFailed: false });
    expect(plan.fetch.trace.root.child.map(timed)).toEqual(['contact(address(city) name)']);
  });

  test('so does that of entities, each by itself', async () => {
    const { errors } = await gateway.query('{ booking(id: "B-2041") { guests { name } } }');
    expect(errors).toBeUndefined();
    const [, flatten] = plan.sequence.nodes;
    const { fetch } = flatten.flatten.node;
    expect(fetch).toMatchObject({ serviceName: 'contacts', traceParsingFailed: false });
    expect(fetch.trace.root.child.map(timed)).toEqual(['_entities(0(name) 1(name))']);
    expect(Number(fetch.trace.durationNs)).toBeGreaterThan(0);
  });
});

describe.each(GATEWAY_NAMES)('%s and the two systems', (name) => {
  const ask = (query: string) => supergraph.gateways[name].query(query);
  /** Every id that the two systems were asked for. */
  const asked = (): string[] => {
    const { pms, cas360 } = supergraph.contacts.sandbox;
    const idsOf = (system: string, { calls }: typeof pms | typeof cas360) =>
      calls.filter(({ kind }) => kind !== 'token').flatMap(({ ids }) => ids.map((id) => `${system}:${id}`));
    return [...idsOf('cas360', cas360), ...idsOf('pms', pms)];
  };

  test('500 contacts, each twice, cost one call per 100 of CAS 360 and one per contact of the PMS', async () => {
    const { data, errors } = await ask('{ booking(id: "everyone twice") { guests { id name } } }');
    expect(errors).toBeUndefined();
    expect(supergraph.contacts.calls()).toEqual({ pms: 150, cas360: 4, addresses: 0 });
    expect(asked().sort()).toEqual(guestIds.toSorted());
    const ours = await supergraph.contacts.query('query ($ids: [ID!]!) { contacts(ids: $ids) { id name } }', { ids: everyoneTwice.guestIds });
    expect(data.booking.guests).toEqual(ours.data.contacts);
  });

  test('so they do when a neighbour requires their relationships', async () => {
    const { data, errors } = await ask('{ booking(id: "everyone twice") { guests { companies { id } } } }');
    expect(errors).toBeUndefined();
    expect(data.booking.guests).toHaveLength(1_000);
    expect(supergraph.contacts.calls()).toEqual({ pms: 150, cas360: 4, addresses: 0 });
    expect(supergraph.contacts.switches()).toEqual([true, true, true, true]);
  });

  test('a system that is down costs its own contacts, and says so at their places', async () => {
    supergraph.contacts.sandbox.cas360.faults.set([{ status: 503 }]);
    const answer = await ask('{ booking(id: "B-2041") { nights booker { id name bookings { id } } guests { id name greeting } } }');
    expect(answer.data.booking).toEqual({
      nights: 3,
      booker: { id: 'cas360:555742', name: null, bookings: [{ id: 'B-2041' }] },
      guests: [
        { id: 'pms:4711', name: 'Iris Maeve Vale', greeting: 'Welcome, Iris Maeve Vale!' },
        { id: 'cas360:54', name: null, greeting: null },
      ],
    });
    const down = { code: 'UPSTREAM_UNAVAILABLE', retryable: true, source: 'CAS360', serviceName: 'contacts' };
    const places = { 'Hive Gateway': ['booking.booker.name', 'booking.guests.name'], '@apollo/gateway': ['booking.booker', 'booking.guests.1'] };
    expect(errorsIn(answer)).toEqual(places[name].map((at) => ({ at, ...down })));
  });
});

describe.each(GATEWAY_NAMES)('%s without the bookings', (name) => {
  beforeAll(() => supergraph.bookings.stop());

  test('answers everything else', async () => {
    const { data, errors = [] } = await supergraph.gateways[name].query(`{
      contacts(ids: ["cas360:54", "pms:4711"]) { name greeting bookings { id } }
      companies { name keyContact { name bookings { id } } }
      booking(id: "B-2041") { id }
    }`);
    expect(data).toEqual({
      contacts: [
        { name: 'Fancy Southern Africa Cat Council', greeting: null, bookings: null },
        { name: 'Iris Maeve Vale', greeting: null, bookings: null },
      ],
      companies: [
        { name: 'Paper Wombat Press', keyContact: { name: 'Iris Maeve Vale', bookings: null } },
        { name: 'Whisker Street Holdings Pty Ltd', keyContact: { name: 'Anne Smith', bookings: null } },
        { name: 'Idle Heron Limited', keyContact: null },
      ],
      booking: null,
    });
    // What both gateways say of a subgraph that cannot be reached; none of ours is among them.
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['INTERNAL_SERVER_ERROR']));
  });
});
