import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { queryTag } from '../../src/graphql/cacheTags.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
let silent: TestApp;

beforeAll(async () => {
  [app, silent] = await Promise.all([startTestApp({ MAX_AGE_SECONDS: '60' }), startTestApp()]);
});
beforeEach(() => app.reset());
afterAll(() => Promise.all([app.stop(), silent.stop()]));

const NOT_KEPT = 'private, no-store';
const KEPT = 'max-age=60, public';

async function hints(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>, on = app): Promise<unknown[]> {
  const answer = await on.query(query, variables, headers);
  return [answer.headers.get('cache-control'), (JSON.parse(answer.text) as { extensions?: unknown }).extensions];
}

test('without a maximum age nothing may be kept, and nothing is tagged', async () => {
  expect(await hints('{ contact(id: "cas360:54") { name } }', undefined, undefined, silent)).toEqual([NOT_KEPT, undefined]);
});

test('an answer may be kept, and says by which tags it can be forgotten', async () => {
  expect(await hints('{ contact(id: "cas360:54") { name } }')).toEqual([KEPT, { apolloCacheTags: ['contact-cas360:54'] }]);
  expect(await hints('query ($id: ID!) { contact(id: $id) { name } contacts(ids: ["pms:4711"]) { id } }', { id: 'pms:4711' })).toEqual([KEPT, { apolloCacheTags: ['contact-pms:4711', 'contacts'] }]);
  expect(await hints('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: ['cas360:54'] })).toEqual([KEPT, { apolloCacheTags: ['contacts'] }]);
});

test.each([
  ['is not given', 'id', undefined],
  ['is given', 'id', { id: 'cas360:54' }],
  ['has the name of a property of every object', 'constructor', undefined],
])('the tag of a contact whose id has a default value names the id that was asked for, where the variable %s', async (_where, name, variables) => {
  const tag = `contact-${variables?.id ?? 'pms:4711'}`;
  expect(await hints(`query ($${name}: ID! = "pms:4711") { contact(id: $${name}) { name } }`, variables)).toEqual([KEPT, { apolloCacheTags: [tag] }]);
});

test.each([
  ['contact', 'contact-7'],
  ['contacts', 'contacts'],
  ['_entities', undefined],
  ['__typename', undefined],
])('the root field %s has the tag %s', (field, tag) => expect(queryTag(field, '7')).toBe(tag));

test.each([
  ['{ ... { contact(id: "cas360:54") { name } } contacts(ids: ["cas360:54"]) { name } }', ['contacts']],
  ['{ ...contacts contact(id: "cas360:54") { name } } fragment contacts on Query { contacts(ids: ["cas360:54"]) { name } }', ['contact-cas360:54']],
])('root fields in fragments have no tags: %s', async (query, apolloCacheTags) => {
  expect(await hints(query)).toEqual([KEPT, { apolloCacheTags }]);
});

test('entities are tagged each in its place', async () => {
  const representations = [
    { __typename: 'Contact', id: 'cas360:54' },
    { __typename: 'Address', id: 'cas360:15' },
    { __typename: 'SalesAccount', id: 'pms:902', contact: { id: 'pms:4711' } },
    { __typename: 'Company', id: 'pms:77' },
  ];
  expect(await hints('query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Contact { name } ... on Address { city } ... on SalesAccount { accountCode } } }', { representations })).toEqual([
    KEPT,
    { apolloEntityCacheTags: [['contact-cas360:54'], ['address-cas360:15'], ['sales-account-pms:902'], []] },
  ]);
});

test('an entity that is left out may have any form', async () => {
  const representations = [{ __typename: { toString: 1 }, id: 'cas360:54' }];
  const query = 'query ($representations: [_Any!]!) { __typename _entities(representations: $representations) @skip(if: true) { __typename } }';
  expect(await hints(query, { representations })).toEqual([KEPT, { apolloEntityCacheTags: [[]] }]);
});

test.each([
  ['with a field behind a scope', '{ contact(id: "cas360:54") { name dateOfBirth } }'],
  ['with such a field in a fragment', '{ contact(id: "cas360:54") { name ...Parts } } fragment Parts on Contact { born: dateOfBirth }'],
  ['with such a field that is left out', '{ contact(id: "cas360:54") { name cognitoId @skip(if: true) } }'],
])('an answer %s is not kept, whoever asks', async (_what, query) => {
  expect(await hints(query)).toEqual([NOT_KEPT, undefined]);
  expect(await hints(query, undefined, await app.bearer('contact:identity', 'contact:access'))).toEqual([NOT_KEPT, undefined]);
});

test('an answer with errors is not kept, nor one that was refused', async () => {
  app.sandbox.pms.faults.set([{ status: 500 }]);
  expect(await hints('{ a: contact(id: "cas360:54") { name } b: contact(id: "pms:4711") { name } }')).toEqual([NOT_KEPT, undefined]);
  expect(await hints('{ nothing }')).toEqual([NOT_KEPT, undefined]);
  expect(await hints('{ contact(id: "nobody") { name } }')).toEqual([NOT_KEPT, undefined]);
});
