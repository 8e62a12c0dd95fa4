/** @needs openssl */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../sandbox/start.js';
import { asking, type Reply } from '../../src/doctor/endpoint.js';
import { REASONS, whyNoAnswer } from '../../src/doctor/reasons.js';
import { Wire } from '../../src/upstream/wire.js';
import { issue, type Issued } from '../support/certificates.js';
import { freePort } from '../support/freePort.js';
import { HttpProxy } from '../support/httpProxy.js';
import { runDoctor } from './support/doctor.js';

/** A thread that stands still can use up the two seconds in which a connection must come about. */
const TRIES = 3;

let issued: Issued;
let closing: (() => void)[] = [];
beforeAll(() => {
  issued = issue();
});
afterAll(() => issued.remove());
afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

/** The port of a server that the test ends. */
async function listening(server: Server): Promise<number> {
  server.on('connection', (socket) => closing.push(() => socket.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const http = async (answer: RequestListener): Promise<string> => `http://127.0.0.1:${await listening(createHttpServer(answer))}`;
const https = async (options: ServerOptions): Promise<string> => `https://127.0.0.1:${await listening(createHttpsServer({ key: issued.server.key, cert: issued.server.cert, ...options }, (_, response) => response.end('[]')))}`;

/** Unless told otherwise, longer than a thread can stand still. */
async function ask(url: string, proxy?: URL, timeoutMs = 10_000): Promise<Reply> {
  const wire = new Wire({ baseUrl: new URL(url), connections: 1, maxBodyBytes: 1_000, network: { proxies: { http: proxy, https: proxy, noProxy: '' } } });
  try {
    return await asking(wire, 'token', timeoutMs, 'PMS')('/contacts/1');
  } finally {
    await wire.close();
  }
}

async function reasonAt(url: string, proxy?: URL, timeoutMs?: number, tries = TRIES): Promise<string> {
  const reply = await ask(url, proxy, timeoutMs);
  const reason = reply.kind === 'json' ? 'none' : reply.why.reason;
  return reason === 'unreachable' && tries > 1 ? reasonAt(url, proxy, timeoutMs, tries - 1) : reason;
}

describe('Without an answer, the doctor says that', () => {
  test('the host name is not known', async () => {
    expect(['dns', 'dns-unavailable', 'unreachable']).toContain(await reasonAt('http://pms.invalid'));
  });

  test('nobody listens', async () => expect(await reasonAt(`http://127.0.0.1:${await freePort()}`)).toBe('refused'));

  test('it is too slow', async () => expect(await reasonAt(await http(() => {}), undefined, 100)).toBe('timeout'));

  test('the connection is cut', async () => expect(await reasonAt(await http((request) => request.socket.destroy()))).toBe('cut'));

  test('no TLS is spoken', async () => expect(await reasonAt((await http(() => {})).replace('http', 'https'))).toBe('tls-none'));

  test('TLS is spoken, where the address is http', async () => {
    expect(['cut', 'not-http']).toContain(await reasonAt((await https({})).replace('https', 'http')));
  });

  test('it is no HTTP', async () => {
    const port = await listening(createServer((socket) => void socket.on('error', () => {}).end('SSH-2.0-server\r\n')));
    expect(await reasonAt(`http://127.0.0.1:${port}`)).toBe('not-http');
  });

  test('the authority is not known', async () => expect(await reasonAt(await https({}))).toBe('tls-unknown-authority'));

  test('the proxy refuses', async () => {
    const proxy = await HttpProxy.start();
    closing.push(() => proxy.stop());
    proxy.refusal = 403;
    expect(await reasonAt('https://pms.test', new URL(`http://127.0.0.1:${proxy.port}`))).toBe('proxy');
  });

  test.each(['http://pms.test', 'https://pms.test'])('the proxy cannot be reached, on the way to %s', async (url) => {
    const proxy = await HttpProxy.start();
    const address = new URL(`http://127.0.0.1:${proxy.port}`);
    proxy.stop();
    expect(await reasonAt(url, address)).toBe('proxy');
    expect(await reasonAt(url, new URL('http://proxy.invalid:3128'))).toBe('proxy');
  });

  test('the body is too large', async () => expect(await reasonAt(await http((_, response) => response.end(`"${'x'.repeat(2_000)}"`)))).toBe('too-large'));
});

describe('Of a wrong answer, the doctor says that it is', () => {
  const PAGE = '<!doctype html><title>Sign in</title>';
  test.each<[string, string, number, string, string]>([
    ['a web page', 'page', 200, 'text/html', PAGE],
    ['a web page that is called JSON', 'page', 200, 'application/json', `\n${PAGE}`],
    ['empty', 'empty', 200, 'application/json', ''],
    ['no JSON', 'not-json', 200, 'application/json', '{"id":1'],
    ['a redirect', 'redirect', 302, 'text/plain', ''],
    ['a refused token', 'unauthorized', 401, 'application/json', '{}'],
    ['a missing right', 'forbidden', 403, 'application/json', '{}'],
    ['a wrong path', 'path', 404, 'text/html', PAGE],
    ['a rate limit', 'rate-limit', 429, 'application/json', '{}'],
    ['a gateway without its system', 'unavailable', 502, 'text/html', PAGE],
    ['trouble', 'unavailable', 500, 'application/json', '{}'],
    ['another status', 'status', 418, 'text/plain', ''],
  ])('%s', async (_what, reason, status, type, body) => {
    const url = await http((_, response) => void response.writeHead(status, { 'content-type': type }).end(body));
    expect(await reasonAt(url)).toBe(reason);
  });

  test.each([403, 404, 502])('a gateway’s page with %i', async (status) => {
    const reply = await ask(await http((_, response) => void response.writeHead(status, { 'content-type': 'text/html' }).end(PAGE)));
    expect(reply).toMatchObject({ why: { text: expect.stringContaining(`${status} with a web page, as gateways do`) } });
  });
});

// Its process trusts the authority of the tests.
test('Of TLS, the doctor says which fault it has', async () => {
  const sandbox = await startSandbox();
  closing.push(() => void sandbox.stop());
  const [expired, mutual, elsewhere, old] = await Promise.all([
    https({ key: issued.expired.key, cert: issued.expired.cert }),
    https({ ca: issued.authority, requestCert: true, rejectUnauthorized: true }),
    https({ key: issued.elsewhere.key, cert: issued.elsewhere.cert }),
    https({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  ]);
  const settings = {
    NODE_EXTRA_CA_CERTS: issued.authorityFile,
    PMS_BASE_URL: expired,
    PMS_TOKEN_URL: mutual,
    PMS_CLIENT_ID: 'contacts',
    PMS_CLIENT_SECRET: 'cnrySecret',
    CAS360_BASE_URL: elsewhere,
    CAS360_TOKEN_URL: old,
    CAS360_CLIENT_ID: 'contacts',
    CAS360_CLIENT_SECRET: 'cnrySecret',
    CAS360_REFRESH_TOKEN: 'cnryToken',
  };
  let diagnosis = await runDoctor(settings);
  for (let n = 1; n < TRIES && diagnosis.output.includes('no connection came about'); n++) diagnosis = await runDoctor(settings);
  expect(diagnosis.of('fault')).toEqual([
    // TLS 1.3 has no answer to a missing certificate: the connection is cut.
    expect.stringMatching(/^no token: PMS_TOKEN_URL: it .* client certificate/),
    expect.stringContaining('PMS_BASE_URL: its TLS certificate has expired'),
    expect.stringContaining('CAS360_TOKEN_URL: it speaks only versions of TLS that are too old'),
    expect.stringContaining('CAS360_BASE_URL: its TLS certificate is of another host'),
  ]);
});

describe('Codes of errors', () => {
  test.each([
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns-unavailable'],
    ['UND_ERR_CONNECT_TIMEOUT', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['CERT_NOT_YET_VALID', 'tls-not-yet-valid'],
    ['CERT_REVOKED', 'tls-certificate'],
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'tls-client-certificate'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tls-client-certificate'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'tls-version'],
    ['ERR_SSL_BAD_EXTENSION', 'tls'],
    ['ESOMETHING', 'other'],
  ])('%s is %s, also inside other errors', (code, reason) => {
    const error = Object.assign(new Error('cnryQuoted'), { code });
    for (const each of [error, new Error('outer', { cause: error }), new AggregateError([error])]) {
      const why = whyNoAnswer(each);
      expect(why.reason).toBe(reason);
      expect(REASONS).toContain(why.reason);
      expect(why.text).not.toContain('cnryQuoted');
    }
  });

  test.each([undefined, null, 'a text', 7, []])('%j has no known reason', (error) => expect(whyNoAnswer(error).reason).toBe('other'));
});
