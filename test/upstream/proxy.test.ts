/** @needs openssl */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { request } from 'undici';
import { openDispatcher, type Network } from '../../src/upstream/network.js';
import { proxyAuthorization, proxyFor } from '../../src/upstream/proxy.js';
import { Wire } from '../../src/upstream/wire.js';
import { issue, type Issued } from '../support/certificates.js';
import { fakeTimers } from '../support/fakeTimers.js';
import { HttpProxy } from '../support/httpProxy.js';
import { patientTunnels, TUNNEL_MS } from '../support/patientTunnels.js';
import { until } from '../support/until.js';
import { FOREVER } from '../support/upstreamDouble.js';

describe('Without a proxy are called', () => {
  const http = new URL('http://plain.example:3128');
  const https = new URL('http://secure.example:3128');
  const isDirect = (url: string, noProxy: string): boolean => proxyFor(new URL(url), { http, https, noProxy }) === undefined;

  test.each([
    ['*', 'https://pms.example'],
    ['other.example, *', 'https://pms.example'],
    ['pms.example', 'https://pms.example'],
    ['PMS.Example', 'https://pms.example'],
    ['pms.example', 'https://PMS.example.:8443/x'],
    ['pms.example.', 'https://pms.example'],
    ['example', 'https://pms.example'],
    ['.example', 'https://pms.example'],
    ['*.example', 'https://a.b.example'],
    ['.pms.example', 'https://pms.example'],
    ['a.example,,b.example pms.example\tc.example', 'https://pms.example'],
    ['pms.example:443', 'https://pms.example'],
    ['pms.example:80', 'http://pms.example'],
    ['pms.example:8443', 'https://pms.example:8443'],
    ['127.0.0.1', 'http://127.0.0.1:4011'],
    ['127.0.0.1:4011', 'http://127.0.0.1:4011'],
    ['10.0.0.0/8', 'https://10.200.3.4'],
    ['10.1.2.3/32', 'https://10.1.2.3'],
    ['10.1.2.3-10.1.2.9', 'https://10.1.2.3'],
    ['10.1.2.3-10.1.2.9', 'https://10.1.2.9'],
    ['::1', 'http://[::1]:4011'],
    ['[::1]', 'http://[::1]:4011'],
    ['[::1]:4011', 'http://[::1]:4011'],
    ['0:0:0:0:0:0:0:1', 'http://[::1]'],
    ['fd00::/8', 'https://[fd12:3456::1]'],
    ['fd00::/64', 'https://[fd00::1]'],
    ['fd00::/128', 'https://[fd00::]'],
  ])('by NO_PROXY=%s: %s', (noProxy, url) => expect(isDirect(url, noProxy)).toBe(true));

  test.each([
    ['', 'https://pms.example'],
    [', ,', 'https://pms.example'],
    ['.', 'https://pms.example'],
    ['ms.example', 'https://pms.example'],
    ['pms.example.com', 'https://pms.example'],
    ['*ms.example', 'https://pms.example'],
    ['pms.example:80', 'https://pms.example'],
    ['pms.example:8443', 'https://pms.example'],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['10.0.0.0/99', 'https://10.0.0.1'],
    ['10.0.0.0/-1', 'https://10.0.0.1'],
    ['10.0.0.0/', 'https://10.0.0.1'],
    ['0.0.1', 'https://10.0.0.1'],
    ['10.0.0.0/8', 'https://10.example'],
    ['10.0.0.0/1e1', 'https://10.0.0.1'],
    ['10.0.0.0/33', 'https://10.0.0.0'],
    ['10.1.2.3', 'https://10.1.2.4'],
    ['10.1.2.3-10.1.2.9', 'https://10.1.2.10'],
    ['10.1.2.9-10.1.2.3', 'https://10.1.2.5'],
    ['10.1.2.3-', 'https://10.1.2.3'],
    ['10.1.2.3-pms.example', 'https://10.1.2.3'],
    ['fd00::/8', 'https://[fe80::1]'],
    ['fd00::/129', 'https://[fd00::]'],
    ['::1', 'http://[::2]:4011'],
    ['pms[.example', 'https://pms.example'],
    ['p]ms.example', 'https://pms.example'],
    ['[', 'https://pms.example'],
  ])('but not by NO_PROXY=%s: %s', (noProxy, url) => expect(isDirect(url, noProxy)).toBe(false));

  test('addresses of a kind that has no proxy', () => {
    expect(proxyFor(new URL('https://pms.example'), { http, https: undefined, noProxy: '' })).toBeUndefined();
    expect(proxyFor(new URL('http://pms.example'), { http: undefined, https, noProxy: '' })).toBeUndefined();
    expect(proxyFor(new URL('https://pms.example'), { http, https, noProxy: '' })).toBe(https);
    expect(proxyFor(new URL('http://pms.example'), { http, https, noProxy: '' })).toBe(http);
  });
});

let issued: Issued;
let ends: (() => unknown)[] = [];
beforeAll(() => {
  issued = issue();
});
afterAll(() => issued.remove());
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  for (const end of ends.reverse()) await end();
  ends = [];
});

