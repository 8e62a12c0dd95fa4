import { randomBytes } from 'node:crypto';
import { createServer, type OutgoingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { UnreadableBody } from '../../src/readBody.js';
import { Wire } from '../../src/upstream/wire.js';
import { CountedAborter } from '../support/countedAborter.js';
import { ENDLESS, startHostileServer } from '../support/hostileServer.js';
import { until } from '../support/until.js';
import { FOREVER } from '../support/upstreamDouble.js';

const MEBIBYTE = 1_048_576;
let server: Server | undefined;
let wire: Wire | undefined;

async function over(answer: RequestListener, path = '', maxBodyBytes = MEBIBYTE): Promise<Wire> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return (wire = new Wire({ baseUrl: new URL(`http://127.0.0.1:${port}${path}`), connections: 2, maxBodyBytes }));
}

afterEach(async () => {
  await wire?.close();
  server?.closeAllConnections();
  server?.close();
});

const get = (from: Wire): Promise<unknown> => from.get('/x', 'token', FOREVER.signal);

describe('A call on the wire', () => {
  test.each([undefined, `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01`])('asks below the upstream’s address, with the token and what belongs to a trace (%s)', async (traceparent) => {
    const asked: unknown[] = [];
    const to = await over(({ url, headers: { host: _host, connection: _connection, ...headers } }, response) => {
      asked.push([url, headers]);
      response.end('{}');
    }, '/deep/er/');
    expect(await to.get('/x', 'token', FOREVER.signal, traceparent)).toEqual({ status: 200, retryAfter: undefined, contentType: undefined, body: Buffer.from('{}') });
    expect(asked).toEqual([['/deep/er/x', { authorization: 'Bearer token', accept: 'application/json', 'accept-encoding': 'gzip', ...(traceparent && { traceparent }) }]]);
  });

  test('does not follow a redirect', async () => {
    const to = await over((_request, response) => response.writeHead(302, { location: '/elsewhere', 'retry-after': '7', 'content-type': 'text/html' }).end());
    expect(await get(to)).toMatchObject({ status: 302, retryAfter: '7', contentType: 'text/html' });
  });

  test.each([200, 404])('leaves neither a listener nor a timer behind, where the status is %i', async (status) => {
    const signal = new CountedAborter();
    const to = await over((_request, response) => response.writeHead(status).end('{}'));
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    await to.get('/x', 'token', signal);
    expect(signal.listenerCount).toBe(0);
    // One of a call before may have ended meanwhile.
    expect(timers()).toBeLessThanOrEqual(before);
  });

  // Servers and proxies declare encodings that are none, and forget to take them away. The first bytes tell.
  test.each(['gzip', 'GZip', 'x-gzip', 'gzip, identity', 'UTF-8', 'none', '', 'identity', 'br', undefined])('reads a body whose content-encoding is %j, compressed or not', async (encoding) => {
    for (const body of [gzipSync('[1]'), Buffer.from('[1]')]) {
      const to = await over((_request, response) => response.writeHead(200, encoding === undefined ? {} : { 'content-encoding': encoding }).end(body));
      expect(await get(to)).toMatchObject({ body: Buffer.from('[1]') });
      server!.close();
      await wire!.close();
    }
  });

  test('asks for gzip, and reads it whatever its size', async () => {
    const asked: unknown[] = [];
    // Of random letters, so that it compresses to three quarters: below and above what is inflated at once.
    const bodies = [10_000, 60_000, 262_144, 300_000, MEBIBYTE].flatMap((size) => [Buffer.from(randomBytes(size).toString('base64').slice(0, size)), Buffer.alloc(size, ' ')]);
    const to = await over((request, response) => {
      asked.push(request.headers['accept-encoding']);
      response.end(gzipSync(bodies[asked.length - 1]!));
    });
    for (const body of bodies) expect(((await get(to)) as { body: Buffer }).body.equals(body)).toBe(true);
    expect(asked).toEqual(bodies.map(() => 'gzip'));
  });

  test('reads the body after one that could not be inflated', async () => {
    const bodies = [gzipSync('[1]').subarray(0, 12), gzipSync('[1]')];
    const to = await over((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bodies.shift()));
    await expect(get(to)).rejects.toBeInstanceOf(UnreadableBody);
    expect(await get(to)).toMatchObject({ body: Buffer.from('[1]') });
  });

  test.each<[string, OutgoingHttpHeaders, Buffer, number?]>([
    ['too large a body', {}, Buffer.alloc(2 * MEBIBYTE, 'x')],
    ['a compressed body that grows too large', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(2 * MEBIBYTE, 'x'))],
    ['a small body that grows larger than allowed', {}, gzipSync(Buffer.alloc(2_000, 'x')), 1_000],
    ['16 kB that grow to 16 MB', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(16 * MEBIBYTE))],
    ['a compressed body that was cut off', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(1_000, 'x')).subarray(0, 20)],
  ])('refuses %s', async (_what, headers, body, maxBytes = MEBIBYTE) => {
    const to = await over((_request, response) => response.writeHead(200, headers).end(body), '', maxBytes);
    const error = await get(to).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnreadableBody);
    expect((error as UnreadableBody).cause).toHaveProperty('message');
  });

  test('does not let 200 kB that grow to 200 MB into memory', async () => {
    const bomb = Buffer.concat(Array<Buffer>(10).fill(gzipSync(Buffer.alloc(20 * MEBIBYTE))));
    const to = await over((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const before = process.memoryUsage().rss;
    await expect(get(to)).rejects.toBeInstanceOf(UnreadableBody);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * MEBIBYTE);
  }, 30_000);

  test('ends with its signal, however slowly the body drips', async () => {
    const to = await over((_request, response) => {
      response.writeHead(200).flushHeaders();
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    const deadline = new AbortController();
    const getting = to.get('/x', 'token', deadline.signal);
    setTimeout(() => deadline.abort(new Error('too late')), 50);
    await expect(getting).rejects.toThrow('too late');
  });
});

test('A call whose signal has aborted opens no connection', async () => {
  const to = await over((_request, response) => response.end('{}'));
  let connections = 0;
  server!.on('connection', () => connections++);
  const deadline = new AbortController();
  deadline.abort(new Error('too late'));
  await expect(to.get('/x', 'token', deadline.signal)).rejects.toThrow('too late');
  expect(connections).toBe(0);
});

describe('The body of a 404', () => {
  test.each<[string, RequestListener]>([
    ['does not end', (_request, response) => void response.writeHead(404).write('{')],
    ['is broken gzip', (_request, response) => response.writeHead(404).end(gzipSync('{"message":"none"}').subarray(0, 12))],
    ['is larger than 64 KiB once inflated', (_request, response) => response.writeHead(404).end(gzipSync(`"${'x'.repeat(65_535)}"`))],
    ['is endless', (_request, response) => void response.writeHead(404).write(Buffer.alloc(100_000, ' '))],
  ])('is left out where it %s', async (_what, answer) => {
    expect(await get(await over(answer))).toMatchObject({ status: 404, body: Buffer.alloc(0) });
  });

  test('is read, compressed or not', async () => {
    for (const body of [Buffer.from('{}'), gzipSync('{}')]) {
      expect(await get(await over((_request, response) => response.writeHead(404).end(body)))).toMatchObject({ status: 404, body: Buffer.from('{}') });
      server!.close();
      await wire!.close();
    }
  });
});

describe('An answer of many small parts', () => {
  test('is put together as it was', async () => {
    const text = Array.from({ length: 25_000 }, (_, n) => n.toString(36)).join(' ');
    const to = await over((_request, response) => {
      for (const letter of text) response.write(letter);
      response.end();
    });
    const { body } = (await get(to)) as { body: Buffer };
    expect(body.toString()).toBe(text);
  });
});

describe('An answer that does not end', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  /** The resident memory also has what V8 has not collected yet, which depends on the machine. */
  function usedBytes(): number {
    // What the first lets go of, another thread counts until the next one.
    for (let n = 0; n < 2; n++) collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  test.each(Object.entries(ENDLESS))('ends with its signal at the latest, in bounded memory: %s', async (_what, endless) => {
    const hostile = await startHostileServer(endless);
    wire = new Wire({ baseUrl: hostile.url, connections: 2, maxBodyBytes: 2 * MEBIBYTE });
    const before = usedBytes();
    const deadline = new AbortController();
    let hasEnded = false;
    const getting = expect(wire.get('/x', 'token', deadline.signal).finally(() => (hasEnded = true))).rejects.toThrow();
    // The systems’ buffers hold about four of them.
    await until('a part is read', () => hasEnded || hostile.sentBytes() > 10 * MEBIBYTE);
    const held = usedBytes() - before;
    deadline.abort(new Error('too late'));
    await getting;
    expect(held).toBeLessThan(4 * MEBIBYTE);
    await hostile.allGone();
    await hostile.stop();
  });

  test.each([404, 429, 500, 503])('is left soon, where its status is %i', async (status) => {
    const hostile = await startHostileServer({ begin: `HTTP/1.1 ${status} Some\r\n\r\n`, again: ' ' });
    wire = new Wire({ baseUrl: hostile.url, connections: 2, maxBodyBytes: MEBIBYTE });
    expect(await get(wire)).toMatchObject({ status, body: Buffer.alloc(0) });
    await hostile.allGone();
    expect(hostile.sentBytes()).toBeLessThan(32 * MEBIBYTE);
    await hostile.stop();
  });
});

describe('A refusal', () => {
  test('is known without the end of its body', async () => {
    const to = await over((_request, response) => response.writeHead(503).write('never ending'));
    expect(await get(to)).toMatchObject({ status: 503, body: Buffer.alloc(0) });
  });
});
