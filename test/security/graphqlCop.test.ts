import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';

/** What the scanner graphql-cop looks for, each sent as it sends it, with our own reading of the answer: it asks less of it. */
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface Found {
  readonly status: number;
  readonly text: string;
  readonly data: any;
  readonly errors: any[];
}

const read = async (response: Response): Promise<Found> => {
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text) as { data?: unknown; errors?: any[] };
  return { status: response.status, text, data, errors };
};
const post = (body: unknown): Promise<Found> =>
  fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).then(read);
const cop = (query: string): Promise<Found> => post({ query, operationName: 'cop' });
const get = (query: string, accept = '*/*'): Promise<Response> => fetch(`${app.url}/graphql?query=${encodeURIComponent(query)}`, { headers: { accept } });
const repeat = (count: number, text: (n: number) => string): string => Array.from({ length: count }, (_, n) => text(n)).join(' ');

const expectRefused = ({ status, data, errors }: Found, expected = 400) => {
  expect([status, data]).toEqual([expected, undefined]);
  expect(errors.length).toBeLessThanOrEqual(6);
  for (const { extensions } of errors) expect(Object.keys(extensions).filter((key) => key !== 'limit')).toEqual(['code', 'retryable']);
};

describe('graphql-cop finds no', () => {
  test('alias overloading', async () => {
    expectRefused(await cop(`query cop { ${repeat(101, (n) => `alias${n}: __typename`)} }`));
  });

  test('batches', async () => {
    expectRefused(await post(Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }))));
  });

  test('circular introspection', async () => {
    expectRefused(await cop('query cop { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }'));
  });

  test('directive overloading', async () => {
    const found = await cop(`query cop { __typename ${'@aa'.repeat(10)} }`);
    expectRefused(found);
    expect(found.errors.length).toBeLessThan(10);
  });

  test('field duplication', async () => {
    expectRefused(await cop(`query cop { ${'__typename '.repeat(500)} }`));
  });

  test('suggestions', async () => {
    for (const query of ['query cop { __schema { directive } }', 'query cop { contakt { id } }', 'query cop { contact(idd: "cas360:54") { id } }', 'query cop { contact(id: "cas360:54") { nam ... on Contakt { id } } }']) {
      const found = await cop(query);
      expectRefused(found);
      expect(found.text).not.toMatch(/did you mean|directives|contacts?"/i);
    }
  });

  test('introspection', async () => {
    expectRefused(await cop('query cop { __schema { types { name fields { name } } } }'));
  });

  test('GraphiQL', async () => {
    const page = await get('', 'text/html');
    expect(page.status).toBe(405);
    expect(await page.text()).not.toMatch(/graphiql|playground|<html/i);
  });

  test.each(['query cop {__typename}', 'mutation cop {__typename}'])('GET of %s', async (query) => {
    expectRefused(await read(await get(query)), 405);
  });

  test('form that a foreign page could send', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
      const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body: new URLSearchParams({ query: 'query cop { __typename }' }).toString() });
      expectRefused(await read(response), 415);
    }
  });

  test('traces', async () => {
    const found = await cop('query cop { __typename }');
    expect(JSON.parse(found.text)).toEqual({ data: { __typename: 'Query' } });
  });

  test('unhandled errors', async () => {
    const found = await cop('qwerty cop { abc }');
    expectRefused(found);
    expect(found.text).not.toMatch(/exception|stack|qwerty/i);
  });
});
