import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createUpstreams, type Upstreams } from '../../src/build/upstreams.js';
import { readConfig } from '../../src/config.js';
import type { ContactsError } from '../../src/errors.js';
import { createLog } from '../../src/telemetry/log.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import type { Endpoint, UpstreamRequest } from '../../src/upstream/endpoint.js';
import { FOREVER } from '../support/upstreamDouble.js';
import { until } from '../support/until.js';

const ASK: UpstreamRequest = { resource: 'contacts', path: '/1', ids: ['1'], relationships: false };

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
});

/** Both systems over one server, which gives tokens, and answers everything else as the test says. */
async function upstreamsOver(settings: Record<string, string>, answer: (response: ServerResponse) => void) {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    if (request.url!.includes('token')) return void response.end(JSON.stringify({ access_token: 'token', refresh_token: 'next', expires_in: 3_600, token_type: 'Bearer' }));
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
    ...settings,
  });
  const log = { ...createLog(), warn: () => {} };
  const upstreams = await createUpstreams(config, { log, metrics: new Metrics(), redis: undefined, breakersAreOff: undefined });
  ends.push(async () => {
    await Promise.all([upstreams.pms!.close(), upstreams.cas360!.close()]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { upstreams, asked };
}

const FINE = (response: ServerResponse): void => void response.end('[]');
/** The endpoints, by name. */
const endpointsOf = ({ pms, cas360 }: Upstreams): Record<'pmsContacts' | 'cas360Contacts' | 'cas360Addresses', Endpoint> => ({ pmsContacts: pms!.contacts, cas360Contacts: cas360!.contacts, cas360Addresses: cas360!.addresses });

describe.each(['pmsContacts', 'cas360Contacts', 'cas360Addresses'] as const)('The endpoint of %s', (name) => {
  test('tries for ATTEMPT_TIMEOUT_MS, and once more', async () => {
    const { upstreams, asked } = await upstreamsOver({ ATTEMPT_TIMEOUT_MS: '20' }, () => {});
    await expect(endpointsOf(upstreams)[name].getJson(ASK, FOREVER)).rejects.toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
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

test('A system is settled once the token that is being renewed has been kept', async () => {
  const { upstreams } = await upstreamsOver({}, FINE);
  for (const system of [upstreams.pms!, upstreams.cas360!]) {
    let isServed = false;
    const asking = system.contacts.getJson(ASK, FOREVER).then(() => (isServed = true));
    await system.settled();
    expect(isServed).toBe(false);
    await until('it is served', () => isServed);
    await asking;
  }
});
