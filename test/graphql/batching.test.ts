import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { idsFrom, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
  // Representatives who are known by these numbers, and of whom only the first has an address.
  const { contacts } = app.sandbox.cas360.data;
  const [first, second] = ['1001', '1002'].map((id) => contacts.get(id)!);
  contacts.set('49001', { ...contacts.get('40001')!, id: 49001, addressId: null, representativeIds: [first!.id, second!.id] });
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const none = { pms: 0, cas360: 0, addresses: 0 };
const nameOf = ({ name }: { name: string }) => name;
const numbers = (ids: string[]) => ids.map((id) => id.slice(id.indexOf(':') + 1));

/** Asks for contacts by ids, and finds every one of them. */
const fetchAll = async (ids: string[], fields: string, on = app) => {
  const { data, errors } = await on.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids });
  expect(errors).toBeUndefined();
  expect(data.contacts).toHaveLength(ids.length);
  expect(data.contacts).not.toContain(null);
  return data.contacts;
};

/** Runs a query that nothing goes wrong in. */
const run = async (query: string, variables?: Record<string, unknown>) => {
  const { data, errors } = await app.query(query, variables);
  expect(errors).toBeUndefined();
  return data;
};

/** The numbers that went out in bulk calls for contacts, in their order, of one kind of call if told so. */
const sent = (relationships?: boolean) =>
  app.sandbox.cas360.calls
    .filter((call) => call.kind === 'contacts' && (relationships ?? call.relationships) === call.relationships)
    .flatMap(({ ids }) => ids)
    .sort();

describe('the fewest calls', () => {
  test('450 contacts of the register take 5 calls', async () => {
    await fetchAll(idsFrom('cas360', 1001, 450), 'name');
    expect(app.calls()).toEqual({ ...none, cas360: 5 });
  });

  test('450 contacts with relationships take 5 calls, all of them for relationships', async () => {
    await fetchAll(idsFrom('cas360', 1001, 450), 'name relationships { type }');
    expect(app.calls()).toEqual({ ...none, cas360: 5 });
    expect(app.switches()).toEqual(Array(5).fill(true));
  });

  test('20 contacts of the property management system take 20 calls', async () => {
    await fetchAll(idsFrom('pms', 5001, 20), 'name address { city } salesAccount { accountCode }');
    expect(app.calls()).toEqual({ ...none, pms: 20 });
  });

  test('contacts of the property management system go out side by side, 32 at most', async () => {
    const { pms } = app.sandbox;
    const letGo = pms.hold();
    const fetched = fetchAll(idsFrom('pms', 5001, 100), 'name');
    await until('32 calls wait for their answers', () => pms.mostAtOnce.contact >= 32);
    letGo();
    await fetched;
    expect(app.calls().pms).toBe(100);
    expect(pms.mostAtOnce.contact).toBe(32);
  });

  test('both systems are asked in the same breath', async () => {
    const letGo = [app.sandbox.pms, app.sandbox.cas360].map((system) => system.hold());
    const fetched = fetchAll([...idsFrom('cas360', 1001, 10), 'pms:4711'], 'name');
    await until('each has a call to answer', () => app.calls().pms > 0 && app.calls().cas360 > 0);
    for (const go of letGo) go();
    await fetched;
  });

  test('every id is sent once, however the calls are cut', async () => {
    const ids = idsFrom('cas360', 1001, 450);
    await fetchAll([...ids, ...ids.slice(0, 50)], 'name');
    expect(sent()).toEqual(numbers(ids).sort());
  });

  test.each(['cas360:54', 'pms:4711'])('%s is fetched once, in however many places it is asked for', async (id) => {
    const data = await run(
      `query ($id: ID!, $ids: [ID!]!, $representations: [_Any!]!) {
        a: contact(id: $id) { name } b: contact(id: $id) { email } contacts(ids: $ids) { name }
        _entities(representations: $representations) { ... on Contact { name } }
      }`,
      { id, ids: [id, id, id], representations: [{ __typename: 'Contact', id }, { __typename: 'Contact', id }] },
    );
    expect(new Set([data.a.name, ...data.contacts.map(nameOf), ...data._entities.map(nameOf)]).size).toBe(1);
    expect(app.calls().cas360 + app.calls().pms).toBe(1);
  });

  test('aliases of one depth share their calls', async () => {
    await run('query ($a: [ID!]!, $b: [ID!]!) { a: contacts(ids: $a) { name } b: contacts(ids: $b) { email } c: contact(id: "cas360:54") { name } }', {
      a: idsFrom('cas360', 1001, 150),
      b: idsFrom('cas360', 1101, 149),
    });
    // 150 and 149, of which 50 are the same, and the one more make 250.
    expect(app.calls().cas360).toBe(3);
    expect(new Set(sent()).size).toBe(250);
  });

  test('the two systems in one list do not spoil each other\'s calls', async () => {
    const ids = idsFrom('cas360', 1001, 150).flatMap((id, n) => (n < 10 ? [id, `pms:${5001 + n}`] : [id]));
    await fetchAll(ids, 'name address { city }');
    const distinct = new Set(numbers(ids).map((id) => app.sandbox.cas360.data.contacts.get(id)?.addressId).filter(Boolean)).size;
    expect(app.calls()).toEqual({ pms: 10, cas360: 2, addresses: Math.ceil(distinct / 100) });
  });
});

