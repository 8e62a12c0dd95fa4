import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { Metrics } from '../../src/telemetry/metrics.js';
import { Connections } from '../../src/web/connections.js';
import type { WebOptions } from '../../src/web/server.js';
import { until } from '../support/until.js';

/** In the place of what measures: the machine may be late by itself. */
const loop = { averageMs: 0, watches: 0 };
class LoopDelay {
  constructor() {
    loop.watches++;
  }

  get averageMs(): number {
    return loop.averageMs;
  }

  stop(): void {
    loop.watches--;
  }
}
jest.unstable_mockModule('../../src/web/loopDelay.js', () => ({ LoopDelay }));
const { createWebServer } = await import('../../src/web/server.js');

let app: FastifyInstance | undefined;
let idle: Socket | undefined;
afterEach(() => {
  jest.restoreAllMocks();
  idle?.destroy();
  return app?.close();
});

const OPTIONS: Omit<WebOptions, 'metrics' | 'connections'> = {
  routerSecrets: [],
  isReady: () => true,
  redis: undefined,
  refreshToken: undefined,
  graphiql: false,
  corsOrigins: [],
  maxBodyBytes: 1_000_000,
  maxWaitingBytes: 1_000_000,
  writeTimeoutMs: 60_000,
  limits: { maxBodyObjects: 3, maxBodyKeys: 4 },
  requestTimeoutMs: 8_000,
  maxDelayMs: 0,
};

