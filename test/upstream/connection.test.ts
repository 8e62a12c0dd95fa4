/** @needs openssl */
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Wire } from '../../src/upstream/wire.js';
import { issue, type Issued } from '../support/certificates.js';
import { TcpProxy } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { FOREVER } from '../support/upstreamDouble.js';

let issued: Issued;
const ending: (() => unknown)[] = [];

beforeAll(() => {
  issued = issue();
});
afterAll(() => issued.remove());
afterEach(async () => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  for (const end of ending.splice(0).reverse()) await end();
});

interface Upstream {
  readonly port: number;
  /** The paths that were asked for. */
  readonly asked: string[];
  /** Its connections, each with how many requests came on it. */
  readonly connections: Map<Socket, number>;
}

async function startUpstream(answer: RequestListener, { tls = false, port = 0, host = '127.0.0.1' } = {}): Promise<Upstream> {
  const asked: string[] = [];
  const connections = new Map<Socket, number>();
  const listener: RequestListener = (request, response) => {
    asked.push(request.url!);
    connections.set(request.socket, (connections.get(request.socket) ?? 0) + 1);
    answer(request, response);
  };
  const server: Server = tls ? createTlsServer({ key: issued.server.key, cert: issued.server.cert }, listener) : createServer(listener);
  // Idle connections stay, and nothing says for how long.
  server.keepAliveTimeout = 0;
  server.listen(port, host);
  await once(server, 'listening');
  ending.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked, connections };
}

function wireTo(url: string, connections = 36): Wire {
  const certificate = { cert: issued.client.cert, key: issued.client.key, ca: issued.authority };
  const wire = new Wire({ baseUrl: new URL(url), connections, maxBodyBytes: 1_000, network: { proxies: { http: undefined, https: undefined, noProxy: '' }, certificate } });
  ending.push(() => wire.close());
  return wire;
}

/** Every host has the address that `address` returns. */
function lookUp(address: () => string): void {
  jest.spyOn(dns, 'lookup').mockImplementation(((_host: string, options: { all?: boolean }, done: (...result: unknown[]) => void) => {
    done(null, ...(options.all ? [[{ address: address(), family: 4 }]] : [address(), 4]));
  }) as unknown as typeof dns.lookup);
}

const get = (wire: Wire, path = '/x'): Promise<unknown> => wire.get(path, 'token', FOREVER.signal);
const fine: RequestListener = (_request, response) => response.end('{}');

/** Opens `count` connections, each of which carries an answer. */
async function open(wire: Wire, count: number, held: ServerResponse[]): Promise<void> {
  const calls = Array.from({ length: count }, () => get(wire, '/held'));
  await until('all connections carry a request', () => held.length === count);
  for (const response of held.splice(0)) response.end('{}');
  await Promise.all(calls);
}

describe.each([false, true])('Connections that the upstream had closed while idle (TLS: %s)', (tls) => {
  /** A wire whose connections, as many as it may have, have each carried an answer. */
  async function openThroughProxy(connections: number): Promise<{ upstream: Upstream; proxy: TcpProxy; wire: Wire }> {
    const held: ServerResponse[] = [];
    const upstream = await startUpstream((request, response) => (request.url === '/held' ? held.push(response) : response.end('{}')), { tls });
    const proxy = await TcpProxy.start();
    ending.push(() => proxy.stop());
    proxy.target = new URL(`http://127.0.0.1:${upstream.port}`);
    const wire = wireTo(proxy.url.replace('http:', tls ? 'https:' : 'http:').replace('127.0.0.1', 'localhost'), connections);
    await open(wire, connections, held);
    return { upstream, proxy, wire };
  }

  test('cost no call: 36 are reset together while 60 calls are wanted', async () => {
    const { upstream, proxy, wire } = await openThroughProxy(36);
    expect(proxy.open).toBe(36);
    proxy.resetWhenUsed();
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => get(wire, `/${n}`)));
    expect(answers).toEqual(Array(60).fill(expect.objectContaining({ status: 200 })));
    expect(upstream.asked.filter((path) => path !== '/held').sort()).toEqual(Array.from({ length: 60 }, (_, n) => `/${n}`).sort());
  });

  test('cost no call: one call is wanted, and all 20 are closed', async () => {
    const { proxy, wire } = await openThroughProxy(20);
    proxy.resetWhenUsed();
    for (let call = 0; call < 20; call++) expect(await get(wire)).toMatchObject({ status: 200 });
  });
});

