import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { LONG_RUN } from '../support/longRun.js';

const RUNS = LONG_RUN ? 5_000 : 200;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

/** What all objects of the process inherit; the service runs in this one. */
const inherited = (): unknown[] =>
  [Object, Array, Function, String, Map, Set, Promise].map(({ prototype }) => Reflect.ownKeys(prototype as object).map((key) => [key, typeof Object.getOwnPropertyDescriptor(prototype, key)?.value]));

/** JSON whose keys are those that reach for a prototype: written as text, since no object literal holds them. */
const keys = fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'polluted', 'then', '__typename', 'id', '\\u005f_proto__', '__defineGetter__', 'valueOf');
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom('1', '"polluted"', 'true', 'null', '[]', '{}'),
    fc.array(fc.tuple(keys, tie('json')), { minLength: 1, maxLength: 4 }).map((entries) => `{${entries.map(([key, value]) => `"${key}":${value}`).join(',')}}`),
    fc.array(tie('json'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
  ),
}));

const REPRESENTATION = '{"__typename":"Contact","id":"cas360:54"}';
const QUERY = 'query ($r: [_Any!]!, $ids: [ID!]!) { _entities(representations: $r) { ... on Contact { id name } } contacts(ids: $ids) { name emailAddresses { address } } }';

const post = (body: string): Promise<{ status: number; text: string }> =>
  fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(async (response) => ({ status: response.status, text: await response.text() }));

const expectAsBefore = async (before: unknown) => {
  expect(inherited()).toEqual(before);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  app.reset();
  expect((await app.query('{ contact(id: "cas360:54") { name } }')).data).toEqual({ contact: { name: 'Fancy Southern Africa Cat Council' } });
};

test('What callers send pollutes nothing', async () => {
  const before = inherited();
  await fc.assert(
    fc.asyncProperty(json, json, fc.constantFrom('body', 'variables', 'representation', 'extensions'), async (one, other, place) => {
      const query = JSON.stringify(QUERY);
      const bodies = {
        body: one,
        variables: `{"query":${query},"variables":${one}}`,
        representation: `{"query":${query},"variables":{"ids":["cas360:54"],"r":[${REPRESENTATION},${one},${other}],"__proto__":${other}}}`,
        extensions: `{"query":"{ __typename }","__proto__":${one},"extensions":${other},"constructor":{"prototype":${one}}}`,
      };
      const { status } = await post(bodies[place]);
      expect([200, 400]).toContain(status);
    }),
    { numRuns: RUNS },
  );
  await expectAsBefore(before);
}, 120_000);

test('What upstreams send pollutes nothing', async () => {
  const before = inherited();
  const record = (id: string, one: string, other: string): string =>
    `{"id":${id},"contactType":"Company","name":"A","firstName":${one},"__proto__":${other},"constructor":{"prototype":${one}},"primaryContactEmailAddress":${one},"contactSalesAccount":${other},"primaryContactAddress":${other},"relationships":${one},"address":${one}}`;
  await fc.assert(
    fc.asyncProperty(json, json, async (one, other) => {
      app.sandbox.cas360.faults.set([{ on: 'contacts', body: `[${record('54', one, other)},${one}]` }, { on: 'addresses', body: one }]);
      app.sandbox.pms.faults.set([{ body: record('4711', one, other) }]);
      const { status } = await app.query('{ contacts(ids: ["cas360:54", "pms:4711"]) { name firstName emailAddresses { address } address { city } salesAccount { id } relationships { type } } }');
      expect(status).toBe(200);
    }),
    { numRuns: RUNS },
  );
  await expectAsBefore(before);
}, 120_000);
