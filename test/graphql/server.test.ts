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