describe('A call whose connection is closed before any answer', () => {
  const closings: [string, (response: ServerResponse) => void][] = [
    ['reset', ({ socket }) => void socket!.resetAndDestroy()],
    ['ended', ({ socket }) => void socket!.end()],
  ];

  test.each(closings)('is sent again where it carried an answer before: %s', async (_how, close) => {
    const upstream = await startUpstream(({ socket }, response) => (upstream.connections.get(socket) === 1 ? response.end('{}') : close(response)));
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 1);
    for (let call = 0; call < 3; call++) expect(await get(wire)).toMatchObject({ status: 200 });
    expect(upstream.asked).toHaveLength(5);
  });

  test.each(closings)('is not sent again where the connection was new: %s', async (_how, close) => {
    const upstream = await startUpstream((_request, response) => close(response));
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`);
    for (let call = 1; call <= 3; call++) {
      await expect(get(wire)).rejects.toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/) });
      expect(upstream.asked).toHaveLength(call);
    }
  });

  test.each(['H', 'HTTP/1.1 2', 'HTTP/1.1 103 Early Hints\r\n\r\n', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12'])('is not sent again once this came: %j', async (begin) => {
    const upstream = await startUpstream(({ socket }, response) => {
      if (upstream.connections.get(socket) === 1) response.end('{}');
      else socket.write(begin, () => socket.end());
    });
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 1);
    await get(wire);
    await expect(get(wire)).rejects.toThrow();
    expect(upstream.asked).toHaveLength(2);
  });

  test('is sent twice at most, however many idle connections there are', async () => {
    const held: ServerResponse[] = [];
    const upstream = await startUpstream((request, response) => (request.url === '/held' ? held.push(response) : response.socket!.resetAndDestroy()));
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 20);
    await open(wire, 20, held);
    await expect(get(wire, '/crash')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(upstream.asked.filter((path) => path === '/crash')).toHaveLength(2);
  });

  // Calls of others keep all connections in use.
  test('is sent twice at most, however busy the connections are', async () => {
    const upstream = await startUpstream(({ url, socket }, response) => (url === '/crash' ? socket.resetAndDestroy() : response.end('{}')));
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 2);
    let left = 400;
    const others = Promise.all(Array.from({ length: 10 }, async () => {
      while (left-- > 0) await get(wire);
    }));
    await until('both connections carried answers', () => upstream.asked.length > 10);
    await expect(get(wire, '/crash')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(upstream.asked.filter((path) => path === '/crash')).toHaveLength(2);
    left = 0;
    await others;
  });

  test('is not sent again for a caller who has left', async () => {
    const deadline = new AbortController();
    const upstream = await startUpstream(({ socket }, response) => {
      if (upstream.connections.get(socket) === 1) return response.end('{}');
      deadline.abort(new Error('too late'));
      socket.resetAndDestroy();
    });
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 1);
    await get(wire);
    await expect(wire.get('/x', 'token', deadline.signal)).rejects.toThrow('too late');
    expect(await get(wire)).toMatchObject({ status: 200 });
    expect(upstream.asked).toHaveLength(3);
  });

  test('is not sent again once the wire is closed', async () => {
    const upstream = await startUpstream(({ socket }, response) => (upstream.connections.get(socket) === 1 && response.end('{}')));
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 1);
    await get(wire);
    const asking = get(wire);
    await until('the second request is there', () => upstream.asked.length === 2);
    await Promise.all([expect(asking).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' }), wire.close()]);
    expect(upstream.asked).toHaveLength(2);
  });
});

describe('A connection', () => {
  const fakeTime = (): void => void jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });

  test.each([
    ['is used again after 54 s', {}, 54_000, 1],
    ['is not used again after 56 s', {}, 56_000, 2],
    ['is used again after 4 s of the 5 that the server announces', { 'keep-alive': 'timeout=5' }, 4_000, 1],
    ['is not used again after 5 s of the 5 that the server announces', { 'keep-alive': 'timeout=5' }, 5_000, 2],
    ['is not used again after 56 s of the hour that the server announces', { 'keep-alive': 'timeout=3600' }, 56_000, 2],
    ['is not used again at all where the server announces 0 s', { 'keep-alive': 'timeout=0' }, 0, 2],
  ])('%s', async (_what, headers, idleMs, expected) => {
    const upstream = await startUpstream((_request, response) => response.writeHead(200, headers).end('{}'));
    fakeTime();
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 1);
    await get(wire);
    await jest.advanceTimersByTimeAsync(idleMs);
    await get(wire);
    expect(upstream.connections.size).toBe(expected);
  });

  test.each([{}, { 'keep-alive': 'timeout=3600' }])('that is idle is closed within a minute, also where the server announces an hour: %j', async (headers) => {
    const upstream = await startUpstream((_request, response) => response.writeHead(200, headers).end('{}'));
    fakeTime();
    // The process is older than any connection may be.
    await jest.advanceTimersByTimeAsync(60_000);
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 1);
    await get(wire);
    await jest.advanceTimersByTimeAsync(60_000);
    await until('it is closed', () => [...upstream.connections.keys()].every(({ destroyed }) => destroyed));
  });

  test.each([1, 5])('that is busy all the time is renewed within a minute, and follows the host’s address (%i at once)', async (calls) => {
    const before = await startUpstream(fine);
    const after = await startUpstream(fine, { port: before.port, host: '127.0.0.2' });
    let address = '127.0.0.1';
    lookUp(() => address);
    fakeTime();
    const wire = wireTo(`http://upstream.test:${before.port}`, calls);
    const ask = (): Promise<unknown> => Promise.all(Array.from({ length: 2 * calls }, () => get(wire)));
    await ask();
    address = '127.0.0.2';
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await ask();
      await jest.advanceTimersByTimeAsync(5_000);
    }
    const asked = before.asked.length;
    await ask();
    expect([before.asked.length - asked, after.connections.size]).toEqual([0, calls]);
    expect(before.connections.size).toBeLessThanOrEqual(calls);
    // The second and the third of a place get as old as the first.
    for (let seconds = 0; seconds < 110; seconds += 5) {
      await ask();
      await jest.advanceTimersByTimeAsync(5_000);
    }
    expect(after.connections.size).toBe(2 * calls);
  });

  test('is never one too many, also while all are renewed', async () => {
    const held: ServerResponse[] = [];
    const upstream = await startUpstream((_request, response) => void held.push(response));
    fakeTime();
    const wire = wireTo(`http://127.0.0.1:${upstream.port}`, 3);
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 20 }, () => get(wire));
      let most = 0;
      for (let answered = 0; answered < 20; answered++) {
        await until('a call has come', () => held.length > 0);
        most = Math.max(most, held.length);
        held.shift()!.end('{}');
      }
      await Promise.all(calls);
      expect(most).toBeLessThanOrEqual(3);
      await jest.advanceTimersByTimeAsync(30_000);
    }
  });
});