describe('no call', () => {
  const told = 'id source sourceId __typename';

  test.each([
    ['known', 'cas360:54', 'pms:4711'],
    ['unknown', 'cas360:999999999', 'pms:999999999'],
  ])('for what the ids of %s contacts tell by themselves', async (_, a, b) => {
    const data = await run(
      `query ($a: ID!, $ids: [ID!]!, $representations: [_Any!]!) {
        contact(id: $a) { ${told} } contacts(ids: $ids) { ${told} } _entities(representations: $representations) { ... on Contact { ${told} } }
      }`,
      { a, ids: [a, b], representations: [{ __typename: 'Contact', id: b }] },
    );
    const [inRegister, guest] = [
      { id: a, source: 'CAS360', sourceId: a.slice(7), __typename: 'Contact' },
      { id: b, source: 'PMS', sourceId: b.slice(4), __typename: 'Contact' },
    ];
    expect(data).toEqual({ contact: inRegister, contacts: [inRegister, guest], _entities: [guest] });
    expect(app.calls()).toEqual(none);
  });

  test('for the id of an address, once its contact is there', async () => {
    const data = await run('{ a: contact(id: "cas360:54") { address { id __typename } } b: contact(id: "pms:4711") { address { id } } }');
    expect(data).toEqual({ a: { address: { id: 'cas360:15', __typename: 'Address' } }, b: { address: { id: 'pms:4711/51' } } });
    expect(app.calls()).toEqual({ pms: 1, cas360: 1, addresses: 0 });
  });

  test('for the ids of representatives', async () => {
    const data = await run('{ contact(id: "cas360:49001") { representatives { id source sourceId __typename } } }');
    expect(data.contact.representatives.map(({ id }: { id: string }) => id)).toEqual(['cas360:1001', 'cas360:1002']);
    expect(app.calls()).toEqual({ ...none, cas360: 1 });
  });

  test('for the companies in relationships', async () => {
    const data = await run('{ contact(id: "cas360:555742") { relationships { company { id __typename } } } }');
    expect(data.contact.relationships[0].company).toEqual({ id: 'cas360:7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054', __typename: 'Company' });
    expect(app.calls()).toEqual({ ...none, cas360: 1 });
  });

  test('for the company and the contact of a sales account', async () => {
    await run('{ contact(id: "pms:4711") { salesAccount { company { id } contact { name email } } } }');
    expect(app.calls()).toEqual({ ...none, pms: 1 });
  });

  test('more than for the first representative, to know which address stands in', async () => {
    const data = await run('{ contact(id: "cas360:49001") { address { id } } }');
    expect(data.contact.address.id).toBe(`cas360:${app.sandbox.cas360.data.contacts.get('1001')!.addressId}`);
    expect(sent()).toEqual(['1001', '49001']);
    expect(app.calls()).toEqual({ ...none, cas360: 2 });
  });
});

describe('addresses', () => {
  const addressIds = (ids: string[]) => new Set(numbers(ids).map((id) => app.sandbox.cas360.data.contacts.get(id)!.addressId));

  test('of 400 contacts come in bulk, each once', async () => {
    const ids = idsFrom('cas360', 1001, 400);
    const contacts = await fetchAll(ids, 'sourceId address { id city postCode }');
    const distinct = addressIds(ids);
    expect(distinct.size).toBeLessThan(400);
    expect(app.calls()).toEqual({ ...none, cas360: 4, addresses: Math.ceil(distinct.size / 100) });
    for (const { sourceId, address } of contacts) {
      const row = app.sandbox.cas360.data.addresses.get(String(app.sandbox.cas360.data.contacts.get(sourceId)!.addressId))!;
      expect(address).toEqual({ id: `cas360:${row.id}`, city: row.suburb, postCode: row.postcode });
    }
  });

  test('of 400 contacts with an address each come in 4 calls', async () => {
    await fetchAll(idsFrom('cas360', 20001, 400), 'address { city }');
    expect(app.calls()).toEqual({ ...none, cas360: 4, addresses: 4 });
  });

  test('of joint members leave once their representatives are here, and no other waits for that', async () => {
    const ids = ['cas360:49001', ...idsFrom('cas360', 20001, 30)];
    const [joint] = await fetchAll(ids, 'address { id city }');
    expect(joint.address.id).toBe(`cas360:${app.sandbox.cas360.data.contacts.get('1001')!.addressId}`);
    expect(app.calls()).toEqual({ ...none, cas360: 2, addresses: 2 });
  });

  test('that aliases and entities ask for are fetched once', async () => {
    await run(
      `query ($representations: [_Any!]!) {
        a: contact(id: "cas360:54") { address { city } } b: contact(id: "cas360:54") { address { state } again: address { city } }
        _entities(representations: $representations) { ... on Address { city } }
      }`,
      { representations: [{ __typename: 'Address', id: 'cas360:15' }, { __typename: 'Address', id: 'cas360:15' }] },
    );
    expect(app.calls()).toEqual({ ...none, cas360: 1, addresses: 1 });
  });
});