/** The HTTP side alone, with `/echo` in the place of GraphQL and answers of a given length. */
const start = async (options: Partial<WebOptions> = {}): Promise<{ ask: typeof ask; url: URL }> => {
  const web = (app = await createWebServer({ ...OPTIONS, metrics: new Metrics(), connections: new Connections(), ...options }));
  web.post('/echo', (incoming, reply) => reply.send(JSON.stringify(incoming.body)));
  web.get('/fails', () => {
    throw new Error('canaryWord');
  });
  web.get<{ Params: { length: string } }>('/text/:length', ({ params }, reply) => reply.send('x'.repeat(Number(params.length))));
  // As a file of GraphiQL.
  web.get<{ Params: { length: string } }>('/bytes/:length', ({ params }, reply) => reply.headers({ 'cache-control': 'public, max-age=31536000, immutable', 'content-encoding': 'gzip' }).send(Buffer.alloc(Number(params.length))));
  const url = new URL(await web.listen({ host: '127.0.0.1', port: 0 }));
  const ask = (path: string, headers: Record<string, string> = {}, body?: string): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, url), { agent: false, method: body === undefined ? 'GET' : 'POST', headers }, (incoming) => {
        textOf(incoming).then((text) => resolve({ status: incoming.statusCode!, headers: incoming.headers, text }), reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return { ask, url };
};

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const refusal = (code: string, extensions: object = {}): object => ({ errors: [{ message: expect.any(String), extensions: { code, retryable: code === 'OVERLOADED', ...extensions } }] });
const OVERLOADED = { status: 503, headers: { 'retry-after': '1', 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, no-store' }, body: refusal('OVERLOADED', { retryAfterSeconds: 1 }) };
const partsOf = ({ status, headers, text }: Reply): object => {
  const { date: _date, connection: _connection, 'content-length': _length, 'keep-alive': _keepAlive, ...rest } = headers;
  return { status, headers: rest, body: JSON.parse(text) as unknown };
};

test('A caller may take ten seconds for the headers of a request and fifteen for all of it, and a connection may be idle for 65', async () => {
  await start();
  const { headersTimeout, requestTimeout, keepAliveTimeout } = app!.server;
  expect([headersTimeout, requestTimeout, keepAliveTimeout]).toEqual([10_000, 15_000, 65_000]);
});

test.each<[string, Partial<WebOptions>, number, object]>([
  ['is ready', {}, 200, { status: 'ready' }],
  ['is ready with Redis', { redis: { isUp: true } }, 200, { status: 'ready', redis: 'up' }],
  ['is ready without the Redis that it has', { redis: { isUp: false } }, 200, { status: 'ready', redis: 'down' }],
  ['has a refresh token that serves', { refreshToken: { state: 'usable', storeProblem: undefined } }, 200, { status: 'ready', refreshToken: 'usable', refreshTokenStore: 'up' }],
  ['has one that does not, and a store that is full', { refreshToken: { state: 'refused', storeProblem: 'full' } }, 200, { status: 'ready', refreshToken: 'refused', refreshTokenStore: 'full' }],
  ['has not read the store of the refresh token yet', { refreshToken: { state: undefined, storeProblem: 'away' } }, 200, { status: 'ready', refreshTokenStore: 'away' }],
  ['is ready with a Redis that is read-only', { redis: { isUp: true, problem: 'read-only' } }, 200, { status: 'ready', redis: 'up: read-only' }],
  ['is ready without the Redis that is away', { redis: { isUp: false, problem: 'away' } }, 200, { status: 'ready', redis: 'down' }],
  ['is ready without the Redis of another password', { redis: { isUp: false, problem: 'wrong password' } }, 200, { status: 'ready', redis: 'down: wrong password' }],
  ['is told to stop', { isReady: () => false, redis: { isUp: true } }, 503, { status: 'stopping' }],
])('A service that %s says so', async (_what, options, status, body) => {
  const { ask } = await start(options);
  const ready = await ask('/health/ready');
  expect([ready.status, JSON.parse(ready.text)]).toEqual([status, body]);
  const live = await ask('/health/live');
  expect([live.status, JSON.parse(live.text)]).toEqual([200, { status: 'live' }]);
});

test('A fault of our own is a 500 without a word of its own', async () => {
  const { ask } = await start();
  const { status, headers, text } = await ask('/fails');
  expect([status, headers['cache-control'], JSON.parse(text)]).toEqual([500, 'private, no-store', refusal('INTERNAL_SERVER_ERROR')]);
});

test.each([
  ['three lists', '[[[]]]', undefined],
  ['three objects', '[{},{}]', undefined],
  ['four lists', '[[[[]]]]', 'MAX_BODY_OBJECTS'],
  ['four objects and lists', '[{},[],{}]', 'MAX_BODY_OBJECTS'],
  ['four keys', '{"a":1,"b":2,"c" :3,"d"\n:4}', undefined],
  ['five keys', '{"a":1,"b":2,"c" :3,"d"\n:4,"e":5}', 'MAX_BODY_KEYS'],
  ['colons in texts', '{"a":"b:c:d:e:f:g"}', undefined],
  ['the keys of a prototype', '{"__proto__":1,"a":2}', undefined],
])('A body with %s is taken, or refused before it is parsed', async (_what, body, limit) => {
  const { ask } = await start();
  const { status, text } = await ask('/echo', { 'content-type': 'application/json' }, body);
  const { __proto__: _dropped, ...echo } = JSON.parse(body) as Record<string, unknown>;
  expect([status, JSON.parse(text)]).toEqual(limit ? [400, refusal('LIMIT_EXCEEDED', { limit })] : [200, Array.isArray(JSON.parse(body)) ? JSON.parse(body) : echo]);
});

test.each([
  ['{"__proto__":{"a":1},"b":2}', { b: 2 }],
  ['{"\\u005f_proto__":1,"b":2}', { b: 2 }],
  ['[{"__proto__":1}]', [{}]],
  ['{"constructor":{"prototype":{"a":1}},"b":2}', { b: 2 }],
  ['{"a":{"constructor":1,"prototype":2}}', { a: { constructor: 1, prototype: 2 } }],
  ['{"c\\u006fnstructor":{"\\u0070rototype":1}}', {}],
])('Keys of a prototype are removed from a body, wherever and however they are written: %s', async (body, left) => {
  const { ask } = await start();
  expect(JSON.parse((await ask('/echo', { 'content-type': 'application/json' }, body)).text)).toEqual(left);
});

test('A refusal because of the load can be read by a page that may ask', async () => {
  const origin = 'https://app.example.test';
  const { ask } = await start({ maxDelayMs: 100, corsOrigins: [origin] });
  loop.averageMs = 101;
  const { status, headers } = await ask('/graphql', { origin });
  expect([status, headers['retry-after'], headers['access-control-allow-origin'], headers['access-control-expose-headers']]).toEqual([503, '1', origin, 'retry-after']);
});

test('While the event loop is late, requests are refused at once, and those of the operator are answered', async () => {
  const { ask } = await start({ maxDelayMs: 100 });
  for (const [averageMs, status] of [[100, 200], [100.1, 503], [99, 200]] as const) {
    loop.averageMs = averageMs;
    const reply = await ask('/text/1');
    expect([averageMs, reply.status]).toEqual([averageMs, status]);
    if (status === 503) expect(partsOf(reply)).toEqual(OVERLOADED);
    for (const path of ['/health/live', '/health/ready', '/metrics']) expect((await ask(path)).status).toBe(200);
  }
  expect(loop.watches).toBe(1);
  await app!.close();
  expect(loop.watches).toBe(0);
});

test('Without a bound on it, nobody looks how late the event loop is', async () => {
  loop.averageMs = 1_000;
  const { ask } = await start({ maxDelayMs: 0 });
  expect([(await ask('/text/1')).status, loop.watches]).toEqual([200, 0]);
});

describe('While answers wait for callers who do not read', () => {
  const LENGTH = 50_000_000;

  test.each(['text', 'bytes'])('another one that does not fit is refused, also for what compressing takes, until they are gone (%s)', async (kind) => {
    const { ask, url } = await start({ maxWaitingBytes: LENGTH + 200_000 });
    // A caller who does not read may be ended after five seconds.
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    idle = connect(Number(url.port), '127.0.0.1');
    idle.write(`GET /${kind}/${LENGTH} HTTP/1.1\r\nhost: here\r\n\r\n`);
    await until('a long answer is refused', async () => (await ask(`/${kind}/200001`)).status === 503);
    expect(partsOf(await ask(`/${kind}/200001`))).toEqual(OVERLOADED);
    expect((await ask(`/${kind}/1000`)).status).toBe(200);
    expect((await ask(`/${kind}/1000`, { 'accept-encoding': 'gzip' })).status).toBe(503);
    expect((await ask('/metrics', { 'accept-encoding': 'gzip' })).status).toBe(200);
    idle.destroy();
    await until('a long answer is served', async () => (await ask(`/${kind}/200001`, { 'accept-encoding': 'gzip' })).status === 200);
  });
});
