import { HeaderMap, type ApolloServer, type HTTPGraphQLResponse } from '@apollo/server';
import { expect, jest, test } from '@jest/globals';
import type { Context } from '../../src/graphql/context.js';
import { operationRoutes } from '../../src/web/operations.js';
import { bodyReader } from '../support/bodyReader.js';

type Asked = Parameters<ApolloServer<Context>['executeHTTPGraphQLRequest']>[0]['httpGraphQLRequest'];
const COMPLETE = { kind: 'complete', string: '{"data":{}}' } as const;

/** A POST with these headers, where Apollo Server answers so. */
async function posted(answer: Partial<HTTPGraphQLResponse>, headers: Record<string, string> = {}) {
  const app = bodyReader(60_000);
  const context = { answer: { abandon: jest.fn(), end: jest.fn() } };
  let asked: Asked | undefined;
  const executeHTTPGraphQLRequest = async ({ httpGraphQLRequest }: { httpGraphQLRequest: Asked }): Promise<HTTPGraphQLResponse> => {
    asked = httpGraphQLRequest;
    return { headers: new HeaderMap(), body: COMPLETE, ...answer };
  };
  const options = { callers: async () => new Set<string>(), createContext: () => context as unknown as Context, timeoutMs: 60_000, maxQueryCharacters: 20, maxQueryLines: 3, onOverrun: () => {} };
  operationRoutes(app, { ...options, server: { executeHTTPGraphQLRequest } as unknown as ApolloServer<Context> });
  const reply = await app.inject({ method: 'POST', url: '/graphql', headers, payload: { query: '{ __typename }' } });
  await app.close();
  return { reply, asked, context };
}

const headed = (headers: Record<string, string>): { headers: HeaderMap } => ({ headers: new HeaderMap(Object.entries(headers)) });
const KEPT_BY_NOBODY = 'private, no-store';

test.each<[what: string, answer: Partial<HTTPGraphQLResponse>, expected: [status: number, cacheControl: string, retryAfter: string | undefined, body: string]]>([
  ['without a status', {}, [200, KEPT_BY_NOBODY, undefined, COMPLETE.string]],
  ['with a status', { status: 400 }, [400, KEPT_BY_NOBODY, undefined, COMPLETE.string]],
  ['for want of room', { status: 503 }, [503, KEPT_BY_NOBODY, '1', COMPLETE.string]],
  ['that may be kept', headed({ 'cache-control': 'max-age=60, public' }), [200, 'max-age=60, public', undefined, COMPLETE.string]],
  ['that Apollo Server would not have kept', headed({ 'cache-control': 'no-store' }), [200, KEPT_BY_NOBODY, undefined, COMPLETE.string]],
  ['in parts', { body: { kind: 'chunked', asyncIterator: (async function* () {})() } }, [200, KEPT_BY_NOBODY, undefined, '']],
])('An answer %s is sent with the headers that it needs', async (_what, answer, expected) => {
  const { reply } = await posted(answer);
  expect([reply.statusCode, reply.headers['cache-control'], reply.headers['retry-after'], reply.body]).toEqual(expected);
  expect(reply.headers.vary).toBe('authorization');
});

test.each<[given: Record<string, string>, seen: Record<string, string>]>([
  [{}, {}],
  [{ accept: '*/*' }, {}],
  [{ accept: 'application/json' }, {}],
  [{ accept: 'application/graphql-response+json' }, { accept: 'application/graphql-response+json' }],
  [{ 'apollo-federation-include-trace': 'ftv1', 'apollographql-client-name': 'application/json', 'apollographql-client-version': '1' }, { 'apollo-federation-include-trace': 'ftv1', 'apollographql-client-name': 'application/json', 'apollographql-client-version': '1' }],
  [{ authorization: 'Bearer x', cookie: 'a=b', 'x-other': 'c' }, {}],
])('Of the headers %j Apollo Server sees %j', async (given, seen) => {
  const { asked } = await posted({}, given);
  expect([asked!.method, asked!.search, asked!.body, Object.fromEntries(asked!.headers)]).toEqual(['POST', '', { query: '{ __typename }' }, seen]);
});

test('The room of an answer is given back once it is made, and what is not resolved when it is sent is given up', async () => {
  const { context: { answer } } = await posted({});
  expect([answer.end.mock.calls.length, answer.abandon.mock.calls.length]).toEqual([1, 1]);
});
