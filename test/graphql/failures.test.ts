import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '../../sandbox/faults.js';
import { BOTH_WAYS, errorsIn, idsFrom, startTestApp, type Answer, type TestApp } from '../support/testApp.js';

/** What no caller may ever read: words, an address and a number as an upstream's answer may have them. */
const CANARY = '{"message":"CANARY at http://canary.invalid/87654321 in com.vendor.Secret.java:42"}';
/** A contact of each system with a number that nothing else has. */
const ILL = '87654321';

let app: TestApp;
/** One id a call, so that what goes wrong with a call goes wrong with one contact. */
let single: TestApp;

beforeAll(async () => {
  const compiling = { compilingShare: Infinity };
  [app, single] = await Promise.all([startTestApp({}, compiling), startTestApp({ CAS360_MAX_IDS: '1' }, compiling)]);
  for (const { sandbox } of [app, single]) {
    const { contacts } = sandbox.cas360.data;
    contacts.set(ILL, { ...contacts.get('1001')!, id: Number(ILL) });
    contacts.set('49001', { ...contacts.get('40001')!, id: 49001, name: 'Both', representativeIds: [Number(ILL), 1002] });
    sandbox.pms.data.contacts.set(ILL, { ...sandbox.pms.data.contacts.get('4711')!, id: Number(ILL) });
  }
});
beforeEach(() => [app, single].forEach((each) => each.reset()));
afterAll(() => Promise.all([app.stop(), single.stop()]));

type System = 'pms' | 'cas360';
type Faulty = Record<string, unknown>;

const SOURCE = { pms: 'PMS', cas360: 'CAS360' } as const;
const plant = (on: TestApp, system: System, ...faults: Faulty[]) => on.sandbox[system].faults.set(faults as unknown as Fault[]);
const byIds = (ids: string[], fields: string, on = app) => on.query(`query ($ids: [ID!]!) { contacts(ids: $ids) { ${fields} } }`, { ids });

/** Asks for the ill contact in every place where one can stand, each time with others around it. */
const everywhere = (on: TestApp, system: System) =>
  on.query(
    `query ($id: ID!, $ids: [ID!]!, $representations: [_Any!]!, $register: Boolean!) {
      contact(id: $id) { name email }
      contacts(ids: $ids) { name email }
      _entities(representations: $representations) { ... on Contact { name email } }
      joint: contact(id: "cas360:49001") @include(if: $register) { name representatives { name email } }
    }`,
    {
      id: `${system}:${ILL}`,
      ids: ['pms:4711', 'cas360:54', 'cas360:555742', `${system}:${ILL}`, 'pms:5001'],
      representations: ['pms:4711', 'cas360:54', 'pms:5001', `${system}:${ILL}`].map((id) => ({ __typename: 'Contact', id })),
      register: system === 'cas360',
    },
  );

/** Everything but the ill contact is there, which is null with this error in each of its places, or with none. */
const expectOnlyTheIllToLack = (answer: Answer, system: System, error: object | null) => {
  const { data, text } = answer;
  const places = ['_entities.3', 'contact', 'contacts.3', ...(system === 'cas360' ? ['joint.representatives.0'] : [])];
  expect(errorsIn(answer)).toEqual(error ? places.map((at) => ({ at, ...error, source: SOURCE[system] })) : []);
  const [served, lacking] = [expect.objectContaining({ name: expect.any(String) }), null];
  expect(data.contact).toBeNull();
  expect(data.contacts).toEqual([served, served, served, lacking, served]);
  expect(data._entities).toEqual([served, served, served, lacking]);
  if (system === 'cas360') expect(data.joint).toEqual({ name: 'Both', representatives: [lacking, served] });
  expect(text).not.toMatch(/canary|vendor|java|87654321|127\.0\.0\.1|localhost|\/contacts\//i);
};

const TIMEOUT = { code: 'UPSTREAM_TIMEOUT', retryable: true };
const UNAVAILABLE = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };
const LIMITED = { code: 'UPSTREAM_RATE_LIMITED', retryable: true };
const REFUSED = { code: 'UPSTREAM_AUTH_FAILED', retryable: false };
const INVALID = { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false };

