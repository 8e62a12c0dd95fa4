/** @needs openssl */
import { once } from 'node:events';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { runDoctor } from '../doctor/support/doctor.js';
import { issue, type Issued } from '../support/certificates.js';
import { HttpProxy } from '../support/httpProxy.js';
import { startSubgraph } from '../support/subgraph.js';
import { until } from '../support/until.js';

let issued: Issued;
let sandbox: Sandbox;
/** In front of both systems: TLS that demands the client's certificate. */
let gateways: Server[];
let proxy: HttpProxy;
/** The names of the certificates that came with requests to the gateways, by host. */
const presented = new Map<string, string>();

beforeAll(async () => {
  issued = issue();
  sandbox = await startSandbox();
  proxy = await HttpProxy.start();
  gateways = [];
  for (const name of ['pms', 'cas360'] as const) {
    const { port } = new URL(sandbox[name].url);
    const gateway = createServer({ key: issued.server.key, cert: issued.server.cert, ca: issued.authority, requestCert: true, rejectUnauthorized: true }, (asking, response) => {
      presented.set(asking.headers.host!, String((asking.socket as TLSSocket).getPeerCertificate().subject.CN));
      const forwarded = request({ host: '127.0.0.1', port, method: asking.method!, path: asking.url!, headers: asking.headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      asking.pipe(forwarded);
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    gateways.push(gateway);
    proxy.hosts.set(`${name}.test:443`, new URL(`https://127.0.0.1:${(gateway.address() as AddressInfo).port}`));
    proxy.hosts.set(`${name}.test`, new URL(sandbox[name].url));
  }
  proxy.hosts.set('keys.test', new URL(sandbox.identity.url));
});
afterEach(() => {
  proxy.calls.length = 0;
  presented.clear();
});
afterAll(async () => {
  proxy.stop();
  for (const gateway of gateways) {
    gateway.closeAllConnections();
    gateway.close();
  }
  await sandbox.stop();
  issued.remove();
});

/** The names ending in `.test` exist for the proxy only. */
const settings = (scheme: 'http' | 'https'): Record<string, string> => ({
  ...sandbox.environment,
  PMS_BASE_URL: `${scheme}://pms.test`,
  PMS_TOKEN_URL: `${scheme}://pms.test/oauth2/token`,
  CAS360_BASE_URL: `${scheme}://cas360.test`,
  CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(),
  AUTH_JWKS_URL: 'http://keys.test/jwks.json',
});
const throughProxy = (): Record<string, string> => ({ HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, http_proxy: `http://127.0.0.1:${proxy.port}`, HTTP_PROXY: 'http://127.0.0.1:1' });
const withCertificate = (): Record<string, string> => ({
  PMS_CLIENT_CERT_FILE: issued.client.certFile,
  PMS_CLIENT_KEY_FILE: issued.client.keyFile,
  CAS360_CLIENT_CERT_FILE: issued.client.certFile,
  CAS360_CLIENT_KEY_FILE: issued.client.keyFile,
  NODE_EXTRA_CA_CERTS: issued.authorityFile,
});

/** Asks for a contact of each system, as a caller whose token must be verified. */
async function ask(url: string): Promise<any> {
  const token = await sandbox.identity.token({ scopes: ['contact:identity'] });
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ contacts(ids: ["pms:4711", "cas360:54"]) { id name } }' }),
  });
  return response.json();
}
const SERVED = { data: { contacts: [{ id: 'pms:4711', name: expect.any(String) }, { id: 'cas360:54', name: expect.any(String) }] } };
const asked = (): string[] => [...new Set(proxy.calls.map((call) => call.asked))].sort();

const FORWARDED = ['GET http://cas360.test/contacts/54?offset=0&limit=500', 'GET http://keys.test/jwks.json', 'GET http://pms.test/api/v3/contacts/4711', 'POST http://pms.test/oauth2/token'];

describe('The service', () => {
  test.each(['0', '1'])('makes every call through the proxy, with its certificate, and stops in order (NODE_USE_ENV_PROXY=%s)', async (NODE_USE_ENV_PROXY) => {
    const subgraph = await startSubgraph({ ...settings('https'), ...throughProxy(), ...withCertificate(), NODE_USE_ENV_PROXY });
    expect(await ask(subgraph.url)).toEqual(SERVED);
    expect(asked()).toEqual(['CONNECT cas360.test:443', 'CONNECT pms.test:443', 'GET http://keys.test/jwks.json']);
    // One tunnel for the token, one for the contact.
    expect(proxy.calls.filter((call) => call.asked === 'CONNECT pms.test:443')).toHaveLength(2);
    expect([...presented].sort()).toEqual([['cas360.test', 'client'], ['pms.test', 'client']]);
    expect(await subgraph.end()).toBe(0);
    await until('no connection to the proxy is left', () => proxy.sockets.size === 0);
  }, 30_000);

  test('makes calls to http addresses through the proxy without tunnels', async () => {
    const subgraph = await startSubgraph({ ...settings('http'), ...throughProxy() });
    expect(await ask(subgraph.url)).toEqual(SERVED);
    expect(asked().filter((call) => !call.includes('oauth/token'))).toEqual(FORWARDED);
    expect(asked().filter((call) => call.startsWith('POST http://cas360.test/oauth/token?'))).toHaveLength(1);
    await subgraph.end('SIGKILL');
  }, 30_000);

  test.each(['127.0.0.1', '*'])('calls without the proxy what NO_PROXY names: %s', async (NO_PROXY) => {
    const subgraph = await startSubgraph({ ...sandbox.environment, CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(), ...throughProxy(), NO_PROXY, NODE_USE_ENV_PROXY: '1' });
    expect(await ask(subgraph.url)).toEqual(SERVED);
    expect(asked()).toEqual([]);
    await subgraph.end('SIGKILL');
  }, 30_000);

  test('answers with errors where the proxy refuses, and is served once it does not', async () => {
    proxy.refusal = 407;
    const subgraph = await startSubgraph({ ...settings('https'), ...throughProxy(), ...withCertificate(), AUTH_JWKS_URL: `${sandbox.identity.url}/jwks.json`, NO_PROXY: '127.0.0.1' });
    const { errors } = await ask(subgraph.url);
    expect(errors.map(({ extensions }: any) => [extensions.source, extensions.code])).toEqual([['PMS', 'UPSTREAM_AUTH_FAILED'], ['CAS360', 'UPSTREAM_AUTH_FAILED']]);
    proxy.refusal = undefined;
    await until('both are served', async () => (await ask(subgraph.url)).errors === undefined);
    await subgraph.end('SIGKILL');
  }, 30_000);
});

describe('Traces and metrics', () => {
  test('go through the proxy, to a receiver with a certificate of a private authority', async () => {
    const { paths, url, stop } = await startSecureReceiver();
    proxy.hosts.set('otlp.test:443', url);
    const subgraph = await startSubgraph({
      ...settings('http'),
      ...throughProxy(),
      NODE_EXTRA_CA_CERTS: issued.authorityFile,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.test',
      // One export may take as long, also on a busy machine.
      OTEL_METRIC_EXPORT_INTERVAL: '2000',
    });
    expect(await ask(subgraph.url)).toEqual(SERVED);
    await until('both have arrived', () => paths.size === 2);
    expect([...paths].sort()).toEqual(['/v1/metrics', '/v1/traces']);
    expect(asked()).toContain('CONNECT otlp.test:443');
    expect(subgraph.output.text).not.toContain('Telemetry could not be sent');
    expect(await subgraph.end()).toBe(0);
    await stop();
  }, 30_000);

  test('do not go to a receiver whose certificate is not trusted', async () => {
    const { paths, url, stop } = await startSecureReceiver();
    const subgraph = await startSubgraph({ ...sandbox.environment, CAS360_REFRESH_TOKEN: sandbox.cas360.issueRefreshToken(), OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url.href, OTEL_METRIC_EXPORT_INTERVAL: '100' });
    await until('the log tells of it', () => subgraph.output.text.includes('"reason":"metrics: UNABLE_TO_VERIFY_LEAF_SIGNATURE"'));
    expect([...paths]).toEqual([]);
    await subgraph.end('SIGKILL');
    await stop();
  }, 30_000);

  async function startSecureReceiver(): Promise<{ paths: Set<string>; url: URL; stop: () => Promise<unknown> }> {
    const paths = new Set<string>();
    const receiver = createServer({ key: issued.server.key, cert: issued.server.cert }, (asking, response) => {
      paths.add(asking.url!);
      asking.resume().on('end', () => response.end());
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    return {
      paths,
      url: new URL(`https://127.0.0.1:${(receiver.address() as AddressInfo).port}`),
      stop: () => new Promise((resolve) => (receiver.closeAllConnections(), receiver.close(resolve))),
    };
  }
});

describe('The doctor', () => {
  test('makes its calls as the service does', async () => {
    const { output, of } = await runDoctor({ PATH: process.env.PATH!, ...settings('https'), ...throughProxy(), ...withCertificate() }, '--pms', '4711');
    expect(of('ok').filter((text) => /the known contact was found|AUTH_JWKS_URL answers|takes the client/.test(text))).toHaveLength(3);
    expect(asked()).toEqual(['CONNECT cas360.test:443', 'CONNECT pms.test:443', `GET ${sandbox.identity.url}/.well-known/openid-configuration`, 'GET http://keys.test/jwks.json'].sort());
    expect(output).not.toContain('127.0.0.1:1');
  }, 30_000);

  test('says that the proxy refuses', async () => {
    proxy.refusal = 403;
    const { of } = await runDoctor({ PATH: process.env.PATH!, ...settings('https'), ...throughProxy(), ...withCertificate() });
    proxy.refusal = undefined;
    expect(of('fault')).toContainEqual(expect.stringContaining('PMS_BASE_URL: the proxy refused'));
  }, 30_000);
});
