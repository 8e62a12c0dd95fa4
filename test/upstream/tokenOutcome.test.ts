/** @needs openssl */
import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { buildConnector, errors, Pool, type Dispatcher } from 'undici';
import { tokenFailure } from '../../src/telemetry/log.js';
import { openDispatcher, type Network } from '../../src/upstream/network.js';
import { requestToken, type TokenOutcome } from '../../src/upstream/oauth2/tokenEndpoint.js';
import { TokenUnavailable, unavailable } from '../../src/upstream/oauth2/tokenUnavailable.js';
import { pmsGrant } from '../../src/upstream/pms/token.js';
import { issue, type Issued } from '../support/certificates.js';
import { freePort } from '../support/freePort.js';
import { HttpProxy } from '../support/httpProxy.js';
import { patientTunnels } from '../support/patientTunnels.js';
import { until } from '../support/until.js';

const CANARY = 'c4n4ry';
const GRANT = JSON.stringify({ access_token: `access-${CANARY}`, refresh_token: `next-${CANARY}`, expires_in: 60 });
const DIRECT: Network = { proxies: { http: undefined, https: undefined, noProxy: '' } };

let issued: Issued;
let ends: (() => void)[] = [];
beforeAll(() => void (issued = issue()));
afterAll(() => issued.remove());
afterEach(() => {
  jest.restoreAllMocks();
  for (const end of ends.reverse()) end();
  ends = [];
});

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The address of a server that does this with each connection. */
async function raw(onConnection: (socket: Socket) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    onConnection(socket);
  });
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server);
}

/** Writes this as soon as a request is there, and closes. */
const writing = (text: string | Buffer): Promise<string> => raw((socket) => void socket.once('data', () => socket.end(text)));

function serving(server: HttpServer): Promise<string> {
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server);
}

/**
 * Demands a client certificate of this authority, and says with an alert that it is refused: Node's servers say nothing. With
 * TLS 1.3 that comes after the request.
 */
async function demanding(...more: readonly string[]): Promise<string> {
  const { certFile, keyFile } = issued.server;
  const port = await freePort();
  const server = spawn('openssl', ['s_server', '-accept', String(port), '-cert', certFile, '-key', keyFile, '-CAfile', issued.authorityFile, '-Verify', '1', '-verify_return_error', ...more], { stdio: ['pipe', 'pipe', 'ignore'] });
  ends.push(() => void server.kill());
  let said = '';
  server.stdout.on('data', (bytes) => (said += String(bytes)));
  await until('it listens', () => said.includes('ACCEPT'));
  return `127.0.0.1:${port}`;
}

interface Ask {
  readonly network?: Network;
  readonly timeoutMs?: number;
  readonly dispatcher?: Dispatcher;
}

function ask(address: string, { network = DIRECT, timeoutMs = 8_000, dispatcher }: Ask = {}): Promise<TokenOutcome> {
  const url = new URL(`${address}/token?grant_type=refresh_token&refresh_token=query-${CANARY}`);
  return requestToken({ url, clientId: `id-${CANARY}`, clientSecret: `secret-${CANARY}`, timeoutMs, dispatcher: dispatcher ?? openDispatcher(url, network) });
}

async function proxied(): Promise<{ proxy: HttpProxy; network: Network }> {
  const proxy = await HttpProxy.start();
  ends.push(() => proxy.stop());
  const address = new URL(`http://user:proxy-${CANARY}@127.0.0.1:${proxy.port}`);
  return { proxy, network: { proxies: { http: address, https: address, noProxy: '' }, certificate: trusting } };
}

type Case = () => Promise<TokenOutcome>;

/** undici's connector takes `ca` beside the certificate. */
const trusting = { get cert() { return issued.client.cert; }, get key() { return issued.client.key; }, get ca() { return issued.authority; } };
const TRUSTING: Network = { ...DIRECT, certificate: trusting };
const nobody = { get cert() { return undefined as never; }, get key() { return undefined as never; }, get ca() { return issued.authority; } };
const expired = { get cert() { return issued.expired.cert; }, get key() { return issued.expired.key; }, get ca() { return issued.authority; } };
const refused = (certificate: Network['certificate'], ...more: readonly string[]): Case => async () => ask(`https://${await demanding(...more)}`, { network: { ...DIRECT, certificate } });

const head = (body: string | Buffer, more = ''): string => `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n`;
const zipped = gzipSync(GRANT);