/** What can become of a call for one contact, and what the caller is told of it; null: that there is no such contact. */
const FAILURES: [Faulty, error: object | null, system?: System][] = [
  [{ status: 500, body: CANARY }, UNAVAILABLE],
  [{ status: 501, body: CANARY }, UNAVAILABLE],
  [{ status: 502, body: CANARY }, UNAVAILABLE],
  [{ status: 503, body: CANARY }, UNAVAILABLE],
  [{ status: 504, body: CANARY }, UNAVAILABLE],
  [{ reset: 'before-headers' }, UNAVAILABLE],
  [{ reset: 'mid-body' }, UNAVAILABLE],
  [{ truncate: true }, UNAVAILABLE],
  [{ status: 429, body: CANARY }, LIMITED],
  [{ status: 401, body: CANARY }, REFUSED],
  [{ status: 403, body: CANARY }, REFUSED],
  [{ status: 400, body: CANARY }, INVALID],
  [{ status: 418, body: CANARY }, INVALID],
  [{ status: 302, headers: { location: 'http://127.0.0.1:9/canary' } }, INVALID],
  [{ status: 204 }, INVALID],
  [{ status: 404, body: CANARY }, null],
  [{ status: 404, body: '<html>CANARY</html>', contentType: 'text/html' }, INVALID],
  [{ status: 404, body: '' }, INVALID],
  [{ brokenJson: true }, INVALID],
  [{ body: '' }, INVALID],
  [{ body: 'null' }, INVALID],
  [{ body: '{}' }, INVALID],
  [{ body: '7' }, INVALID],
  [{ body: CANARY }, INVALID],
  [{ body: '<html>CANARY</html>', contentType: 'text/html' }, INVALID],
  [{ body: '[]' }, INVALID, 'pms'],
  [{ body: '[]' }, null, 'cas360'],
  [{ body: `[{"id":${ILL},"firstName":"CANARY"}]` }, INVALID, 'pms'],
  [{ body: `{"id":${ILL},"name":"CANARY"}` }, INVALID, 'cas360'],
  [{ body: '[null, 1, "CANARY", {}, [], {"id": null}, {"id": {}}, {"id": "87654321 "}, {"id": 87654321.5}]' }, INVALID, 'cas360'],
  [{ wrongId: true }, INVALID],
];
const rowsOf = (system: System) => FAILURES.filter(([, , only]) => (only ?? system) === system).map(([fault, error]) => [fault, error] as const);

describe.each(['pms', 'cas360'] as const)('when %s answers for a contact with', (system) => {
  test.each(rowsOf(system))('%j, it alone is %j', async (fault, error) => {
    plant(single, system, { ids: [ILL], ...fault });
    expectOnlyTheIllToLack(await everywhere(single, system), system, error);
  });
});

