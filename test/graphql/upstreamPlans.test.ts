import { HeaderMap } from '@apollo/server';
import { buildSchema, GraphQLError, parse, type GraphQLSchema } from 'graphql';
import { expect, test } from '@jest/globals';
import { upstreamPlans } from '../../src/graphql/plugins/upstreamPlans.js';

const SCHEMA = buildSchema('type Query { one: Int two(id: ID!): Int! }');
SCHEMA.getQueryType()!.getFields().one!.resolve = () => null;
const RESOURCES = { pmsContacts: undefined, cas360Contacts: undefined, cas360Addresses: undefined };

async function answered(query: string, { isPlanned = true, isKnown = true, schema = SCHEMA, isSchemaOpen = true } = {}): Promise<unknown> {
  const request = await upstreamPlans(schema, { resources: RESOURCES }, isSchemaOpen).requestDidStart!({} as never);
  const document = parse(query);
  const contextValue = { observers: { isPlanned }, scopes: new Set(), answer: {} };
  return request!.responseForOperation!({ document, operation: isKnown ? document.definitions[0] : undefined, request: {}, contextValue } as never);
}

test('An operation that is to be planned is answered with its plan', async () => {
  const calls = { atLeast: 0, atMost: 0, inRareCases: 0 };
  expect(await answered('query ($some: Int = 1) { one }')).toEqual({ http: { headers: expect.any(HeaderMap) }, body: { kind: 'single', singleResult: { data: null, extensions: { upstreamPlan: { calls, endpoints: [], steps: [] } } } } });
});

test.each([{ isPlanned: false }, { isKnown: false }])('An operation runs if it is not to be planned, or unknown (%j)', async (options) => {
  expect(await answered('{ one }', options)).toBeNull();
});

test.each([true, false])('A field that would make the answer null is an error of the plan, in the words of graphql-js if the schema is open (%s)', async (isSchemaOpen) => {
  const message = isSchemaOpen ? /^Argument "id" of required type "ID!"/ : /^The value of the variable at line 1/;
  expect(await answered('{ two }', { isSchemaOpen })).toMatchObject({ body: { singleResult: { data: null, errors: [{ message: expect.stringMatching(message), path: ['two'] }] } } });
});

test.each([new Error('broken'), new TypeError('broken')])('Any other error is thrown', async (error) => {
  const schema = {
    getQueryType: () => {
      throw error;
    },
  } as unknown as GraphQLSchema;
  const thrown = await answered('{ one }', { schema }).catch((one: unknown) => one);
  expect(thrown).toBe(error);
  expect(thrown).not.toBeInstanceOf(GraphQLError);
});