interface Scene {
  readonly proxy: HttpProxy;
  /** Each request that reached the upstream: its path, and its headers for proxies. */
  readonly reached: string[];
  readonly wire: Wire;
  readonly network: Network;
}

/** An upstream at `pms.test`, which only the proxy finds. It answers with the name in the client's certificate. */
async function scene(upstream: 'http' | 'https', toProxy: 'http' | 'https', { user = '', connections = 4, answer }: { user?: string; connections?: number; answer?: RequestListener } = {}): Promise<Scene> {
  patientTunnels();
  const reached: string[] = [];
  const listener: RequestListener = (asking, response) => {
    reached.push(`${asking.headers.host}${asking.url} ${Object.keys(asking.headers).filter((name) => name.startsWith('proxy-')).join()}`);
    if (answer) return answer(asking, response);
    response.end(JSON.stringify(upstream === 'https' ? (asking.socket as TLSSocket).getPeerCertificate().subject.CN : 'plain'));
  };
  const tls = { key: issued.server.key, cert: issued.server.cert, ca: issued.authority, requestCert: true, rejectUnauthorized: true };
  const server: Server = upstream === 'https' ? createTlsServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await HttpProxy.start(toProxy === 'https' ? issued.server : undefined);
  proxy.hosts.set(upstream === 'https' ? 'pms.test:443' : 'pms.test', new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  const address = new URL(`${toProxy}://${user}localhost:${proxy.port}`);
  const certificate = { cert: issued.client.cert, key: issued.client.key, ca: issued.authority };
  const network = { proxies: { http: address, https: address, noProxy: '' }, certificate };
  const wire = new Wire({ baseUrl: new URL(`${upstream}://pms.test/base`), connections, maxBodyBytes: 1_000, network });
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  }, () => proxy.stop(), () => wire.close());
  return { proxy, reached, wire, network };
}

const get = (wire: Wire): Promise<{ status: number; body: Uint8Array }> => wire.get('/x?y=1', 'token', FOREVER.signal);
const textOf = ({ body }: { body: Uint8Array }): string => Buffer.from(body).toString();

