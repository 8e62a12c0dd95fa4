import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { errorsIn, startTestApp, type TestApp } from '../support/testApp.js';
import { Scrape } from '../telemetry/support/metrics.js';
import { NO_ROUTE } from '../upstream/support/noRoute.js';

const CONTACTS = '{ contacts(ids: ["pms:4711", "cas360:54", "cas360:56"]) { name } }';
const INVALID = { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false };

describe('Both base URLs with a path too many', () => {
  let sandbox: Sandbox;
  let app: TestApp;
  beforeAll(async () => {
    sandbox = await startSandbox();
    const { environment, pms, cas360 } = sandbox;
    app = await startTestApp({ ...environment, PMS_BASE_URL: `${pms.url}/wrong`, CAS360_BASE_URL: `${cas360.url}/wrong`, CAS360_TOKEN_URL: `${cas360.url}/oauth/token` });
  });
  afterAll(async () => {
    await app.stop();
    await sandbox.stop();
  });

  test('are errors for every contact, never null alone, and the operation counts as failed', async () => {
    const answer = await app.query(CONTACTS);
    expect(answer.data).toEqual({ contacts: [null, null, null] });
    expect(errorsIn(answer)).toEqual([
      { at: 'contacts.0', source: 'PMS', ...INVALID },
      { at: 'contacts.1', source: 'CAS360', ...INVALID },
      { at: 'contacts.2', source: 'CAS360', ...INVALID },
    ]);
    const metrics = await Scrape.of(app.url);
    const outcomes = metrics.samples('contacts_operation_seconds_count').filter(({ value }) => value > 0).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['partial']);
    expect(metrics.value('contacts_upstream_answer_drift_total', { source: 'PMS', kind: 'foreign_404' })).toBeGreaterThan(0);
    expect(metrics.value('contacts_upstream_answer_drift_total', { source: 'CAS360', kind: 'foreign_404' })).toBeGreaterThan(0);
  });
});

describe('A gateway before both systems that answers a path without a route with', () => {
  let gateway: Server;
  let app: TestApp;
  let answer: { status: number; type: string; body: string; location?: string };
  beforeAll(async () => {
    gateway = createServer((request, response) => {
      // Tokens come from elsewhere.
      if (request.method === 'POST') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token":"a","refresh_token":"b","expires_in":3600}');
      const { status, type, body, location } = answer;
      response.writeHead(status, { 'content-type': type, ...(location && { location }) }).end(body);
    }).listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    app = await startTestApp({ PMS_BASE_URL: `${url}/wrong`, PMS_TOKEN_URL: `${url}/token`, CAS360_BASE_URL: `${url}/wrong` });
  });
  afterAll(async () => {
    await app.stop();
    gateway.closeAllConnections();
    gateway.close();
  });

  const PAGES = {
    'a page': { status: 404, type: 'text/html', body: '<!doctype html><title>404 Not Found</title>' },
    'plain text': { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' },
    nothing: { status: 404, type: 'application/json', body: '' },
    'a login page': { status: 200, type: 'text/html', body: '<!doctype html><title>Sign in</title>' },
    'a redirect to its login page': { status: 302, type: 'text/html', body: '', location: '/login' },
    ...Object.fromEntries(Object.entries(NO_ROUTE).map(([name, body]) => [`the JSON of ${name}`, { status: 404, type: 'application/json', body: JSON.stringify(body) }])),
  };
  test.each(Object.entries(PAGES))('%s: every contact is an error', async (_what, given) => {
    answer = given;
    const { data, errors = [] } = await app.query(CONTACTS);
    expect(data.contacts).toEqual([null, null, null]);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(Array(3).fill('UPSTREAM_INVALID_RESPONSE'));
  });

  test('a 403, as AWS does: every contact is an error', async () => {
    answer = { status: 403, type: 'application/json', body: '{"message":"Missing Authentication Token"}' };
    const { errors = [] } = await app.query(CONTACTS);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(Array(3).fill('UPSTREAM_AUTH_FAILED'));
  });
});
