import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { getNamedType, isObjectType, type GraphQLObjectType } from 'graphql';
import { ACCESS_POLICY } from '../../src/graphql/accessPolicy.js';
import { Contact } from '../../src/graphql/resolvers/Contact.js';
import { idsFrom, schema, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const none = { pms: 0, cas360: 0, addresses: 0 };
const anne = { __typename: 'Contact', id: 'cas360:555742' };
const home = { __typename: 'Address', id: 'cas360:15' };

/** Runs a query that nothing goes wrong in, and tells which calls for contacts asked for relationships. */
const switchesOf = async (query: string, variables?: Record<string, unknown>) => {
  const { data, errors } = await app.query(query, variables);
  expect(errors).toBeUndefined();
  expect(data).not.toBeNull();
  return app.switches();
};

describe('relationships are asked for, in the one call that fetches the contact,', () => {
  test.each([
    ['a plain field', '{ name relationships { type } }'],
    ['an alias', '{ name offices: relationships { type } }'],
    ['an argument', '{ relationships(current: true) { type } }'],
    ['__typename alone below it', '{ relationships { __typename } }'],
    ['an inline fragment', '{ ... on Contact { relationships { type } } }'],
    ['an inline fragment without a type', '{ ... { relationships { type } } }'],
    ['fragments in fragments', '{ ... on Contact { ... { ... on Contact { a: relationships { type } } } } }'],
    ['a named fragment', '{ ...F } fragment F on Contact { name relationships { type } }'],
    ['a named fragment in another', '{ ...G } fragment G on Contact { ... { ...F } } fragment F on Contact { relationships { type } }'],
    ['a constant @include', '{ relationships @include(if: true) { type } }'],
    ['a constant @skip', '{ relationships @skip(if: false) { type } }'],
  ])('through %s', async (_, selection) => {
    const [fields, ...fragments] = selection.split(/ (?=fragment )/);
    expect(await switchesOf(`{ contact(id: "cas360:555742") ${fields} } ${fragments.join(' ')}`)).toEqual([true]);
    app.reset();
    expect(await switchesOf(`{ contacts(ids: ["cas360:54", "cas360:555742"]) ${fields} } ${fragments.join(' ')}`)).toEqual([true]);
  });

  test('through two selections of one field that are merged', async () => {
    expect(await switchesOf('{ contact(id: "cas360:555742") { name } contact(id: "cas360:555742") { relationships { type } } }')).toEqual([true]);
  });

  test('through `_entities`', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Contact { relationships { type } } } }';
    expect(await switchesOf(query, { r: [anne] })).toEqual([true]);
    app.reset();
    expect(await switchesOf(query, { r: [home, anne] })).toEqual([true]);
  });

  test('through a fragment on the union in `_entities`', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on _Entity { ...F } } } fragment F on Contact { relationships { type } }';
    expect(await switchesOf(query, { r: [anne] })).toEqual([true]);
  });

  test('for representatives whose relationships are selected, and not for their joint member', async () => {
    expect(await switchesOf('{ contact(id: "cas360:40001") { representatives { relationships { type } } } }')).toEqual([false, true]);
  });
});

describe('@skip and @include with variables', () => {
  const query = `query ($yes: Boolean!, $no: Boolean = false) {
    contact(id: "cas360:555742") { name ... @include(if: $yes) { relationships @skip(if: $no) { type } } }
  }`;

  test.each([
    [{ yes: true }, true],
    [{ yes: false }, false],
    [{ yes: true, no: true }, false],
    [{ yes: true, no: false }, true],
  ])('%j: relationships=%j', async (variables, expected) => {
    expect(await switchesOf(query, variables)).toEqual([expected]);
  });

  test('are read anew for each operation of the same text', async () => {
    expect(await switchesOf(query, { yes: false })).toEqual([false]);
    expect(await switchesOf(query, { yes: true })).toEqual([false, true]);
    expect(await switchesOf(query, { yes: false })).toEqual([false, true, false]);
  });

  test('can leave nothing that takes a call', async () => {
    const left = 'query ($no: Boolean = false) { contact(id: "cas360:54") { id name @include(if: $no) ...F @include(if: $no) } } fragment F on Contact { email }';
    expect(await switchesOf(left)).toEqual([]);
  });
});

