import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';

/** What graphql-jit replaces in the code that it writes. */
const [DATE, ...OTHERS] = [...readFileSync('node_modules/graphql-jit/dist/execution.mjs', 'utf8').matchAll(/"(__MAGIC_\w+)"/g)].map(([, mark]) => mark!).sort();
const CODE = 'globalThis.canary=1';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({}, { compilingShare: Infinity });
});
afterAll(() => app.stop());
afterEach(() => {
  Reflect.deleteProperty(globalThis, 'canary');
});

/** The answers to an operation that is interpreted first, and then compiled if it may be. */
async function answers(query: string, variables: Record<string, unknown> = {}): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let sight = 0; sight < 4; sight++) {
    app.reset();
    const { status, data, errors } = await app.query(query, variables);
    all.push({ status, data, errors, calls: app.calls() });
  }
  return all;
}

const PLACES: [string, (literal: string) => string][] = [
  ['an id', (literal) => `{ contact(id: ${literal}) { id } }`],
  ['a list of ids', (literal) => `{ contacts(ids: ["cas360:54", ${literal}]) { id } }`],
  ['an id in a fragment', (literal) => `{ ...F } fragment F on Query { contact(id: ${literal}) { id } }`],
  ['a value of a representation', (literal) => `{ _entities(representations: [{ __typename: "Contact", id: ${literal} }]) { ... on Contact { id } } }`],
  ['the type of a representation', (literal) => `{ _entities(representations: [{ __typename: ${literal}, id: "cas360:54" }]) { ... on Contact { id } } }`],
  ['a deep value of a representation', (literal) => `{ _entities(representations: [{ __typename: "SalesAccount", id: "pms:902", contact: { id: [${literal}] } }]) { __typename } }`],
  ['a default', (literal) => `query ($id: ID = ${literal}) { contact(id: $id) { id } }`],
];
const LITERALS: [string, string][] = [
  ['with a mark and code', JSON.stringify(`${DATE}${CODE}`)],
  ['whose mark is escaped', `"${DATE!.replaceAll('_', '\\u005f')}${CODE}"`],
  ['in a block', `"""${DATE}${CODE}"""`],
  ['with a mark and a number', JSON.stringify(`${DATE}7`)],
  ...OTHERS.map((mark): [string, string] => [`that is the mark ${mark.slice(0, 12)}`, JSON.stringify(mark)]),
  ['that ends a text', '"\\"+(globalThis.canary=1)+\\""'],
  ['that is a template', '"${globalThis.canary=1}"'],
];

test('graphql-jit has the marks that this test uses', () => {
  expect([DATE, OTHERS.length]).toEqual([expect.stringMatching(/^__MAGIC_DATE__/), 3]);
});

test.each(PLACES.flatMap(([place, query]) => LITERALS.map(([what, literal]) => [place, what, query(literal)] as const)))('As %s, a text %s never becomes code, and has the same answer each time', async (_place, _what, query) => {
  const [first, ...later] = await answers(query);
  expect(later).toEqual([first, first, first]);
  expect(globalThis).not.toHaveProperty('canary');
});

test.each([
  '{ _entities(representations: [{ __proto__: { __typename: "Contact", id: "cas360:54" } }]) { __typename ... on Contact { name } } }',
  'query ($r: [_Any!]! = [{ __proto__: { __typename: "Contact", id: "cas360:54" } }]) { _entities(representations: $r) { __typename ... on Contact { name } } }',
])('A prototype is no representation: %s', async (query) => {
  const all = await answers(query);
  expect(all).toEqual(Array(4).fill({ status: 200, data: { _entities: [null] }, errors: [expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) })], calls: { pms: 0, cas360: 0, addresses: 0 } }));
});

// graphql-jit joins the names of a path with `_`.
test.each([
  '{ a_x: contact(id: "pms:4711") { name } x: contact(id: "cas360:40001") { a: representatives { id } } }',
  '{ address_owner: contact(id: "cas360:54") { id } owner: contact(id: "cas360:555742") { address { id city } } }',
  '{ owner: contact(id: "cas360:555742") { address { id city } } address_owner: contact(id: "cas360:54") { id } }',
  '{ a_idx0_x: contact(id: "pms:4711") { name } x: contacts(ids: ["cas360:40001"]) { a: representatives { id } } }',
  '{ x: contact(id: "cas360:40001") { y_z: address { city } z: representatives { y: representatives { id } } } }',
])('Two places whose joined names are alike stay apart: %s', async (query) => {
  const [first, ...later] = await answers(query);
  expect(later).toEqual([first, first, first]);
});