describe('when an upstream takes too long', () => {
  /** Of the faulty system, nothing else ends a call before the test's own time limit. */
  const SHORT_MS = '850';
  /** So that CAS 360 has time for what is not faulty, and an address that hangs does not take long. */
  const LONGER_MS = '5000';
  let hasty: Record<System, TestApp>;

  beforeAll(async () => {
    const [pms, cas360] = await Promise.all([startTestApp({ PMS_TIMEOUT_MS: SHORT_MS, CAS360_TIMEOUT_MS: LONGER_MS }), startTestApp({ CAS360_TIMEOUT_MS: SHORT_MS })]);
    hasty = { pms, cas360 };
    await Promise.all([pms, cas360].map((each) => byIds(['pms:4711', 'cas360:54'], 'name', each)));
  });
  beforeEach(() => Object.values(hasty).forEach((each) => each.reset()));
  afterAll(() => Promise.all(Object.values(hasty).map((each) => each.stop())));

  test.each<[string, System, Faulty]>([
    ['does not answer', 'pms', { hang: true }],
    ['does not answer', 'cas360', { hang: true }],
    ['answers too slowly', 'cas360', { drip: { bytes: 1, everyMs: 100 } }],
    ['answers too late', 'pms', { latencyMs: 60_000 }],
  ])('because it %s, %s contacts are errors and the others are served', async (_, system, fault) => {
    plant(hasty[system], system, fault);
    const answer = await byIds(['pms:4711', 'cas360:54'], 'name', hasty[system]);
    const at = system === 'pms' ? 0 : 1;
    expect(errorsIn(answer)).toEqual([{ at: `contacts.${at}`, ...TIMEOUT, source: SOURCE[system] }]);
    expect(answer.data.contacts[at]).toBeNull();
    expect(answer.data.contacts[1 - at].name).toMatch(/Cat Council|Iris/);
  });

  test('an address that hangs costs the address', async () => {
    plant(hasty.pms, 'cas360', { on: 'addresses', hang: true });
    const answer = await hasty.pms.query('{ contact(id: "cas360:54") { name address { id city } } }');
    expect(answer.data.contact).toEqual({ name: 'Fancy Southern Africa Cat Council', address: null });
    expect(errorsIn(answer)).toEqual([{ at: 'contact.address', ...TIMEOUT, source: 'CAS360' }]);
  });
});

describe.each(BOTH_WAYS)('a second call that fails costs the field that needed it (%s)', () => {
  test.each([
    [{ status: 503, body: CANARY }, UNAVAILABLE],
    [{ status: 403, body: CANARY }, REFUSED],
    [{ status: 429, body: CANARY }, LIMITED],
    [{ reset: 'mid-body' }, UNAVAILABLE],
    [{ brokenJson: true }, INVALID],
    [{ body: '{}' }, INVALID],
  ])('addresses with %j', async (fault, error) => {
    plant(app, 'cas360', { on: 'addresses', ...fault });
    const answer = await byIds(['cas360:54', 'pms:4711', 'cas360:555742'], 'name address { city }');
    const refused = { ...error, source: 'CAS360' };
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.0.address', ...refused }, { at: 'contacts.2.address', ...refused }]);
    expect(answer.data.contacts).toEqual([
      { name: 'Fancy Southern Africa Cat Council', address: null },
      { name: 'Iris Maeve Vale', address: { city: 'Cork' } },
      { name: 'Anne Smith', address: null },
    ]);
    expect(answer.text).not.toMatch(/canary/i);
  });

  test('an address that does not exist is null without an error', async () => {
    plant(app, 'cas360', { on: 'addresses', omit: ['15'] });
    const { data, errors } = await byIds(['cas360:54', 'cas360:555742'], 'address { city }');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([{ address: null }, { address: { city: 'Cowes' } }]);
  });

  test('a joint member whose first representative cannot be loaded keeps all but the address', async () => {
    const joint = app.sandbox.cas360.data.contacts.get('49001')!;
    plant(app, 'cas360', { ids: ['49001'], patch: { addressId: null } }, { ids: [ILL], status: 403 });
    const answer = await app.query('{ contact(id: "cas360:49001") { name address { city } representatives { id } } }');
    expect(answer.data.contact).toEqual({ name: joint.name, address: null, representatives: [{ id: `cas360:${ILL}` }, { id: 'cas360:1002' }] });
    expect(errorsIn(answer)).toEqual([{ at: 'contact.address', ...REFUSED, source: 'CAS360' }]);
  });

  test('relationships that are fetched later cost their representative alone', async () => {
    plant(app, 'cas360', { relationships: true, status: 403 });
    const answer = await app.query('{ contact(id: "cas360:49001") { name representatives { name relationships { type } } } }');
    expect(answer.data.contact).toEqual({ name: 'Both', representatives: [null, null] });
    expect(errorsIn(answer)).toEqual([0, 1].map((n) => ({ at: `contact.representatives.${n}`, ...REFUSED, source: 'CAS360' })));
  });
});

