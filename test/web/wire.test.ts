import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { createConnection } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exchangeBytes } from '../security/support/rawHttp.js';
import { idsFrom, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** Sends bytes as they are, and reads the answer without inflating it. */
function send(body: Buffer, headers: Record<string, string>): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(app.url);
    const outgoing = request({ hostname, port, path: '/graphql', method: 'POST', headers: { 'content-type': 'application/json', ...headers } }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('end', () => resolve({ status: incoming.statusCode!, headers: incoming.headers, body: Buffer.concat(parts) }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const asking = (query: string, variables?: object): Buffer => Buffer.from(JSON.stringify({ query, variables }));
const MANY = asking('query ($ids: [ID!]!) { contacts(ids: $ids) { id name } }', { ids: idsFrom('cas360', 1001, 100) });
const ONE = asking('{ contact(id: "cas360:54") { name } }');

describe('a compressed request', () => {
  test('is inflated', async () => {
    const { status, body } = await send(gzipSync(ONE), { 'content-encoding': 'gzip' });
    expect([status, JSON.parse(body.toString())]).toEqual([200, { data: { contact: { name: 'Fancy Southern Africa Cat Council' } } }]);
  });

  test.each([
    ['GZIP', gzipSync(ONE)],
    ['x-gzip', gzipSync(ONE)],
    ['identity', ONE],
  ])('is read whose encoding is %s', async (encoding, bytes) => {
    expect((await send(bytes, { 'content-encoding': encoding })).status).toBe(200);
  });

  test('that inflates to more than the limit is refused with 413', async () => {
    const bomb = gzipSync(asking('{ contact(id: "cas360:54") { name } }', { blanks: ' '.repeat(20_000_000) }));
    expect((await send(bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  test.each([
    ['is cut off', gzipSync(ONE).subarray(0, 20), 'gzip', 400],
    ['is none', ONE, 'gzip', 400],
    ['has another encoding', ONE, 'br', 415],
  ])('that %s is refused', async (_what, bytes, encoding, expected) => {
    const { status, body } = await send(bytes, { 'content-encoding': encoding });
    expect([status, JSON.parse(body.toString())]).toMatchObject([expected, { errors: [{ extensions: { code: 'BAD_REQUEST' } }] }]);
  });
});

test('Compressed requests that are never completed hold only the bytes that came', async () => {
  const bytes = gzipSync(Buffer.from(`{"query":"{ __typename }"${' '.repeat(1_000_000)}`));
  const head = 'POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n';
  const before = process.memoryUsage().arrayBuffers;
  const sockets = await Promise.all(
    Array.from({ length: 100 }, async () => {
      const socket = createConnection(Number(new URL(app.url).port), '127.0.0.1');
      await new Promise((resolve) => socket.write(Buffer.concat([Buffer.from(`${head}content-length: ${bytes.length}\r\n\r\n`), bytes.subarray(0, -10)]), resolve));
      return socket;
    }),
  );
  // Meanwhile they arrive.
  for (let n = 0; n < 50; n++) expect((await send(gzipSync(ONE), { 'content-encoding': 'gzip' })).status).toBe(200);
  const grown = process.memoryUsage().arrayBuffers - before;
  for (const socket of sockets) socket.destroy();
  expect(grown).toBeLessThan(30_000_000);
});

describe('a request in pieces', () => {
  const inPieces = (count: number, coding = 'identity'): Buffer => {
    const body = `{"query":"{ __typename }","extensions":{}}${' '.repeat(count)}`.slice(0, count);
    const head = `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-encoding: ${coding}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n`;
    return Buffer.from(`${head}${body.replace(/./gs, '1\r\n$&\r\n')}0\r\n\r\n`);
  };

  test('is read if they are many, and refused if they are too many', async () => {
    const { status, body } = await exchangeBytes(app.url, inPieces(15_000));
    expect([status, JSON.parse(body)]).toEqual([200, { data: { __typename: 'Query' } }]);
    for (const coding of ['identity', 'gzip']) {
      const refused = await exchangeBytes(app.url, inPieces(40_000, coding));
      expect([refused.status, JSON.parse(refused.body)]).toMatchObject([400, { errors: [{ message: 'The body of the request came in too many pieces. Send it in fewer and larger ones.', extensions: { code: 'BAD_REQUEST' } }] }]);
    }
  });

  test('harms nobody where its body is not read', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const bytes = Buffer.from(inPieces(40_000).toString().replace('POST', method));
      expect((await exchangeBytes(app.url, bytes)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await send(ONE, {})).status).toBe(200);
  });
});

describe('an answer', () => {
  test('that is large is compressed for who asks for it', async () => {
    const plain = await send(MANY, {});
    const compressed = await send(MANY, { 'accept-encoding': 'gzip, br, deflate' });
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(compressed.headers['content-encoding']).toBe('gzip');
    expect(compressed.headers.vary).toMatch(/authorization/i);
    expect(compressed.headers.vary).toMatch(/accept-encoding/i);
    expect(compressed.body.length).toBeLessThan(plain.body.length / 2);
    expect(JSON.parse(gunzipSync(compressed.body).toString())).toEqual(JSON.parse(plain.body.toString()));
  });

  test.each([['small', ONE, 'gzip'], ['for who cannot read gzip', MANY, 'gzip;q=0, identity'], ['for who wants another encoding', MANY, 'br']])('that is %s is not', async (_what, body, accepted) => {
    expect((await send(body, { 'accept-encoding': accepted })).headers['content-encoding']).toBeUndefined();
  });

  test.each([
    ['application/graphql-response+json', 'application/graphql-response+json; charset=utf-8'],
    ['application/json', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
  ])('to who accepts %s is %s', async (accept, type) => {
    expect((await send(ONE, { accept })).headers['content-type']).toBe(type);
  });
});

describe('the protocol', () => {
  test('is HTTP/1.1 alone: an HTTP/2 connection is refused and closed', async () => {
    const preface = await exchangeBytes(app.url, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'));
    expect([preface.status, JSON.parse(preface.body)]).toMatchObject([400, { errors: [{ extensions: { code: 'BAD_REQUEST' } }] }]);
    const session = connect(app.url);
    await expect(once(session, 'connect').then(() => once(session, 'close'))).rejects.toThrow(/protocol/i);
  });

  test('stays HTTP/1.1 when a caller offers HTTP/2', async () => {
    const offer = ['connection: close, upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'];
    const lines = ['POST /graphql HTTP/1.1', 'host: 127.0.0.1', 'content-type: application/json', `content-length: ${ONE.length}`, ...offer];
    const { status, body } = await exchangeBytes(app.url, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${ONE.toString()}`));
    expect([status, JSON.parse(body)]).toEqual([200, { data: { contact: { name: 'Fancy Southern Africa Cat Council' } } }]);
  });
});
