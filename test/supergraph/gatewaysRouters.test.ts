import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { PORTS } from '../../examples/supergraph/supergraph.js';
import { readConfig } from '../../src/config.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

// Gateways take seconds to start on a busy machine.
jest.setTimeout(60_000);

const read = (name: string): any => parse(readFileSync(new URL(`../../examples/supergraph/routers/${name}.yaml`, import.meta.url), 'utf8'));
const apollo = read('apollo-router');
const cosmo = read('cosmo-router');
const hive = read('hive-router');

/** What each router does with requests to our subgraph, in words common to all. */
const ROUTERS = {
  'Apollo Router': {
    passesOn: apollo.headers.subgraphs.contacts.request.operations.flatMap(({ propagate }: any) => propagate?.named ?? []),
    secret: apollo.headers.subgraphs.contacts.request.operations.find(({ insert }: any) => insert).insert,
    secretValue: '${env.ROUTER_SECRET}',
    timeout: apollo.traffic_shaping.subgraphs.contacts.timeout,
    // Its own default.
    idleTimeout: '15s',
  },
  'Cosmo Router': {
    passesOn: cosmo.headers.subgraphs.contacts.request.flatMap(({ op, named }: any) => (op === 'propagate' ? named.toLowerCase() : [])),
    secret: cosmo.headers.subgraphs.contacts.request.find(({ op }: any) => op === 'set'),
    secretValue: '${ROUTER_SECRET}',
    timeout: cosmo.traffic_shaping.subgraphs.contacts.request_timeout,
    idleTimeout: cosmo.traffic_shaping.subgraphs.contacts.keep_alive_idle_timeout,
  },
  'Hive Router': {
    passesOn: hive.headers.subgraphs.contacts.request.flatMap(({ propagate }: any) => propagate?.named ?? []),
    secret: hive.headers.subgraphs.contacts.request.find(({ insert }: any) => insert).insert,
    secretValue: 'env("ROUTER_SECRET", "")',
    timeout: hive.traffic_shaping.subgraphs.contacts.request_timeout,
    idleTimeout: hive.traffic_shaping.subgraphs.contacts.pool_idle_timeout,
  },
};

const secondsIn = (duration: string): number => Number(/^(\d+)s$/.exec(duration)?.[1]);

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ ROUTER_SECRET: 'of the router' });
});
afterAll(() => app.stop());

describe.each(Object.entries(ROUTERS))('%s', (_, { passesOn, secret, secretValue, timeout, idleTimeout }) => {
  test('sends the secret and the token where our subgraph looks for them', async () => {
    expect(secret.value ?? secret.expression).toBe(secretValue);
    expect(passesOn).toEqual(['authorization', 'traceparent']);
    const { authorization } = await app.bearer('contact:identity');
    const { data } = await app.query('{ contact(id: "pms:4711") { dateOfBirth } }', {}, { [secret.name]: 'of the router', [passesOn[0]]: authorization });
    expect(data.contact).toEqual({ dateOfBirth: '1990-05-01' });
  });

  test('waits two seconds longer than our subgraph does', () => {
    expect(secondsIn(timeout) * 1_000 - readConfig(app.sandbox.environment).requestTimeoutMs).toBe(2_000);
  });

  test('closes idle connections before our subgraph does', async () => {
    const { headers } = await app.query('{ __typename }');
    const [, seconds] = /^timeout=(\d+)$/.exec(headers.get('keep-alive') ?? '')!;
    expect(secondsIn(idleTimeout)).toBeLessThan(Number(seconds));
  });
});

test('all of them let the whole of our errors through', async () => {
  // Longer than an operation of a test may take: nothing waits for it.
  app.sandbox.cas360.faults.set([{ status: 503, retryAfter: '90' }]);
  const ids = JSON.stringify(Array.from({ length: 1_001 }, (_, n) => `pms:${n + 1}`));
  const query = `{ down: contact(id: "cas360:54") { name } guarded: contact(id: "pms:4711") { dateOfBirth } tooMany: contacts(ids: ${ids}) { id } }`;
  const { errors } = await app.query(query, {}, { 'router-authorization': 'of the router' });
  const keys = new Set(errors!.flatMap(({ extensions }) => Object.keys(extensions)));
  expect([...keys].sort()).toEqual(cosmo.subgraph_error_propagation.allowed_extension_fields.toSorted());
  expect(cosmo.subgraph_error_propagation.mode).toBe('pass-through');
  expect(apollo.include_subgraph_errors.subgraphs).toEqual({ contacts: true });
  expect(hive.error_masking.subgraphs).toEqual({ contacts: { enabled: false } });
});

test('the composers ask the subgraphs where the example starts them', () => {
  const { contacts, bookings, companies } = PORTS;
  const urls = Object.entries({ contacts, bookings, companies }).map(([name, port]) => [name, `http://127.0.0.1:${port}/graphql`] as const);
  expect(read('rover').subgraphs).toEqual(Object.fromEntries(urls.map(([name, url]) => [name, { routing_url: url, schema: { subgraph_url: url } }])));
  expect(read('wgc').subgraphs).toEqual(urls.map(([name, url]) => ({ name, routing_url: url, introspection: { url } })));
});