describe.each(BOTH_WAYS)('one upstream that is down (%s)', () => {
  test.each<[System, object, string]>([
    ['pms', { status: 503, body: CANARY }, 'cas360:54'],
    ['pms', { reset: 'before-headers' }, 'cas360:54'],
    ['cas360', { status: 503, body: CANARY }, 'pms:4711'],
    ['cas360', { reset: 'before-headers' }, 'pms:4711'],
  ])('%s, with %j, takes nothing from the other', async (down, fault, healthy) => {
    plant(app, down, { ...fault });
    const ids = [...idsFrom(down, down === 'pms' ? 5001 : 1001, 20), healthy];
    const answer = await byIds(ids, 'name email address { city }');
    expect(errorsIn(answer)).toEqual(ids.slice(0, 20).map((_, n) => ({ at: `contacts.${n}`, ...UNAVAILABLE, source: SOURCE[down] })));
    expect(answer.data.contacts.slice(0, 20)).toEqual(Array(20).fill(null));
    expect(answer.data.contacts[20]).toMatchObject({ name: expect.any(String), address: { city: expect.any(String) } });
  });

  test('takes nothing from what the ids tell by themselves', async () => {
    for (const system of ['pms', 'cas360'] as const) plant(app, system, { status: 503 });
    const { data, errors } = await byIds(['pms:4711', 'cas360:54'], 'id source sourceId');
    expect(errors).toBeUndefined();
    expect(data.contacts[0]).toEqual({ id: 'pms:4711', source: 'PMS', sourceId: '4711' });
  });
});

describe.each(BOTH_WAYS)('a bulk answer that lacks rows (%s)', () => {
  const bulkIds = () => app.sandbox.cas360.calls.map(({ ids }) => ids);

  test('is asked for them once more, together, before they are called not found', async () => {
    plant(app, 'cas360', { omit: ['1003', '1005'] });
    const { data, errors } = await byIds(idsFrom('cas360', 1001, 10), 'sourceId lastName');
    expect(errors).toBeUndefined();
    expect(data.contacts.map((contact: { sourceId: string } | null) => contact?.sourceId)).toEqual(
      ['1001', '1002', undefined, '1004', undefined, '1006', '1007', '1008', '1009', '1010'],
    );
    expect(bulkIds().slice(1)).toEqual([['1003', '1005']]);
  });

  test('and gives them the second time is as good as whole', async () => {
    plant(app, 'cas360', { omit: ['1003', '1005'], times: 1 });
    const { data, errors } = await byIds(idsFrom('cas360', 1001, 10), 'lastName');
    expect(errors).toBeUndefined();
    expect(data.contacts).not.toContain(null);
    expect(app.calls().cas360).toBe(2);
  });

  test('and fails the second time leaves them in error, and nobody else', async () => {
    const rows = ['1001', '1002', '1004', '1005'].map((id) => app.sandbox.cas360.data.contacts.get(id));
    plant(app, 'cas360', { body: JSON.stringify(rows), times: 1 }, { status: 403 });
    const answer = await byIds(idsFrom('cas360', 1001, 5), 'lastName');
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.2', ...REFUSED, source: 'CAS360' }]);
    expect(answer.data.contacts.filter(Boolean)).toHaveLength(4);
  });

  test('is asked in the same way for relationships', async () => {
    plant(app, 'cas360', { omit: ['1003'] });
    const { data } = await byIds(idsFrom('cas360', 1001, 3), 'relationships { type }');
    expect(data.contacts[2]).toBeNull();
    expect(app.switches()).toEqual([true, true]);
  });
});

