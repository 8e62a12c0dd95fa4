import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;
let open: TestApp;
beforeAll(async () => {
  [app, open] = await Promise.all([startTestApp(), startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' })]);
});
afterAll(() => Promise.all([app.stop(), open.stop()]));

const nested = (levels: number, type: string): string => `${'['.repeat(levels)}${type}${']'.repeat(levels)}`;
const within = (value: string): string => `_entities(representations: [{ __typename: "Company", x: ${value} }]) { __typename }`;

test.each([
  ['in an object', `query ($a: [ID]) { ${within('$a')} }`],
  ['with many levels', `query ($a: ${nested(900, 'ID')}!) { ${within('$a')} }`],
  ['in a list in an object', `query ($a: [[Int!]!]!) { ${within('[$a]')} }`],
  ['in an object further down', `query ($a: [Boolean]) { ${within('{ y: [{ z: $a }] }')} }`],
  ['in a fragment', `query ($a: [ID]) { ...f } fragment f on Query { ${within('$a')} }`],
])('A variable of a list type is refused %s', async (_where, query) => {
  const { data, errors } = await app.query(query, { a: [[1]] });
  expect([data, errors!.map(({ extensions }) => extensions.code)]).toEqual([undefined, ['GRAPHQL_VALIDATION_FAILED']]);
  expect((await open.query(query, { a: [[1]] })).errors!.map(({ message }) => message)).toEqual(['A variable of a list type cannot stand within an object. Let a variable hold the whole object.']);
});

test.each([
  ['in an object if it is of another type', 'query ($a: ID!) { _entities(representations: [{ __typename: "Contact", id: $a }]) { ... on Contact { id } } }', 'cas360:54'],
  ['for an object', 'query ($a: _Any!) { _entities(representations: [$a]) { ... on Contact { id } } }', { __typename: 'Contact', id: 'cas360:54' }],
  ['for all objects', 'query ($a: [_Any!]!) { _entities(representations: $a) { ... on Contact { id } } }', [{ __typename: 'Contact', id: 'cas360:54' }]],
])('A variable can stand %s', async (_where, query, a) => {
  expect(await app.query(query, { a })).toMatchObject({ data: { _entities: [{ id: 'cas360:54' }] } });
});
