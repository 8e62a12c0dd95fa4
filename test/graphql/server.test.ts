import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readTypeDefs } from '../../src/graphql/schema.js';
import { startTestApp, type Answer, type TestApp } from '../support/testApp.js';

let closed: TestApp;
let open: TestApp;
beforeAll(async () => {
  [closed, open] = await Promise.all([startTestApp(), startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' })]);
});
afterAll(() => Promise.all([closed.stop(), open.stop()]));

const messagesOf = ({ errors = [] }: Answer): string[] => errors.map(({ message }) => message);
const codesOf = ({ errors = [] }: Answer): string[] => errors.map(({ extensions }) => extensions.code);

describe('A schema that is open', () => {
  test.each([
    ['a field that is not there', '{ contakt }', 'Cannot query field "contakt" on type "Query". Did you mean "contact" or "contacts"?'],
    ['a variable that does not fit', 'query ($id: ID!) { contact(id: $id) { id } }', 'Variable "$id" of required type "ID!" was not provided.'],
    ['a text that is no document', '{ contact(', 'Syntax Error: Expected Name, found <EOF>.'],
  ])('is told of with %s, and a closed one is not', async (_what, query, message) => {
    expect(messagesOf(await open.query(query))).toContain(message);
    const answer = await closed.query(query);
    expect([answer.status, messagesOf(answer).filter((one) => one === message)]).toEqual([400, []]);
  });

  test('can be asked for', async () => {
    const query = '{ __schema { queryType { name } } }';
    expect([(await open.query(query)).data, (await closed.query(query)).data]).toEqual([{ __schema: { queryType: { name: 'Query' } } }, undefined]);
  });
});

test.each([
  ['a document', '{ a b c d e f g h i }', {}, 'GRAPHQL_VALIDATION_FAILED'],
  ['variables', 'query ($ids: [ID!]!) { contacts(ids: $ids) { id } }', { ids: Array.from({ length: 9 }, () => [{}]) }, 'BAD_USER_INPUT'],
])('Of the faults of %s five are told, and that there are more', async (_what, query, variables, code) => {
  for (const app of [open, closed]) {
    const answer = await app.query(query, variables);
    expect([answer.status, codesOf(answer)]).toEqual([400, Array.from({ length: 6 }, () => code)]);
  }
});

test('The source text of the schema is that of its files, in the order of their names', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'contacts-schema-'));
  for (const name of ['b.graphql', 'a.graphql', 'c.graphql', 'a.md']) await writeFile(join(folder, name), `# ${name}`);
  expect(readTypeDefs(folder)).toBe('# a.graphql\n# b.graphql\n# c.graphql');
  await rm(folder, { recursive: true });
});

test('Apollo Server leaves the signals to main.ts', () => {
  expect((['SIGINT', 'SIGTERM'] as const).map((signal) => process.listenerCount(signal))).toEqual([0, 0]);
});

const nested = (levels: number, type: string): string => `${'['.repeat(levels)}${type}${']'.repeat(levels)}`;
const within = (value: string): string => `_entities(representations: [{ __typename: "Company", x: ${value} }]) { __typename }`;

test.each([
  ['in an object', `query ($a: [ID]) { ${within('$a')} }`],
  ['with many levels', `query ($a: ${nested(900, 'ID')}!) { ${within('$a')} }`],
  ['in a list in an object', `query ($a: [[Int!]!]!) { ${within('[$a]')} }`],
  ['in an object further down', `query ($a: [Boolean]) { ${within('{ y: [{ z: $a }] }')} }`],
  ['in a fragment', `query ($a: [ID]) { ...f } fragment f on Query { ${within('$a')} }`],
])('A variable of a list type is refused %s', async (_where, query) => {
  const { data, errors } = await closed.query(query, { a: [[1]] });
  expect([data, errors!.map(({ extensions }) => extensions.code)]).toEqual([undefined, ['GRAPHQL_VALIDATION_FAILED']]);
  expect((await open.query(query, { a: [[1]] })).errors!.map(({ message }) => message)).toEqual(['A variable of a list type cannot stand within an object. Let a variable hold the whole object.']);
});

test.each([
  ['in an object if it is of another type', 'query ($a: ID!) { _entities(representations: [{ __typename: "Contact", id: $a }]) { ... on Contact { id } } }', 'cas360:54'],
  ['for an object', 'query ($a: _Any!) { _entities(representations: [$a]) { ... on Contact { id } } }', { __typename: 'Contact', id: 'cas360:54' }],
  ['for all objects', 'query ($a: [_Any!]!) { _entities(representations: $a) { ... on Contact { id } } }', [{ __typename: 'Contact', id: 'cas360:54' }]],
])('A variable can stand %s', async (_where, query, a) => {
  expect(await closed.query(query, { a })).toMatchObject({ data: { _entities: [{ id: 'cas360:54' }] } });
});