describe('relationships are not asked for', () => {
  test.each([
    ['are not selected', '{ contact(id: "cas360:555742") { name representatives { id } registration { companyNumber } } }'],
    ['are left out', '{ contact(id: "cas360:555742") { name relationships @skip(if: true) { type } } }'],
    ['stand in a fragment that is left out', '{ contact(id: "cas360:555742") { name ...F @skip(if: true) } } fragment F on Contact { relationships { type } }'],
    ['are the name of another field here', '{ contact(id: "cas360:555742") { relationships: name } }'],
  ])('where they %s', async (_, query) => {
    expect(await switchesOf(query)).toEqual([false]);
  });

  test('where a fragment on another type has a field of that name', async () => {
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Contact { name } ... on Address { relationships: city } ... on SalesAccount { relationships: accountCode }
    } }`;
    expect(await switchesOf(query, { r: [anne, home] })).toEqual([false]);
    expect(app.calls().addresses).toBe(1);
  });

  test('for contacts that only stand beside one with them', async () => {
    expect(await switchesOf('{ a: contact(id: "cas360:54") { name } b: contact(id: "cas360:555742") { relationships { type } } }')).toEqual(
      expect.arrayContaining([true, false]),
    );
    const [plain] = app.sandbox.cas360.calls.filter(({ kind, relationships }) => kind === 'contacts' && !relationships);
    expect(plain!.ids).toEqual(['54']);
  });
});

describe('fields of other types', () => {
  test('in `_entities` cost a contact no call', async () => {
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Contact { id } ... on Address { lines city } } }';
    expect(await switchesOf(query, { r: [anne] })).toEqual([]);
    expect(await switchesOf(query.replace('{ id }', '{ name }').replace('lines city', 'id'), { r: [home] })).toEqual([]);
    expect(app.calls()).toEqual(none);
  });
});

describe('a guarded field', () => {
  const fields = (schema.getType('Contact') as GraphQLObjectType).getFields();
  const guarded = Object.entries(ACCESS_POLICY.Contact).filter(([, access]) => access !== 'everyone');
  const selected = (name: string) => (isObjectType(getNamedType(fields[name]!.type)) ? `${name} { __typename }` : name);

  test.each(guarded)('%s alone costs a call with %s, and none without', async (name, scope) => {
    const query = `query ($ids: [ID!]!) { contacts(ids: $ids) { id ${selected(name)} } }`;
    const ids = ['pms:4711', ...idsFrom('cas360', 1001, 3)];
    const other = guarded.find(([, one]) => one !== scope)![1];
    expect((await app.query(query, { ids })).data.contacts).toHaveLength(4);
    await app.query(query, { ids }, await app.bearer(other));
    expect(app.calls()).toEqual(none);
    expect((await app.query(query, { ids }, await app.bearer(scope))).errors).toBeUndefined();
    expect(app.calls()).toEqual({ ...none, pms: 1, cas360: 1 });
  });

  test('does not keep the fields beside it from being loaded', async () => {
    const { data } = await app.query('{ contact(id: "cas360:54") { name dateOfBirth } }');
    expect(data.contact).toEqual({ name: 'Fancy Southern Africa Cat Council', dateOfBirth: null });
    expect(app.calls()).toEqual({ ...none, cas360: 1 });
  });
});

test('relationships that were not fetched with the contact are a fault of our own, not an empty list', () => {
  const relationships = Contact.relationships as (contact: object, args: object) => unknown;
  expect(relationships({}, {})).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
});