describe.each(BOTH_WAYS)('a bulk answer that cannot be trusted (%s)', () => {
  const row = (id: string) => app.sandbox.cas360.data.contacts.get(id)!;

  test('with two rows that contradict each other is an error for that contact', async () => {
    plant(app, 'cas360', { add: [{ ...row('1002'), lastName: 'CANARY' }] });
    const answer = await byIds(idsFrom('cas360', 1001, 4), 'lastName');
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.1', ...INVALID, source: 'CAS360' }]);
    expect(answer.data.contacts.filter(Boolean)).toHaveLength(3);
    expect(answer.text).not.toMatch(/canary/i);
  });

  test('with the same row twice is as good as with one', async () => {
    plant(app, 'cas360', { add: [row('1002')] });
    const { data, errors } = await byIds(['cas360:1002'], 'lastName');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([{ lastName: row('1002').lastName }]);
  });

  test('with two rows that differ only in the order of their keys, or in keys that we do not read, is as good as with one', async () => {
    const { id, ...rest } = row('1002');
    plant(app, 'cas360', { add: [{ ...rest, id, seenAt: 1 }, { seenAt: 2, unheardOf: {}, id, ...rest }] });
    const { data, errors } = await byIds(['cas360:1002'], 'lastName');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([{ lastName: rest.lastName }]);
  });

  test('with rows that nobody asked for serves none of them', async () => {
    plant(app, 'cas360', { add: [row('1900'), { id: 54, name: 'CANARY' }, null, 'CANARY', [], {}, { id: null }, { id: true }] });
    const { data, errors, text } = await byIds(['cas360:1001', 'pms:4711'], 'id lastName');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([{ id: 'cas360:1001', lastName: row('1001').lastName }, { id: 'pms:4711', lastName: 'Vale' }]);
    expect(text).not.toMatch(/canary|1900/i);
  });
});

describe('a bulk answer with a row that another call was for', () => {
  test.each([
    ['cas360:1001', 'cas360:1002'],
    ['cas360:1002', 'cas360:1001'],
  ])('has no say in it (%s, %s)', async (...ids) => {
    const { contacts } = single.sandbox.cas360.data;
    plant(single, 'cas360', { ids: ['1002'], add: [{ ...contacts.get('1001')!, lastName: 'CANARY' }] });
    const { data, errors } = await byIds(ids, 'lastName', single);
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual(ids.map((id) => ({ lastName: contacts.get(id.slice(7))!.lastName })));
  });
});

describe('a contact that a bulk call cannot name without being refused', () => {
  const ids = idsFrom('cas360', 1001, 100);

  test.each([
    [400, INVALID],
    [413, INVALID],
    [414, INVALID],
    [500, UNAVAILABLE],
    [404, null],
  ])('with %s costs itself only: %j', async (status, error) => {
    plant(app, 'cas360', { ids: ['1050'], status, body: CANARY });
    const answer = await byIds(ids, 'lastName');
    expect(errorsIn(answer)).toEqual(error ? [{ at: 'contacts.49', ...error, source: 'CAS360' }] : []);
    expect(answer.data.contacts.map((contact: object | null) => contact === null)).toEqual(ids.map((_, n) => n === 49));
    expect(app.calls().cas360).toBeLessThanOrEqual(20);
    expect(answer.text).not.toMatch(/canary/i);
  });

  test('costs itself only where it stands beside hundreds of others', async () => {
    plant(app, 'cas360', { ids: ['1250'], status: 400 });
    const answer = await byIds(idsFrom('cas360', 1001, 400), 'lastName');
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.249', ...INVALID, source: 'CAS360' }]);
    expect(answer.data.contacts.filter(Boolean)).toHaveLength(399);
    expect(app.calls().cas360).toBeLessThanOrEqual(3 + 20);
  });

  test('costs 20 calls at most, and what is not known by then is an error', async () => {
    plant(app, 'cas360', { status: 400 });
    const answer = await byIds(ids, 'lastName');
    expect(errorsIn(answer)).toEqual(ids.map((_, n) => ({ at: `contacts.${n}`, ...INVALID, source: 'CAS360' })));
    expect(app.calls().cas360).toBeLessThanOrEqual(20);
  });

  test('does the same to addresses', async () => {
    const { addressId } = app.sandbox.cas360.data.contacts.get('20007')!;
    plant(app, 'cas360', { on: 'addresses', ids: [String(addressId)], status: 400 });
    const answer = await byIds(idsFrom('cas360', 20001, 50), 'name address { lines }');
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.6.address', ...INVALID, source: 'CAS360' }]);
    expect(answer.data.contacts[6]).toEqual({ name: expect.any(String), address: null });
  });
});