describe('A call through a proxy', () => {
  const basic = `Basic ${Buffer.from('user@corp:p:ss w\u00f6rd').toString('base64')}`;

  test('reaches an https upstream in a tunnel, with the client’s certificate, and keeps it', async () => {
    const { proxy, reached, wire } = await scene('https', 'http', { user: 'user%40corp:p%3Ass%20w%C3%B6rd@' });
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    for (let call = 0; call < 3; call++) expect(textOf(await get(wire))).toBe('"client"');
    // One of a call before may have ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
    expect(proxy.calls).toEqual([{ asked: 'CONNECT pms.test:443', authorization: basic }]);
    expect(reached).toEqual(Array(3).fill('pms.test/base/x?y=1 '));
  });

  test('to an http upstream is forwarded, on one connection', async () => {
    const { proxy, reached, wire } = await scene('http', 'http', { user: 'user%40corp:p%3Ass%20w%C3%B6rd@' });
    for (let call = 0; call < 3; call++) expect(textOf(await get(wire))).toBe('"plain"');
    expect(proxy.calls).toEqual(Array(3).fill({ asked: 'GET http://pms.test/base/x?y=1', authorization: basic }));
    expect(proxy.sockets.size).toBe(1);
    expect(reached).toEqual(Array(3).fill('pms.test/base/x?y=1 '));
  });

  test.each([
    ['user:password@', 'user:password'],
    ['user@', 'user:'],
    [':password@', ':password'],
  ])('names who asks (%s)', (user, named) => {
    expect(proxyAuthorization(new URL(`http://${user}proxy.example`))).toEqual({ 'proxy-authorization': `Basic ${Buffer.from(named).toString('base64')}` });
  });

  test.each(['http', 'https'] as const)('names no user where the proxy’s address has none (%s)', async (upstream) => {
    const { proxy, wire } = await scene(upstream, 'http');
    await get(wire);
    expect(proxy.calls.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test.each(['http', 'https'] as const)('of a token or of keys has its own connection, which is closed after it (%s)', async (upstream) => {
    const { proxy, network } = await scene(upstream, 'http');
    const url = new URL(`${upstream}://pms.test/token?a=b`);
    const { statusCode, body } = await request(url, { method: 'POST', body: 'grant', dispatcher: openDispatcher(url, network) });
    expect([statusCode, await body.json()]).toEqual([200, upstream === 'https' ? 'client' : 'plain']);
    expect(proxy.calls.map(({ asked }) => asked)).toEqual([upstream === 'https' ? 'CONNECT pms.test:443' : 'POST http://pms.test/token?a=b']);
    await until('the connection is closed', () => proxy.sockets.size === 0);
  });

  test.each(['http', 'https'] as const)('opens as many connections as allowed and no more, also after refusals (%s)', async (upstream) => {
    const waiting: (() => void)[] = [];
    const { proxy, wire } = await scene(upstream, 'http', { answer: (_asking, response) => void waiting.push(() => response.end('{}')) });
    proxy.refusal = 503;
    await Promise.allSettled(Array.from({ length: 8 }, () => get(wire)));
    await until('refused tunnels are closed', () => upstream === 'http' || proxy.sockets.size === 0);
    proxy.refusal = undefined;
    const calls = Promise.all(Array.from({ length: 30 }, () => get(wire)));
    for (let answered = 0; answered < 30; answered++) {
      await until('a request is there', () => waiting.length > 0);
      expect(proxy.sockets.size).toBeLessThanOrEqual(4);
      waiting.shift()!();
    }
    await calls;
  });

  test.each([300, 407, 403, 502])('that the proxy refuses with %i fails in a tunnel, and is that status where it is forwarded', async (status) => {
    const tunnelled = await scene('https', 'http');
    tunnelled.proxy.refusal = status;
    await expect(get(tunnelled.wire)).rejects.toMatchObject({ name: 'ProxyRefused', message: `the proxy answered ${status}`, status });
    tunnelled.proxy.refusal = undefined;
    expect(await get(tunnelled.wire)).toMatchObject({ status: 200 });
    const forwarded = await scene('http', 'http');
    forwarded.proxy.refusal = status;
    expect(await get(forwarded.wire)).toMatchObject({ status });
  });

  /** A proxy that is asked and does not answer; the time for that stands still. */
  async function hanging(): Promise<{ proxy: HttpProxy; wire: Wire; failure: Promise<unknown> }> {
    const { proxy, wire } = await scene('https', 'http');
    proxy.refusal = 'hang';
    fakeTimers();
    const failure = get(wire).then(() => 'no failure', (error: unknown) => error);
    await until('the proxy is asked', () => proxy.calls.length === 1);
    return { proxy, wire, failure };
  }

  test('fails after two seconds where the proxy does not answer, and its connection is closed', async () => {
    const { proxy, failure } = await hanging();
    jest.advanceTimersByTime(TUNNEL_MS - 1);
    expect(await Promise.race([failure, sleep(20, 'waits')])).toBe('waits');
    jest.advanceTimersByTime(1);
    expect(await failure).toMatchObject({ code: 'UND_ERR_CONNECT_TIMEOUT', message: 'the proxy did not answer', atProxy: true });
    await until('the connection is closed', () => proxy.sockets.size === 0);
  });

  test('reads the proxy’s answer that came while the process was frozen for longer', async () => {
    const { proxy, failure } = await hanging();
    for (const socket of proxy.sockets) socket.write('HTTP/1.1 503 No\r\n\r\n');
    // The system brings it meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    jest.advanceTimersByTime(TUNNEL_MS);
    expect(await failure).toMatchObject({ name: 'ProxyRefused', status: 503 });
  });

  test.each(['http', 'https'] as const)('leaves no connection once the wire is closed (%s)', async (upstream) => {
    const { proxy, wire } = await scene(upstream, 'http');
    await Promise.all(Array.from({ length: 4 }, () => get(wire)));
    expect(proxy.sockets.size).toBe(4);
    await wire.close();
    await until('the connections are closed', () => proxy.sockets.size === 0);
  });

  test('leaves no connection where the wire is closed while the proxy is asked', async () => {
    const { proxy, wire, failure } = await hanging();
    const closing = wire.close();
    jest.advanceTimersByTime(TUNNEL_MS);
    await closing;
    expect(await failure).toMatchObject({ code: 'UND_ERR_DESTROYED' });
    await until('the connection is closed', () => proxy.sockets.size === 0);
  });

  test('ends with its signal while the proxy is asked', async () => {
    const { proxy, wire } = await scene('https', 'http');
    proxy.refusal = 'hang';
    const deadline = new AbortController();
    const asking = wire.get('/x', 'token', deadline.signal);
    await until('the proxy is asked', () => proxy.calls.length === 1);
    deadline.abort(new Error('too late'));
    await expect(asking).rejects.toThrow('too late');
  });

  test.each(['http', 'https'] as const)('fails where nobody listens at the proxy’s address (%s)', async (upstream) => {
    const { proxy, wire } = await scene(upstream, 'http');
    proxy.stop();
    await expect(get(wire)).rejects.toMatchObject({ code: 'ECONNREFUSED', atProxy: true });
  });

  test.each(['http', 'https'] as const)('does not trust a proxy whose certificate is nobody’s that we know (%s)', async (upstream) => {
    const { proxy, wire } = await scene(upstream, 'https');
    await expect(get(wire)).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGNATURE/), atProxy: true });
    expect(proxy.calls).toEqual([]);
  });

  test('does not trust an upstream behind the tunnel whose certificate is another’s', async () => {
    const { proxy, wire } = await scene('https', 'http');
    const others = issue();
    const foreign = await HttpProxy.start(others.client);
    ends.push(() => foreign.stop(), () => others.remove());
    proxy.hosts.set('pms.test:443', new URL(`http://127.0.0.1:${foreign.port}`));
    await expect(get(wire)).rejects.toMatchObject({ code: expect.stringMatching(/CERT|SIGNATURE|ALTNAME/) });
  });
});
