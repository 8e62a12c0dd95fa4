import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { everyField, idsFrom, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const contacts = (count: number, first = 1001): object[] => idsFrom('cas360', first, count).map((id) => ({ __typename: 'Contact', id }));
const mixed = [...contacts(3), { __typename: 'Address', id: 'cas360:15' }, { __typename: 'Contact', id: 'pms:4711' }];

/** Operations in the form in which each of them prints what it asks a subgraph. */
const OPERATIONS: [string, string, Record<string, unknown>?][] = [
  ['Apollo Router, for a root field', 'query Web__contacts__0($ids:[ID!]!){contacts(ids:$ids){__typename id name}}', { ids: idsFrom('cas360', 1001, 3) }],
  [
    'Apollo Router, for entities',
    'query Web__contacts__1($representations:[_Any!]!){_entities(representations:$representations){...on Contact{name email address{id city country{code}}representatives{__typename id}}}}',
    { representations: contacts(100) },
  ],
  [
    'Apollo Router, for several types with generated fragments',
    'query Web__contacts__2($representations:[_Any!]!){_entities(representations:$representations){..._generated_onContact2_0 ..._generated_onAddress1_0}}fragment _generated_onContact2_0 on Contact{name email}fragment _generated_onAddress1_0 on Address{city}',
    { representations: mixed },
  ],
  [
    'Apollo Router, with a condition of the client\'s',
    'query Web__contacts__3($representations:[_Any!]!,$withMail:Boolean!){_entities(representations:$representations){...on Contact@include(if:$withMail){email}...on Contact{relationships(current:true){type company{id}}}}}',
    { representations: contacts(10), withMail: true },
  ],
  ['Apollo Router, with list sizes at their usual largest', 'query Big__contacts__1($representations:[_Any!]!){_entities(representations:$representations){...on Contact{name status}}}', { representations: contacts(500) }],
  ['@apollo/gateway, without a name', 'query($representations:[_Any!]!){_entities(representations:$representations){...on Contact{name address{__typename id}}}}', { representations: contacts(50) }],
  ['@apollo/gateway, for the schema', 'query __ApolloGetServiceDefinition__ { _service { sdl } }'],
  ['rover, for the schema', 'query SubgraphIntrospectQuery { _service { sdl } }', {}],
  [
    'Hive Gateway, which names the type',
    'query Web($representations: [_Any!]!) {\n  __typename\n  _entities(representations: $representations) {\n    __typename\n    ... on Contact {\n      __typename\n      name\n      id\n    }\n  }\n}',
    { representations: contacts(20) },
  ],
  [
    'Hive Gateway, with merged requests',
    'query Web($_0_representations: [_Any!]!, $_1_representations: [_Any!]!) { __typename _0__entities: _entities(representations: $_0_representations) { __typename ... on Contact { name } } _1__entities: _entities(representations: $_1_representations) { __typename ... on Address { city } } }',
    { _0_representations: contacts(20), _1_representations: [{ __typename: 'Address', id: 'cas360:15' }] },
  ],
  ['Cosmo Router, for a root field', 'query Web__0($a: ID!){contact(id: $a){__typename name id}}', { a: 'cas360:54' }],
  [
    'Cosmo Router, for entities',
    'query Web__1($representations: [_Any!]!){_entities(representations: $representations){... on Contact {__typename name representatives {__typename id name}}}}',
    { representations: contacts(250) },
  ],
  ['a query for every field that needs no scope', `query Web__contacts__4($representations:[_Any!]!){_entities(representations:$representations){...on Contact{${everyField()}}}}`, { representations: [...contacts(20), { __typename: 'Contact', id: 'pms:4711' }] }],
  ['a query four times around', 'query Web__contacts__5($representations:[_Any!]!){_entities(representations:$representations){...on Contact{representatives{representatives{representatives{representatives{id name}}}}}}}', { representations: contacts(5) }],
];

describe('What a router sends passes:', () => {
  test.each(OPERATIONS)('%s', async (_what, query, variables = {}) => {
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'multipart/mixed;subscriptionSpec="1.0", application/graphql-response+json, application/json' },
      body: JSON.stringify({ query, variables, operationName: /^query (\w+)/.exec(query)?.[1] }),
    });
    const { data, errors = [] } = (await response.json()) as { data: any; errors?: { extensions: { code: string } }[] };
    // Anonymous: what is behind a scope is FORBIDDEN, and nothing else is wrong.
    expect([response.status, errors.filter(({ extensions }) => extensions.code !== 'FORBIDDEN')]).toEqual([200, []]);
    for (const value of Object.values(data)) expect(value).not.toBeNull();
    const asked = Object.values(variables).filter(Array.isArray).map((list) => list.length);
    const answered = Object.values(data).filter(Array.isArray).map((list) => list.length);
    expect(answered).toEqual(asked);
  });
});
