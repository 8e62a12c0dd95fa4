import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { GraphQLObjectType } from 'graphql';
import { everyField, schema, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
let bothScopes: { authorization: string };

beforeAll(async () => {
  app = await startTestApp();
  bothScopes = await app.bearer('contact:identity', 'contact:access');
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const contact = (id: string, fields = everyField()) => app.query(`query ($id: ID!) { contact(id: $id) { ${fields} } }`, { id }, bothScopes);

/** What the metrics have counted as unusable at this place so far. */
const drift = async (source: string, field: string) => {
  const metrics = await (await fetch(`${app.url}/metrics`)).text();
  return Number(metrics.match(`contacts_upstream_drift_total\\{source="${source}",field="${field}"\\} (\\d+)`)?.[1] ?? 0);
};

describe('a password', () => {
  test('has no place in the schema', async () => {
    const { data } = await app.query('{ _service { sdl } }');
    expect(data._service.sdl).not.toMatch(/password/i);
    expect(Object.keys((schema.getType('Contact') as GraphQLObjectType).getFields())).not.toContain('password');
  });

  test('can not be asked for', async () => {
    expect((await contact('pms:4711', 'password')).errors![0]!.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test.each(['pms:4711', 'pms:5001', 'cas360:54'])('of %s is in no answer, log or metric', async (id) => {
    for (const system of [app.sandbox.pms, app.sandbox.cas360]) system.faults.set([{ patch: { password: 'canary-password-planted' } }]);
    const { data, text } = await contact(id);
    expect(data.contact.id).toBe(id);
    const metrics = await (await fetch(`${app.url}/metrics`)).text();
    expect(text + metrics + app.logged.join()).not.toMatch(/canary|password/i);
  });
});

describe('what says nothing', () => {
  const fields = 'title middleNames email phone emailAddresses { address } phoneNumbers { number } skype nationality { name } placeOfBirth { place } identityDocuments { taxNumber }';

  test.each([null, '', 'null'])('%j is null in the register', async (nothing) => {
    const keys = ['title', 'middleName', 'email', 'mobile', 'phone1', 'phone2', 'skype', 'nationality', 'birthPlace', 'birthState', 'birthCountry', 'taxNumber'];
    app.sandbox.cas360.faults.set([{ patch: Object.fromEntries(keys.map((key) => [key, nothing])) }]);
    const { data, errors } = await contact('cas360:1001', fields);
    expect(errors).toBeUndefined();
    expect([...new Set(Object.values(data.contact))]).toEqual([null]);
  });

  test('an absent key is null', async () => {
    const { data, errors } = await contact('pms:5010', 'status employment { jobTitle } marketing { optOut } salesAccount { id } address { id } dateOfBirth doorAccess { keyCardCode }');
    expect(errors).toBeUndefined();
    expect([...new Set(Object.values(data.contact))]).toEqual([null]);
  });
});

test('a text that comes as a whole number is served, and not counted', async () => {
  const before = await drift('CAS360', 'companyNumber');
  app.sandbox.cas360.faults.set([{ patch: { companyNumber: 111111114, mobile: 61400000000 } }]);
  const { data, errors } = await contact('cas360:54', 'phone registration { companyNumber }');
  expect(errors).toBeUndefined();
  expect(data.contact).toEqual({ phone: '61400000000', registration: { companyNumber: '111111114' } });
  expect(await drift('CAS360', 'companyNumber')).toBe(before);
});

describe('what cannot be used is null, is counted, and fails nothing:', () => {
  test.each<[string, unknown, string, string]>([
    ['status', 'SOMETHING_NEW', 'PMS', 'pms:4711'],
    ['dateOfBirth', '1990-02-30', 'PMS', 'pms:4711'],
    ['dateOfBirth', 'yesterday', 'PMS', 'pms:4711'],
    ['title', 7.5, 'PMS', 'pms:4711'],
    ['title', true, 'PMS', 'pms:4711'],
    ['uuid', { a: 1 }, 'PMS', 'pms:4711'],
    ['contactType', 'Martian', 'CAS360', 'cas360:54'],
    ['skype', ['a'], 'CAS360', 'cas360:54'],
  ])('%s %j of %s', async (field, value, source, id) => {
    const before = await drift(source, field);
    app.sandbox[source === 'PMS' ? 'pms' : 'cas360'].faults.set([{ patch: { [field]: value } }]);
    const { data, errors } = await contact(id, `name ${field}`);
    expect(errors).toBeUndefined();
    expect(data.contact).toEqual({ name: expect.any(String), [field]: null });
    expect(await drift(source, field)).toBe(before + 1);
  });

  test('a sales account that names another contact, which is counted and not believed', async () => {
    const before = await drift('PMS', 'contactSalesAccount.contact.id');
    app.sandbox.pms.faults.set([{ patch: { contactSalesAccount: { id: 902, contact: { id: 5001, firstName: 'CANARY' } } } }]);
    const { data, errors, text } = await contact('pms:4711', 'salesAccount { id contact { id name } }');
    expect(errors).toBeUndefined();
    expect(data.contact.salesAccount).toEqual({ id: 'pms:902', contact: { id: 'pms:4711', name: 'Iris Maeve Vale' } });
    expect(text).not.toMatch(/canary/i);
    expect(await drift('PMS', 'contactSalesAccount.contact.id')).toBeGreaterThan(before);
  });
});

describe('the two days around today', () => {
  test('decide what is current, in UTC, and midnight changes it in a running service', async () => {
    let now = Date.parse('2024-06-15T23:59:59.999Z');
    const then = await startTestApp({}, { now: () => now });
    try {
      const seat = { parentId: 'x', parentType: 'Trust', type: 'T', startDate: null };
      const ends = ['2024-06-14', '2024-06-15', '2024-06-16', null, 'null', ''];
      then.sandbox.cas360.data.relationships.set('54', ends.map((endDate) => ({ ...seat, endDate })));
      const ask = async () => (await then.query('{ contact(id: "cas360:54") { relationships { current } ended: relationships(current: false) { endDate } } }')).data.contact;
      const answer = (count: number) => ({
        relationships: ends.map((_, i) => ({ current: i >= count })),
        ended: ends.slice(0, count).map((endDate) => ({ endDate })),
      });
      // Twice, since only what comes again is compiled.
      expect([await ask(), await ask()]).toEqual([answer(1), answer(1)]);
      now += 1;
      expect([await ask(), await ask()]).toEqual([answer(2), answer(2)]);
      now += 86_400_000;
      expect(await ask()).toEqual(answer(3));
    } finally {
      await then.stop();
    }
  });
});