describe('relationships', () => {
  test('come for those ids that are asked for with them, the others come without', async () => {
    const data = await run('query ($with: [ID!]!, $without: [ID!]!) { a: contacts(ids: $with) { relationships { type } } b: contacts(ids: $without) { name } }', {
      with: idsFrom('cas360', 1001, 60),
      without: idsFrom('cas360', 1031, 60),
    });
    expect(data.b).not.toContain(null);
    expect(sent(true)).toEqual(numbers(idsFrom('cas360', 1001, 60)).sort());
    expect(sent(false)).toEqual(numbers(idsFrom('cas360', 1061, 30)).sort());
    expect(app.calls().cas360).toBe(2);
  });

  test('that came serve plain uses deeper down', async () => {
    const data = await run('{ contacts(ids: ["cas360:49001", "cas360:1001", "cas360:1002"]) { relationships { type } representatives { name } } }');
    expect(data.contacts[0].representatives).toHaveLength(2);
    expect(app.switches()).toEqual([true]);
  });

  test('first needed deeper down are fetched once more', async () => {
    await run('{ contacts(ids: ["cas360:49001", "cas360:1001", "cas360:1002"]) { name representatives { relationships { type } again: relationships { endDate } } } }');
    expect(app.switches()).toEqual([false, true]);
    expect(sent(false)).toEqual(['1001', '1002', '49001']);
    expect(sent(true)).toEqual(['1001', '1002']);
  });

  test('of the representatives of many joint members come together', async () => {
    const ids = idsFrom('cas360', 40001, 100);
    await fetchAll(ids, 'name representatives { relationships { type } }');
    const distinct = new Set(numbers(ids).flatMap((id) => app.sandbox.cas360.data.contacts.get(id)!.representativeIds!)).size;
    expect(app.calls()).toEqual({ ...none, cas360: 1 + Math.ceil(distinct / 100) });
    expect(app.switches().slice(1)).not.toContain(false);
  });
});

describe('a call names', () => {
  const bulkPaths = (of: TestApp) => of.sandbox.cas360.calls.filter(({ kind }) => kind !== 'token').map(({ path }) => path.split('?')[0]!);

  test.each(['Contact', 'Address'])('at most 100 ids and 2,000 bytes of path (%s)', async (type) => {
    // Nobody has these numbers.
    const representations = Array.from({ length: 250 }, (_, n) => ({ __typename: type, id: `cas360:${9_000_000_000_000_000_000n + BigInt(n)}` }));
    await run('query ($r: [_Any!]!) { _entities(representations: $r) { ... on Contact { name } ... on Address { city } } }', { r: representations });
    const lengths = bulkPaths(app).map((path) => path.length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2_000);
    expect(Math.max(...lengths)).toBeGreaterThan(1_980);
    expect(lengths).toHaveLength(3);
    expect(new Set(app.sandbox.cas360.calls.flatMap(({ ids }) => ids)).size).toBe(250);
  });

  test.each([
    ['CAS360_MAX_IDS', '7', 3],
    ['CAS360_MAX_PATH_BYTES', '100', 2],
  ])('as much as %s=%s allows', async (setting, value, calls) => {
    const other = await startTestApp({ [setting]: value });
    try {
      // Numbers of four digits and of five.
      await fetchAll(idsFrom('cas360', 1001, 19), 'name', other);
      expect(other.calls().cas360).toBe(calls);
      await fetchAll(idsFrom('cas360', 20001, 14), 'address { city }', other);
      for (const path of bulkPaths(other)) {
        if (setting === 'CAS360_MAX_IDS') expect(path.split(',').length).toBeLessThanOrEqual(7);
        else expect(path.length).toBeLessThanOrEqual(100);
      }
    } finally {
      await other.stop();
    }
  });
});