const UNSENT: Record<string, [string, Case]> = {
  'a port that nobody listens at': ['ECONNREFUSED', async () => ask(`http://127.0.0.1:${await freePort()}`)],
  'a port that nobody listens at, with TLS': ['ECONNREFUSED', async () => ask(`https://localhost:${await freePort()}`)],
  'a host that does not exist': ['ENOTFOUND', () => {
    jest.spyOn(dns, 'lookup').mockImplementation(((_host: string, _options: unknown, done: (error: Error) => void) => {
      done(Object.assign(new Error('there is none'), { code: 'ENOTFOUND' }));
    }) as unknown as typeof dns.lookup);
    return ask('http://nowhere.invalid');
  }],
  'a port that closes where TLS is spoken': ['ECONNRESET', async () => ask(`https://${await raw((socket) => void socket.destroy())}`)],
  'a port that speaks HTTP where TLS is spoken': ['ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)', async () => ask(`https://${await writing('HTTP/1.1 400 Bad Request\r\n\r\n')}`)],
  'a certificate of an unknown authority': ['UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN', async () => ask(`https://${await serving(createTlsServer(issued.server, says(200, GRANT)))}`)],
  'a certificate that is not for servers': ['INVALID_PURPOSE', async () => ask(`https://${await serving(createTlsServer(issued.client, says(200, GRANT)))}`, { network: TRUSTING })],
  'an endpoint that demands a client certificate': ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', refused(nobody)],
  'an endpoint that demands a client certificate, with TLS 1.2': ['ERR_SSL_(SSLV3|SSL/TLS)_ALERT_HANDSHAKE_FAILURE', refused(nobody, '-tls1_2')],
  'an endpoint that refuses our certificate': ['ERR_SSL_(SSLV3|SSL/TLS)_ALERT_CERTIFICATE_EXPIRED', refused(expired)],
  'an endpoint that refuses our certificate, in a tunnel': ['ERR_SSL_(SSLV3|SSL/TLS)_ALERT_CERTIFICATE_EXPIRED', async () => {
    const { proxy, network } = await proxied();
    proxy.hosts.set('cas360.test:443', new URL(`http://${await demanding()}`));
    return ask('https://cas360.test', { network: { ...network, certificate: expired } });
  }],
  'a closed dispatcher': ['UND_ERR_(CLOSED|DESTROYED)', async () => {
    const dispatcher = openDispatcher(new URL('http://127.0.0.1:1'), DIRECT);
    await dispatcher.close();
    return ask('http://127.0.0.1:1', { dispatcher });
  }],
  'no time left': ['TimeoutError', async () => ask(`https://${await raw((socket) => void socket.resume())}`, { timeoutMs: 20 })],
  ...Object.fromEntries([407, 403, 502].map((status): [string, [string, Case]] => [`a proxy that answers ${status} to CONNECT`, ['ProxyRefused', async () => {
    const { proxy, network } = await proxied();
    proxy.refusal = status;
    return ask('https://cas360.test', { network });
  }]])),
  'a proxy that is down, for a tunnel': ['ECONNREFUSED', async () => {
    const { proxy, network } = await proxied();
    proxy.stop();
    return ask('https://cas360.test', { network });
  }],
  'a proxy that is down, for an http address': ['ECONNREFUSED', async () => {
    const { proxy, network } = await proxied();
    proxy.stop();
    return ask('http://cas360.test', { network });
  }],
  'a tunnel that closes': ['ECONNRESET', async () => {
    const { proxy, network } = await proxied();
    proxy.hosts.set('cas360.test:443', new URL(`http://${await raw((socket) => void socket.destroy())}`));
    return ask('https://cas360.test', { network });
  }],
  'a tunnel to a certificate of another host': ['ERR_TLS_CERT_ALTNAME_INVALID', async () => {
    const { proxy, network } = await proxied();
    proxy.hosts.set('elsewhere.example:443', new URL(`http://${await serving(createTlsServer(issued.server, says(200, GRANT)))}`));
    return ask('https://elsewhere.example', { network });
  }],
};