describe('a token', () => {
  const tokenCalls = (system: System, on = app) => on.sandbox[system].calls.filter(({ kind }) => kind === 'token').length;

  test.each<[System, string]>([
    ['cas360', 'cas360:54'],
    ['pms', 'pms:4711'],
  ])('of %s that is revoked is renewed, and the call made again, without anybody noticing', async (system, id) => {
    await byIds([id], 'name');
    app.reset();
    app.sandbox[system].revokeTokens();
    const { data, errors } = await byIds([id], 'name');
    expect(errors).toBeUndefined();
    expect(data.contacts).not.toContain(null);
    expect(app.sandbox[system].calls.map(({ kind, status }) => [kind === 'token', status])).toEqual([[false, 401], [true, 200], [false, 200]]);
  });

  test('that is revoked under many calls is renewed once', async () => {
    await byIds(['cas360:54', 'pms:4711'], 'name');
    app.reset();
    for (const system of ['pms', 'cas360'] as const) app.sandbox[system].revokeTokens();
    const { errors, data } = await byIds([...idsFrom('cas360', 1001, 300), ...idsFrom('pms', 5001, 20)], 'lastName');
    expect(errors).toBeUndefined();
    expect(data.contacts).not.toContain(null);
    expect([tokenCalls('pms'), tokenCalls('cas360')]).toEqual([1, 1]);
    expect(app.calls()).toEqual({ pms: 40, cas360: 6, addresses: 0 });
  });

  test('that is refused even when new is asked for once more only', async () => {
    plant(app, 'pms', { status: 401, body: CANARY });
    const answer = await byIds(['pms:4711', 'cas360:54'], 'name');
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.0', ...REFUSED, source: 'PMS' }]);
    expect(app.sandbox.pms.calls.map(({ kind }) => kind)).toEqual(['contact', 'token', 'contact']);
  });

  // Of CAS 360, it may be spent where the answer tells nothing.
  test.each<[Faulty, retryable: boolean, retryableOfCas360: boolean]>([
    [{ status: 500, body: CANARY }, true, true],
    [{ status: 401, body: CANARY }, false, false],
    [{ reset: 'before-headers' }, true, false],
    [{ body: CANARY }, true, false],
    [{ body: '<html>CANARY</html>' }, true, false],
    [{ body: '{"access_token":"line\\nbreak","expires_in":60}' }, true, false],
  ])('that is not to be had (%j) is an error of its system alone', async (fault, retryable, retryableOfCas360) => {
    const fresh = await startTestApp();
    try {
      for (const system of ['pms', 'cas360'] as const) plant(fresh, system, { on: 'token', ...fault });
      const answer = await byIds(['pms:4711', 'cas360:54'], 'id name', fresh);
      const told = (isTransient: boolean): object => ({ ...REFUSED, retryable: isTransient, ...(isTransient && { retryAfterSeconds: 1 }) });
      expect(errorsIn(answer)).toEqual([{ at: 'contacts.0', ...told(retryable), source: 'PMS' }, { at: 'contacts.1', ...told(retryableOfCas360), source: 'CAS360' }]);
      expect(answer.text).not.toMatch(/canary|127\.0\.0\.1/i);
      expect(fresh.logged.join()).not.toMatch(/canary/i);
      expect(fresh.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
    } finally {
      await fresh.stop();
    }
  });
});

describe('an upstream that is switched off', () => {
  test.each<[System, string, string]>([
    ['pms', 'PMS_BASE_URL', 'cas360:54'],
    ['cas360', 'CAS360_BASE_URL', 'pms:4711'],
  ])('(%s) says so, and the other works', async (system, setting, healthy) => {
    const half = await startTestApp({ [setting]: undefined });
    try {
      const off = system === 'pms' ? 'pms:4711' : 'cas360:54';
      const answer = await half.query(
        'query ($ids: [ID!]!, $r: [_Any!]!) { contacts(ids: $ids) { name address { city } } _entities(representations: $r) { ... on Address { city } } }',
        { ids: [off, healthy], r: ['pms:4711/51', 'cas360:15'].map((id) => ({ __typename: 'Address', id })) },
      );
      const error = { code: 'SOURCE_NOT_CONFIGURED', retryable: false, source: SOURCE[system] };
      expect(errorsIn(answer)).toEqual([{ at: `_entities.${system === 'pms' ? 0 : 1}`, ...error }, { at: 'contacts.0', ...error }]);
      expect(answer.data.contacts[1]).toEqual({ name: expect.any(String), address: { city: expect.any(String) } });
      expect(answer.data._entities.filter(Boolean)).toHaveLength(1);
    } finally {
      await half.stop();
    }
  });
});

describe.each(BOTH_WAYS)('ids above 2^53 (%s)', () => {
  const [exact, neighbour] = ['9007199254740993', '9007199254740992'];

  test('of the register are read exactly', async () => {
    plant(app, 'cas360', { on: 'contacts', body: `[{"id":${exact},"name":"Exact","contactType":"Joint Member","addressId":${exact},"representativeIds":[${exact}]}]` });
    const { data, errors } = await byIds([`cas360:${exact}`], 'id name address { id } representatives { id }');
    expect(errors).toBeUndefined();
    const id = `cas360:${exact}`;
    expect(data.contacts).toEqual([{ id, name: 'Exact', address: { id }, representatives: [{ id }] }]);
  });

  test('of the register keep neighbours apart', async () => {
    plant(app, 'cas360', { body: `[{"id":${neighbour},"name":"Even"},{"id":${exact},"name":"Odd"}]` });
    const { data, errors } = await byIds([`cas360:${exact}`, `cas360:${neighbour}`], 'name');
    expect(errors).toBeUndefined();
    expect(data.contacts).toEqual([{ name: 'Odd' }, { name: 'Even' }]);
  });

  test('of the property management system are read exactly, and never taken for their neighbour', async () => {
    plant(app, 'pms', { body: `{"id":${exact},"firstName":"Exact","contactSalesAccount":{"id":${exact}},"primaryContactAddress":{"id":${exact}}}` });
    const answer = await byIds([`pms:${exact}`, `pms:${neighbour}`], 'firstName salesAccount { id } address { id }');
    expect(answer.data.contacts).toEqual([
      { firstName: 'Exact', salesAccount: { id: `pms:${exact}` }, address: { id: `pms:${exact}/${exact}` } },
      null,
    ]);
    expect(errorsIn(answer)).toEqual([{ at: 'contacts.1', ...INVALID, source: 'PMS' }]);
  });
});

describe('whatever goes wrong', () => {
  test.each(BOTH_WAYS)('there is one error for a contact, however many fields of it are wanted (%s)', async () => {
    plant(app, 'cas360', { status: 403 });
    const answer = await app.query('{ contact(id: "cas360:54") { a: name b: email c: phone status relationships { type } address { city } representatives { name } } }');
    expect(errorsIn(answer)).toEqual([{ at: 'contact', ...REFUSED, source: 'CAS360' }]);
    expect(answer.data).toEqual({ contact: null });
    expect(answer.status).toBe(200);
  });

  test('nothing of an upstream is logged with it', () => {
    const lines = [...app.logged, ...single.logged].join('\n');
    expect(lines).not.toMatch(/canary|access-|refresh-|Bearer/i);
  });
});
