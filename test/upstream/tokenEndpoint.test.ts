import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { requestToken, TokenRefused, type GrantAnswer } from '../../src/upstream/oauth2/tokenEndpoint.js';
import { ENDLESS, gzipBomb, startHostileServer, type Endless, type HostileServer } from '../support/hostileServer.js';

const MAX_BYTES = 64 * 1_024;
/** What the systems' buffers between two sockets hold, and more. */
const BUFFERED_BYTES = 32 * 1_048_576;
const CANARY = 'refresh-token-canary';
const GRANT = JSON.stringify({ access_token: 'access', refresh_token: CANARY, expires_in: 60 });
const GRANTED = { accessToken: 'access', refreshToken: CANARY, lifetimeSeconds: 60 };

let server: HostileServer;
afterEach(() => server.stop());

async function ask(answer: RequestListener | Endless, timeoutMs = 10_000): Promise<GrantAnswer> {
  server = await startHostileServer(answer);
  return requestToken({ url: server.url, clientId: 'client', clientSecret: 'secret', form: { grant_type: 'client_credentials' }, timeoutMs });
}
const says = (status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener => (_request, response) => void response.writeHead(status, headers).end(body);
const drips = (status: number): RequestListener => (_request, response) => {
  response.writeHead(status).flushHeaders();
  const drip = setInterval(() => response.write(' '), 5);
  response.on('close', () => clearInterval(drip));
};
const padded = (bytes: number): string => GRANT + ' '.repeat(bytes - GRANT.length);
const failure = (asking: Promise<unknown>): Promise<Error> => asking.then(() => { throw new Error('it was granted'); }, (error: unknown) => error as Error);

describe('A token endpoint’s answer is read', () => {
  test.each<[string, RequestListener]>([
    ['with 200', says(200, GRANT)],
    ['with 201', says(201, GRANT)],
    ['with 203', says(203, GRANT)],
    ['with 299', says(299, GRANT)],
    ['in gzip', says(200, gzipSync(GRANT), { 'content-encoding': 'gzip' })],
    ['in gzip, called x-gzip', says(200, gzipSync(GRANT), { 'content-encoding': 'x-gzip' })],
    ['in gzip, although no header says so', says(201, gzipSync(GRANT))],
    ['as it is, although a header says gzip', says(200, GRANT, { 'content-encoding': 'gzip' })],
    ['in the encoding UTF-8', says(200, GRANT, { 'content-encoding': 'UTF-8' })],
    ['in no encoding', says(200, GRANT, { 'content-encoding': '' })],
    ['with a byte order mark', says(200, `\ufeff${GRANT}`)],
    ['with a type that is not JSON’s', says(200, GRANT, { 'content-type': 'text/html' })],
    ['of 64 KiB', says(200, padded(MAX_BYTES))],
    ['of 64 KiB in gzip', says(200, gzipSync(padded(MAX_BYTES)))],
    ['after answers of 103', (_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end(GRANT);
    }],
  ])('%s', async (_what, answer) => {
    expect(await ask(answer)).toEqual(GRANTED);
  });
});

test.each([
  [{}, 300],
  [{ expires_in: null }, 300],
  [{ expires_in: 0 }, 300],
  [{ expires_in: -60 }, 300],
  [{ expires_in: 'soon' }, 300],
  [{ expires_in: '3600' }, 3_600],
  [{ expires_in: 0.5 }, 0.5],
])('A token that comes with %j lives %d seconds', async (lifetime, lifetimeSeconds) => {
  expect(await ask(says(200, JSON.stringify({ access_token: 'access', ...lifetime })))).toEqual({ accessToken: 'access', refreshToken: undefined, lifetimeSeconds });
});

describe('A token endpoint’s answer is not read', () => {
  test.each<[string, () => RequestListener | Promise<RequestListener>]>([
    ['beyond 64 KiB', () => says(200, padded(MAX_BYTES + 1))],
    ['beyond 64 KiB inflated', () => says(200, gzipSync(padded(MAX_BYTES + 1)))],
    ['from a bomb', async () => says(200, await gzipBomb(50_000_000), { 'content-encoding': 'gzip' })],
    ['from half of gzip', () => says(200, gzipSync(GRANT).subarray(0, 30))],
    ['from broken gzip', () => says(200, Buffer.concat([gzipSync(GRANT).subarray(0, 20), Buffer.from(CANARY)]))],
    ['from a page', () => says(200, `<html>${CANARY}`)],
    ['from nothing', () => says(204, '')],
    ['without an access token', () => says(200, JSON.stringify({ refresh_token: CANARY }))],
    ['from a list', () => says(200, JSON.stringify([CANARY]))],
  ])('%s, and what is said of it quotes none of it', async (_what, answer) => {
    const error = await failure(ask(await answer()));
    expect(error.message).toMatch(/^the token endpoint answered/);
    expect(inspect(error, { depth: 9 })).not.toContain('canary');
    expect(error).not.toBeInstanceOf(TokenRefused);
  });

  test.each(Object.entries(ENDLESS))('to the end where there is none: %s', async (_what, endless) => {
    await failure(ask(endless, 1_000));
    await server.allGone();
    expect(server.requests()).toBe(1);
  });

  test('for longer than its time, however it drips', async () => {
    expect(await failure(ask(drips(200), 100))).toMatchObject({ name: 'TimeoutError' });
    await server.allGone();
  });

  test('where the connection is cut', async () => {
    const error = await failure(ask((_request, response) => {
      response.writeHead(200, { 'content-length': GRANT.length }).write(GRANT.slice(0, -1));
      setImmediate(() => response.destroy());
    }));
    expect(inspect(error)).not.toContain('canary');
  });
});

describe('An endless body of a token endpoint', () => {
  test.each([['200', 'OK'], ['400', 'Bad Request'], ['503', 'Service Unavailable']])('of %s is left soon after 64 KiB', async (status, reason) => {
    const error = await failure(ask({ begin: `HTTP/1.1 ${status} ${reason}\r\n\r\n`, again: ' ' }));
    expect(error.message).toBe(status === '200' ? 'the token endpoint answered too much, or broken gzip' : `the token endpoint answered ${status}`);
    await server.allGone();
    expect(server.sentBytes()).toBeLessThan(BUFFERED_BYTES);
  });
});

describe('A token endpoint that grants nothing', () => {
  const REFUSAL = JSON.stringify({ error: 'invalid_grant', error_description: CANARY });

  test.each<[string, number, string, () => RequestListener | Promise<RequestListener>]>([
    ['says why', 400, 'invalid_grant', () => says(400, REFUSAL)],
    ['says why in gzip', 401, 'invalid_grant', () => says(401, gzipSync(REFUSAL), { 'content-encoding': 'gzip' })],
    ['says why in too many words', 400, '', () => says(400, REFUSAL + ' '.repeat(MAX_BYTES))],
    ['says why in a bomb', 400, '', async () => says(400, await gzipBomb(50_000_000))],
    ['says why in broken gzip', 400, '', () => says(400, gzipSync(REFUSAL).subarray(0, 30))],
    ['says it in a page', 503, '', () => says(503, `<html>${CANARY}`)],
    ['says it and cuts the connection', 400, '', () => (_request, response) => {
      response.writeHead(400, { 'content-length': 1_000 }).write(REFUSAL);
      setImmediate(() => response.destroy());
    }],
    ['leads to itself', 302, '', () => says(302, '', { location: '/' })],
    ['leads elsewhere with the same method', 307, '', () => says(307, '', { location: '/elsewhere' })],
    ['was not meant (421)', 421, '', () => says(421, '')],
    ['wants other credentials', 401, '', () => says(401, '', { 'www-authenticate': 'Basic' })],
  ])('%s: it is asked once, and quoted nowhere', async (_what, status, reason, answer) => {
    const error = await failure(ask(await answer()));
    expect(error).toBeInstanceOf(TokenRefused);
    expect(error).toMatchObject({ status, reason });
    expect(inspect(error, { depth: 9 })).not.toContain('canary');
    expect(server.requests()).toBe(1);
  });

  test('has said so by its status, however its body drips', async () => {
    expect(await failure(ask(drips(400), 100))).toMatchObject({ status: 400, reason: '' });
    await server.allGone();
  });
});