const UNKNOWN: Record<string, [string, Case]> = {
  'closes at once': ['UND_ERR_SOCKET|ECONNRESET|EPIPE', async () => ask(`http://${await raw((socket) => void socket.destroy())}`)],
  'resets once it has read': ['UND_ERR_SOCKET|ECONNRESET', async () => ask(`http://${await raw((socket) => void socket.once('data', () => socket.resetAndDestroy()))}`)],
  'closes after it has read a part': ['UND_ERR_SOCKET|ECONNRESET', async () => ask(`http://${await raw((socket) => void socket.once('readable', () => {
    socket.read(10);
    socket.destroy();
  }))}`)],
  'closes after it has read the request, with TLS': ['UND_ERR_SOCKET|ECONNRESET', async () => ask(`https://${await serving(createTlsServer(issued.server, (request) => void request.socket.destroy()))}`, { network: TRUSTING })],
  'speaks no HTTP': ['HTTPParserError', async () => ask(`http://${await writing(`SSH-2.0-${CANARY}\r\n`)}`)],
  'speaks no HTTP before it is asked': ['HTTPParserError|UND_ERR_SOCKET', async () => ask(`http://${await raw((socket) => void socket.end(`220 ${CANARY} ESMTP\r\n`))}`)],
  'closes amid the headers': ['UND_ERR_SOCKET|HTTPParserError', async () => ask(`http://${await writing(`HTTP/1.1 200 OK\r\nset-cookie: ${CANARY}`)}`)],
  'closes after the headers': ['UND_ERR_|HTTPParserError', async () => ask(`http://${await writing(head(GRANT))}`)],
  'closes amid the body': ['UND_ERR_|HTTPParserError', async () => ask(`http://${await writing(head(GRANT) + GRANT.slice(0, -1))}`)],
  'closes amid a chunk': ['UND_ERR_|HTTPParserError', async () => ask(`http://${await writing(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n${GRANT.slice(0, -1)}`)}`)],
  'sends headers that are too large': ['UND_ERR_HEADERS_OVERFLOW', async () => ask(`http://${await writing(head(GRANT, `x: ${CANARY.repeat(20_000)}\r\n`) + GRANT)}`)],
  'switches to another protocol': ['UND_ERR_SOCKET', async () => ask(`http://${await writing('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n')}`)],
  'gives no answer but 100': ['UND_ERR_SOCKET', async () => ask(`http://${await writing('HTTP/1.1 100 Continue\r\n\r\n')}`)],
  'cuts its gzip': ['UnusableAnswer', async () => ask(`http://${await serving(createHttpServer(says(200, zipped.subarray(0, zipped.length / 2), { 'content-encoding': 'gzip' })))}`)],
  'cuts a body that has no length': ['UnusableAnswer', async () => ask(`http://${await writing(`HTTP/1.1 200 OK\r\n\r\n${GRANT.slice(0, -1)}`)}`)],
  'answers a page': ['UnusableAnswer', async () => ask(`http://${await serving(createHttpServer(says(200, `<html>${CANARY}`)))}`)],
  'answers 204': ['UnusableAnswer', async () => ask(`http://${await serving(createHttpServer(says(204, '')))}`)],
  'behind a proxy closes at once': ['UND_ERR_SOCKET|ECONNRESET', async () => {
    const { proxy, network } = await proxied();
    proxy.hosts.set('cas360.test', new URL(`http://${await raw((socket) => void socket.destroy())}`));
    return ask('http://cas360.test', { network });
  }],
  'in a tunnel closes once it has read': ['UND_ERR_SOCKET|ECONNRESET', async () => {
    const { proxy, network } = await proxied();
    proxy.hosts.set('cas360.test:443', new URL(`http://${await serving(createTlsServer(issued.server, (request) => void request.socket.destroy()))}`));
    return ask('https://cas360.test', { network });
  }],
};

const REFUSED: Record<string, [string, Case]> = {
  'with its own error': ['400', async () => ask(`http://${await serving(createHttpServer(says(400, JSON.stringify({ error: `${CANARY}!`, error_description: CANARY }))))}`)],
  ...Object.fromEntries([502, 504].map((status): [string, [string, Case]] => [`by a forwarding proxy with ${status}`, [String(status), async () => {
    const { proxy, network } = await proxied();
    proxy.refusal = status;
    return ask('http://cas360.test', { network });
  }]])),
};

