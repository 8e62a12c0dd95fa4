import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULTS } from '../../src/errorCodes.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

const APP = 'https://app.example.test';
const ORIGINS = `${APP}, http://localhost:*,http://[::1]:*,https://other.example.test:8443`;

let app: TestApp;
let routed: TestApp;
let without: TestApp;
beforeAll(async () => {
  [app, routed, without] = await Promise.all([
    startTestApp({ CORS_ORIGINS: ORIGINS, MAX_BODY_BYTES: '1024' }),
    startTestApp({ CORS_ORIGINS: APP, ROUTER_SECRET: 'secret', GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' }),
    startTestApp(),
  ]);
});
afterAll(() => Promise.all([app.stop(), routed.stop(), without.stop()]));

const QUERY = JSON.stringify({ query: '{ __typename }' });
const post = (on: TestApp, headers: Record<string, string>, body = QUERY) => fetch(`${on.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
const preflight = (on: TestApp, headers: Record<string, string>, path = '/graphql') =>
  fetch(on.url + path, { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type,authorization', ...headers } });
const corsOf = ({ headers }: Response): Record<string, string> => Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
const varyOf = ({ headers }: Response): string[] => headers.get('vary')?.split(', ') ?? [];

const READABLE = (origin: string) => ({ 'access-control-allow-origin': origin, 'access-control-expose-headers': 'retry-after' });

describe('A page of a configured origin', () => {
  test.each([APP, 'https://other.example.test:8443', 'http://localhost', 'http://localhost:5173', 'http://[::1]', 'http://[::1]:3000'])('may ask: %s', async (origin) => {
    const before = await preflight(app, { origin });
    expect([before.status, await before.text(), varyOf(before)]).toEqual([204, '', ['origin']]);
    expect(corsOf(before)).toEqual({
      ...READABLE(origin),
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, authorization, apollographql-client-name, apollographql-client-version, traceparent',
      'access-control-max-age': '7200',
    });
    const answer = await post(app, { origin });
    expect([answer.status, corsOf(answer)]).toEqual([200, READABLE(origin)]);
    expect(varyOf(answer)).toEqual(expect.arrayContaining(['origin', 'authorization']));
  });

  test.each<[what: string, status: number, ask: (origin: string) => Promise<Response>]>([
    ['a bad token', 401, (origin) => post(app, { origin, authorization: 'Bearer x' })],
    ['a missing router secret', 401, (origin) => post(routed, { origin })],
    ['a body that is too large', 413, (origin) => post(app, { origin }, QUERY.padEnd(1_025))],
    ['broken JSON', 400, (origin) => post(app, { origin }, '{')],
    ['a wrong content type', 415, (origin) => post(app, { origin, 'content-type': 'text/plain' })],
    ['a wrong method', 405, (origin) => fetch(`${app.url}/graphql`, { method: 'GET', headers: { origin } })],
    ['an invalid query', 400, (origin) => post(app, { origin }, '{"query":"{ nothing }"}')],
  ])('can read why it was refused: %s', async (_what, status, ask) => {
    const answer = await ask(APP);
    expect([answer.status, corsOf(answer)]).toEqual([status, READABLE(APP)]);
    expect(varyOf(answer)).toContain('origin');
    expect(await answer.json()).toMatchObject({ errors: [{ message: expect.any(String) }] });
  });

  test('needs no router secret for a preflight request, and with GraphiQL may ask for the upstream calls', async () => {
    const answer = await preflight(routed, { origin: APP });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-headers')).toMatch(/, x-upstream-calls$/);
    expect(answer.headers.get('access-control-allow-headers')).not.toContain('router-authorization');
  });

  test('reads no other path, and no preflight request opens one', async () => {
    for (const path of ['/metrics', '/health/ready', '/graphqlx']) {
      const answer = await fetch(app.url + path, { headers: { origin: APP } });
      expect([path, corsOf(answer), corsOf(await preflight(app, { origin: APP }, path))]).toEqual([path, {}, {}]);
    }
    expect((await preflight(routed, { origin: APP }, '/metrics')).status).toBe(401);
  });

  test('must ask by a preflight request before it gets the headers of one', async () => {
    const answer = await fetch(`${app.url}/graphql`, { method: 'OPTIONS', headers: { origin: APP } });
    expect([answer.status, corsOf(answer)]).toEqual([405, READABLE(APP)]);
  });
});

describe('A page of any other origin', () => {
  test.each([
    'null', '*', 'https://evil.example.test', `${APP}.evil.test`, 'http://app.example.test', `${APP}:444`, `${APP}/`, 'https://APP.example.test', `${APP}, https://evil.example.test`,
    'https://other.example.test', 'https://other.example.test:844', 'https://localhost:5173', 'http://localhost.evil.test:80', 'http://localhost:123456', 'http://localhost:*', 'http://localhost:80:81', 'http://[::1]:3000.evil.test', '',
  ])('may not: %s', async (origin) => {
    const before = await preflight(app, { origin });
    expect([before.status, corsOf(before), varyOf(before)]).toEqual([405, {}, ['origin']]);
    expect(await before.json()).toMatchObject({ errors: [{ message: FAULTS.method }] });
    const answer = await post(app, { origin });
    expect([answer.status, corsOf(answer)]).toEqual([200, {}]);
    // A cache must not give this answer to a page that may read it.
    expect(varyOf(answer)).toContain('origin');
  });
});

test('Without the setting no page of another origin may ask', async () => {
  const before = await preflight(without, { origin: APP });
  const answer = await post(without, { origin: APP });
  expect([before.status, corsOf(before), corsOf(answer), varyOf(answer)]).toEqual([405, {}, {}, ['authorization']]);
});
