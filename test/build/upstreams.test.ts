import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createUpstreams, type Upstreams } from '../../src/build/upstreams.js';
import { readConfig } from '../../src/config.js';
import type { ContactsError } from '../../src/errors.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import type { Endpoint, UpstreamRequest } from '../../src/upstream/endpoint.js';
import { fakeTimers } from '../support/fakeTimers.js';
import { FOREVER, settle } from '../support/upstreamDouble.js';
import { until } from '../support/until.js';

const ASK: UpstreamRequest = { resource: 'contacts', path: '/1', ids: ['1'], relationships: false };

const QUIET = { info: () => {}, error: () => {} };

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  for (const end of ends) await end();
  ends = [];
});

/** Both systems over one server, which gives tokens, but none at `/silent`, and answers everything else as the test says. */
async function upstreamsOver(settings: Record<string, string> | ((url: string) => Record<string, string>), answer: (response: ServerResponse) => void, warn: (...words: unknown[]) => void = () => {}) {
  const asked: IncomingMessage[] = [];
  const silent: IncomingMessage[] = [];
  const tokens = { status: 200, expires_in: 3_600 };
  const server = createServer((request, response) => {
    if (request.url!.includes('silent')) return void silent.push(request);
    if (request.url!.includes('token')) return void response.writeHead(tokens.status).end(JSON.stringify({ access_token: 'token', refresh_token: 'next', expires_in: tokens.expires_in, token_type: 'Bearer' }));
    asked.push(request);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = readConfig({
    PMS_BASE_URL: url,
    PMS_TOKEN_URL: `${url}/token`,
    PMS_CLIENT_ID: 'contacts',
    PMS_CLIENT_SECRET: 'a secret',
    CAS360_BASE_URL: url,
    CAS360_CLIENT_ID: 'contacts',
    CAS360_CLIENT_SECRET: 'a secret',
    CAS360_REFRESH_TOKEN: 'first',
    ...(typeof settings === 'function' ? settings(url) : settings),
  });
  const log = { ...QUIET, warn };
  const upstreams = await createUpstreams(config, { log, metrics: new Metrics(), redis: undefined, breakersAreOff: undefined });
  ends.push(async () => {
    await Promise.all([upstreams.pms!.close(), upstreams.cas360!.close()]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { upstreams, asked, silent, tokens };
}

const FINE = (response: ServerResponse): void => void response.end('[]');
/** The endpoints, by name. */
const endpointsOf = ({ pms, cas360 }: Upstreams): Record<'pmsContacts' | 'cas360Contacts' | 'cas360Addresses', Endpoint> => ({ pmsContacts: pms!.contacts, cas360Contacts: cas360!.contacts, cas360Addresses: cas360!.addresses });

describe.each(['pmsContacts', 'cas360Contacts', 'cas360Addresses'] as const)('The endpoint of %s', (name) => {
  test('tries for ATTEMPT_TIMEOUT_MS, and once more', async () => {
    // First, because their clock begins at 0, and the budget for second attempts reads it.
    fakeTimers();
    const { upstreams, asked } = await upstreamsOver({ ATTEMPT_TIMEOUT_MS: '1000' }, () => {});
    let error: unknown;
    const asking = endpointsOf(upstreams)[name].getJson(ASK, FOREVER).catch((caught: unknown) => (error = caught));
    await until('it is asked', () => asked.length === 1);
    await jest.advanceTimersByTimeAsync(999);
    await settle();
    expect(asked[0]!.socket.destroyed).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await until('the first attempt is over', () => asked[0]!.socket.destroyed);
    await until('it is asked again', async () => {
      await jest.advanceTimersByTimeAsync(10);
      return asked.length === 2;
    });
    expect(error).toBeUndefined();
    await jest.advanceTimersByTimeAsync(1_000);
    await asking;
    expect(error).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    expect(asked).toHaveLength(2);
  });

  test('pauses for MAX_PAUSE_SECONDS at most, and alone', async () => {
    const { upstreams, asked } = await upstreamsOver({ MAX_PAUSE_SECONDS: '600' }, (response) => void response.writeHead(503, { 'retry-after': '86400' }).end());
    const deadline = { ...FOREVER, endsAtMs: performance.now() + 8_000 };
    const { [name]: paused, ...others } = endpointsOf(upstreams);
    const error: unknown = await paused.getJson(ASK, deadline).catch((caught: unknown) => caught);
    const seconds = (error as ContactsError).facts.retryAfterSeconds;
    expect(seconds).toBe(600);
    expect(asked).toHaveLength(1);
    expect([paused.isPaused, ...Object.values<Endpoint>(others).map(({ isPaused }) => isPaused)]).toEqual([true, false, false]);
  });
});

test('PMS_MAX_RATE and CAS360_MAX_RATE hold for all endpoints of that system, and for no other', async () => {
  const { upstreams } = await upstreamsOver({ PMS_MAX_RATE: '1', CAS360_MAX_RATE: '1' }, FINE);
  // A second later they are free again.
  jest.spyOn(performance, 'now').mockReturnValue(performance.now());
  const { pmsContacts, cas360Contacts, cas360Addresses } = endpointsOf(upstreams);
  await cas360Contacts.getJson(ASK, FOREVER);
  expect([cas360Contacts.isFree, cas360Addresses.isFree, pmsContacts.isFree]).toEqual([false, false, true]);
  await pmsContacts.getJson(ASK, FOREVER);
  expect(pmsContacts.isFree).toBe(false);
});

test('Without them, calls leave as they come', async () => {
  const { upstreams } = await upstreamsOver({}, FINE);
  for (const endpoint of Object.values(endpointsOf(upstreams))) {
    for (let n = 0; n < 3; n++) await endpoint.getJson(ASK, FOREVER);
    expect(endpoint.isFree).toBe(true);
  }
});

test('That no token is to be had is logged once a minute for each reason, however often one is requested', async () => {
  const told: unknown[] = [];
  const warn = (...words: unknown[]): void => void told.push(words[1]);
  const { upstreams } = await upstreamsOver({ PMS_TOKEN_URL: 'http://127.0.0.1:1/token' }, FINE, warn);
  jest.spyOn(performance, 'now').mockImplementation(() => clock);
  let clock = 0;
  for (clock of [0, 5_000, 20_000, 59_000, 65_000]) await expect(upstreams.pms!.contacts.getJson(ASK, { ...FOREVER, endsAtMs: Infinity })).rejects.toMatchObject({ code: 'UPSTREAM_AUTH_FAILED' });
  expect(told.filter((words) => (words as { source?: string } | undefined)?.source === 'PMS')).toEqual(Array(2).fill({ source: 'PMS', reason: 'ECONNREFUSED' }));
});

test('It is logged again as soon as one was granted in between', async () => {
  const told: unknown[] = [];
  const { upstreams, tokens } = await upstreamsOver({}, FINE, (...words) => void told.push(words[1]));
  jest.spyOn(performance, 'now').mockImplementation(() => clock);
  const seen: unknown[] = [];
  let clock = 0;
  for (const [atMs, status] of [[0, 500], [5_000, 200], [10_000, 500]] as const) {
    clock = atMs;
    Object.assign(tokens, { status, expires_in: 1 });
    seen.push(await upstreams.pms!.contacts.getJson(ASK, { ...FOREVER, endsAtMs: Infinity }).catch((error: unknown) => (error as ContactsError).code));
  }
  expect(seen).toEqual(['UPSTREAM_AUTH_FAILED', [], 'UPSTREAM_AUTH_FAILED']);
  expect(told.filter((words) => (words as { source?: string } | undefined)?.source === 'PMS')).toEqual(Array(2).fill({ source: 'PMS', reason: 'the token endpoint answered 500' }));
});

test.each([
  ['pmsContacts', 30_000],
  ['cas360Contacts', 60_000],
] as const)('A token for %s is waited for %i ms, and no longer', async (name, ms) => {
  const { upstreams, silent } = await upstreamsOver((url) => ({ PMS_TOKEN_URL: `${url}/silent`, CAS360_TOKEN_URL: `${url}/silent` }), FINE);
  fakeTimers();
  let error: unknown;
  const asking = endpointsOf(upstreams)[name].getJson(ASK, { ...FOREVER, endsAtMs: Infinity }).catch((caught: unknown) => (error = caught));
  await until('the token endpoint is asked', () => silent.length === 1);
  await jest.advanceTimersByTimeAsync(ms - 1);
  expect(error).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1);
  await asking;
  expect(error).toMatchObject({ code: 'UPSTREAM_AUTH_FAILED' });
});

test('Nothing runs on once both systems are closed', async () => {
  fakeTimers();
  const { upstreams } = await upstreamsOver({}, FINE);
  const before = jest.getTimerCount();
  await upstreams.cas360!.keepTokens();
  await Promise.all([upstreams.pms!.close(), upstreams.cas360!.close()]);
  expect([before, jest.getTimerCount()]).toEqual([1, 0]);
});

test('What came of a renewal is kept before CAS 360 is closed', async () => {
  const { upstreams } = await upstreamsOver({}, FINE);
  let isServed = false;
  const asking = upstreams.cas360!.contacts.getJson(ASK, FOREVER).then(() => (isServed = true));
  await upstreams.cas360!.keepTokens();
  expect([isServed, upstreams.cas360!.refreshToken.isUnkept]).toEqual([false, false]);
  await until('it is served', () => isServed);
  await asking;
});