/** Those that take seconds. */
const SLOW_UNSENT: Record<string, [string, Case]> = {
  'a port that is silent where TLS is spoken': ['UND_ERR_CONNECT_TIMEOUT', async () => ask(`https://${await raw((socket) => void socket.resume())}`, { timeoutMs: 20_000 })],
  'a proxy that does not answer': ['UND_ERR_CONNECT_TIMEOUT', async () => {
    const { proxy, network } = await proxied();
    proxy.refusal = 'hang';
    return ask('https://cas360.test', { network, timeoutMs: 20_000 });
  }],
  'a tunnel to a silent port': ['UND_ERR_CONNECT_TIMEOUT', async () => {
    const { proxy, network } = await proxied();
    proxy.hosts.set('cas360.test:443', new URL(`http://${await raw((socket) => void socket.resume())}`));
    return ask('https://cas360.test', { network, timeoutMs: 20_000 });
  }],
};
const SLOW_UNKNOWN: Record<string, [string, Case]> = {
  'never answers': ['TimeoutError', async () => ask(`http://${await raw((socket) => void socket.resume())}`, { timeoutMs: 3_000 })],
  'never reads': ['TimeoutError', async () => ask(`http://${await raw((socket) => void socket.pause())}`, { timeoutMs: 3_000 })],
  'leaves its body unended': ['TimeoutError', async () => ask(`http://${await raw((socket) => void socket.once('data', () => socket.write(head(GRANT) + GRANT.slice(0, -1))))}`, { timeoutMs: 3_000 })],
};

