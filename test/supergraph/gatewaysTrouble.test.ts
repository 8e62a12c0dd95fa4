/**
 * Hive Gateway listens to signals from the moment it is loaded.
 * @leaves listener
 */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { errorsIn, idsFrom } from '../support/testApp.js';
import { GATEWAY_NAMES, startTestSupergraph, type TestSupergraph } from './support/supergraph.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(60_000);

const guestIds = [...idsFrom('cas360', 1001, 350), ...idsFrom('pms', 5001, 150)];
const everyoneTwice = { id: 'everyone twice', arrival: '2027-05-01', nights: 1, bookerId: null, guestIds: [...guestIds, ...guestIds], account: null };

let supergraph: TestSupergraph;
beforeAll(async () => {
  supergraph = await startTestSupergraph({ bookings: [everyoneTwice] });
});
beforeEach(() => supergraph.contacts.reset());
afterAll(() => supergraph.stop());

describe.each(GATEWAY_NAMES)('%s', (name) => {
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
      ],
      booking: null,
    });
    // What both gateways say of a subgraph that cannot be reached; none of ours is among them.
    expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set(['INTERNAL_SERVER_ERROR']));
  });
});