function says(status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

function nameOf(outcome: TokenOutcome): string {
  if (outcome.kind === 'refused') return String(outcome.status);
  return outcome.kind === 'granted' ? 'granted' : (('code' in outcome.cause && outcome.cause.code) || outcome.cause.name);
}

const table = (kind: string, cases: Record<string, [string, Case]>): [string, string, string, Case][] => Object.entries(cases).map(([what, [name, run]]) => [kind, what, name, run]);

describe('What came of a request for a token is', () => {
  async function judge(kind: string, what: string, name: string, run: Case): Promise<void> {
    const outcome = await run();
    expect([what, outcome.kind, nameOf(outcome)]).toEqual([what, kind, expect.stringMatching(new RegExp(`^(${name})`))]);
    if (outcome.kind === 'granted') throw new Error('it was granted');
    const error = unavailable(outcome);
    expect(inspect([outcome, error], { depth: 10, showHidden: true, getters: true })).not.toContain(CANARY);
    expect([error.stack, error.message, JSON.stringify(error), tokenFailure(error)].join()).not.toMatch(/c4n4ry|https?:/);
    expect(tokenFailure(error)).toMatch(/^([A-Z_/\d]+|the token endpoint .+|the proxy answered \d+)$/);
  }

  test.each([...table('unsent', UNSENT), ...table('unknown', UNKNOWN), ...table('refused', REFUSED)])('%s: %s (%s); no secret is told', async (...one) => {
    patientTunnels();
    await judge(...one);
  });

  test('unsent or unknown, where the endpoint or the proxy is silent; no secret is told', async () => {
    await Promise.all([...table('unsent', SLOW_UNSENT), ...table('unknown', SLOW_UNKNOWN)].map((one) => judge(...one)));
  });
});

describe('A request for a token', () => {
  test.each<[string, () => Promise<{ network?: Network; address: string; server: HttpServer }>]>([
    ['http', async () => {
      const server = createHttpServer(says(200, GRANT, { 'keep-alive': 'timeout=60', connection: 'keep-alive' }));
      return { server, address: `http://${await serving(server)}` };
    }],
    ['https', async () => {
      const server = createTlsServer(issued.server, says(200, GRANT, { connection: 'keep-alive' }));
      return { server, address: `https://${await serving(server)}`, network: TRUSTING };
    }],
    ['http, through a proxy', async () => {
      const [{ proxy, network }, server] = [await proxied(), createHttpServer(says(200, GRANT))];
      proxy.hosts.set('cas360.test', new URL(`http://${await serving(server)}`));
      return { server, address: 'http://cas360.test', network };
    }],
    ['https, through a proxy', async () => {
      patientTunnels();
      const [{ proxy, network }, server] = [await proxied(), createTlsServer(issued.server, says(200, GRANT))];
      proxy.hosts.set('cas360.test:443', new URL(`http://${await serving(server)}`));
      return { server, address: 'https://cas360.test', network };
    }],
  ])('never goes on a connection that has served another (%s)', async (_what, scene) => {
    const { server, address, network = DIRECT } = await scene();
    let [requests, connections] = [0, 0];
    server.on('request', () => requests++).on('connection', () => connections++);
    const dispatcher = openDispatcher(new URL(address), network);
    const run = async (): Promise<unknown> => expect(await ask(address, { dispatcher })).toMatchObject({ kind: 'granted' });
    for (let n = 0; n < 3; n++) await run();
    await Promise.all([run(), run(), run()]);
    await run();
    expect([requests, connections]).toEqual([7, 7]);
  });

  test('without a dispatcher has a connection of its own too', async () => {
    const server = createHttpServer(says(200, GRANT));
    const url = new URL(`http://${await serving(server)}`);
    let connections = 0;
    server.on('connection', () => connections++);
    for (let n = 0; n < 3; n++) expect(await requestToken({ url, clientId: 'a', clientSecret: 'b', timeoutMs: 8_000 })).toMatchObject({ kind: 'granted' });
    expect(connections).toBe(3);
  });

  /** A server that keeps what comes, and a dispatcher with a connector of ours. */
  async function recorded(connect: (reach: buildConnector.connector) => buildConnector.connector): Promise<{ address: string; came: string[]; closed: () => number; dispatcher: Dispatcher }> {
    const came: string[] = [];
    let closed = 0;
    const address = `http://${await raw((socket) => void socket.on('data', (bytes) => came.push(String(bytes))).on('close', () => closed++))}`;
    return { address, came, closed: () => closed, dispatcher: new Pool(address, { pipelining: 0, connect: connect(buildConnector({ timeout: 2_000 })) }) };
  }

  test('that was given up while it connected is unsent, and does not leave when the connection stands', async () => {
    let goOn: (() => void) | undefined;
    const { address, came, closed, dispatcher } = await recorded((reach) => (to, callback) => (goOn = () => reach(to, callback)));
    expect(await ask(address, { dispatcher, timeoutMs: 20 })).toMatchObject({ kind: 'unsent', cause: { name: 'TimeoutError' } });
    goOn!();
    await until('the connection is closed', () => closed() === 1);
    expect(came).toEqual([]);
  });

  test('is sent once, also where undici would send it again', async () => {
    const sockets: Socket[] = [];
    const { address, came, closed, dispatcher } = await recorded((reach) => (to, callback) =>
      reach(to, (...result) => {
        if (result[1]) sockets.push(result[1]);
        callback(...result);
      }));
    const asking = ask(address, { dispatcher });
    await until('the request is there', () => came.length > 0);
    sockets[0]!.destroy(new errors.InformationalError('reset'));
    expect(await asking).toMatchObject({ kind: 'unknown' });
    await until('both connections are closed', () => closed() === 2);
    expect(came).toHaveLength(1);
  });
});

describe('A token of the PMS', () => {
  const grant = (url: string): Promise<unknown> => pmsGrant({ tokenUrl: new URL(url), clientId: 'a', clientSecret: 'b', scope: undefined }, 8_000)();

  test('is granted', async () => {
    expect(await grant(`http://${await serving(createHttpServer(says(200, GRANT)))}`)).toEqual({ accessToken: `access-${CANARY}`, lifetimeSeconds: 60 });
  });

  test.each<[number, string, boolean, number | undefined]>([
    [400, 'invalid_scope', false, undefined],
    [401, 'invalid_client', false, undefined],
    [404, '', false, undefined],
    [302, '', false, undefined],
    [408, '', true, undefined],
    [429, 'slow_down', true, 60_000],
    [500, '', true, 60_000],
    [503, 'down', true, 60_000],
  ])('that is refused with %d (%s) is unavailable; transient: %s', async (status, error, isTransient, retryAfterMs) => {
    const server = createHttpServer(says(status, JSON.stringify(error && { error }), { 'retry-after': '60' }));
    const failure = await grant(`http://${await serving(server)}`).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(TokenUnavailable);
    expect(failure).toMatchObject({ message: `the token endpoint answered ${status}${error && ` ${error}`}`, facts: { isTransient, retryAfterMs, status } });
  });

  test.each<[string, () => Promise<string>, string, boolean]>([
    ['nobody listens', async () => `http://127.0.0.1:${await freePort()}`, 'ECONNREFUSED', true],
    ['the answer is cut', async () => `http://${await writing(head(GRANT))}`, 'UND_ERR_SOCKET', true],
    ['the answer is a page', async () => `http://${await writing(`${head('<html>')}<html>`)}`, 'the token endpoint answered no JSON', true],
    ['only a refresh token comes', async () => `http://${await serving(createHttpServer(says(200, '{"refresh_token":"x"}')))}`, 'the token endpoint answered without a usable access_token', false],
  ])('is unavailable where %s', async (_what, address, why, isTransient) => {
    const failure = await grant(await address()).catch((reason: unknown) => reason);
    expect(failure).toMatchObject({ name: 'TokenUnavailable', facts: { isTransient } });
    expect(tokenFailure(failure)).toBe(why);
  });
});
