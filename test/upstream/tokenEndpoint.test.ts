import type { RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { requestToken, type TokenOutcome } from '../../src/upstream/oauth2/tokenEndpoint.js';
import { ENDLESS, startHostileServer, type Endless, type HostileServer } from '../support/hostileServer.js';
import { until } from '../support/until.js';

const MAX_BYTES = 64 * 1_024;
/** What the systems' buffers between two sockets hold, and more. */
const BUFFERED_BYTES = 32 * 1_048_576;
/** So much of an endless answer is sent before the time is over. */
const ENDLESS_BYTES = 5 * 1_048_576;
const CANARY = 'refresh-token-canary';
const GRANT = JSON.stringify({ access_token: 'access', refresh_token: CANARY, expires_in: 60 });
const BOMB = gzipSync(Buffer.alloc(5_000_000, ' '));
const GRANTED = { kind: 'granted', grant: { accessToken: 'access', lifetimeSeconds: 60 }, refreshToken: CANARY };

let server: HostileServer;
afterEach(() => {
  jest.useRealTimers();
  return server.stop();
});

const TIMEOUT_MS = 10_000;
const asked = (): Promise<TokenOutcome> => requestToken({ url: server.url, clientId: 'client', clientSecret: 'secret', form: { grant_type: 'client_credentials' }, timeoutMs: TIMEOUT_MS });
async function ask(answer: RequestListener | Endless): Promise<TokenOutcome> {
  server = await startHostileServer(answer);
  return asked();
}
/** Its time is over as soon as `isOver`, and not before. */
async function askUntil(isOver: () => boolean, answer: RequestListener | Endless): Promise<TokenOutcome> {
  server = await startHostileServer(answer);
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'queueMicrotask'] });
  let hasEnded = false;
  const asking = asked().finally(() => (hasEnded = true));
  await until('its time is over', () => hasEnded || isOver());
  jest.advanceTimersByTime(TIMEOUT_MS);
  return asking;
}
const says = (status: number, body: string | Buffer, headers: Record<string, string> = {}): RequestListener => (_request, response) => void response.writeHead(status, headers).end(body);
/** Its time is over when a part of the body, which drips, has come. */
function askForDrops(status: number): Promise<TokenOutcome> {
  let drops = 0;
  return askUntil(() => drops >= 20, (_request, response) => {
    response.writeHead(status).flushHeaders();
    const drip = setInterval(() => response.write(' ', () => drops++), 5);
    response.on('close', () => clearInterval(drip));
  });
}
/** Says it without an end, and cuts the connection. */
const cutAfter = (body: string | Buffer, headers: Record<string, string | number> = {}): RequestListener => (_request, response) => {
  response.writeHead(200, headers).write(body, () => response.destroy());
};
const padded = (bytes: number): string => GRANT + ' '.repeat(bytes - GRANT.length);

describe('A token endpoint’s answer is read', () => {
  test.each<[string, RequestListener]>([
    ['with 200', says(200, GRANT)],
    ['with 201', says(201, GRANT)],
    ['with 203', says(203, GRANT)],
    ['with 299', says(299, GRANT)],
    ['in gzip', says(200, gzipSync(GRANT), { 'content-encoding': 'gzip' })],
    ['in gzip, called x-gzip', says(200, gzipSync(GRANT), { 'content-encoding': 'x-gzip' })],
    ['in gzip, although no header says so', says(201, gzipSync(GRANT))],
    ['deflated', says(200, deflateSync(GRANT), { 'content-encoding': 'deflate' })],
    ['in brotli', says(200, brotliCompressSync(GRANT), { 'content-encoding': 'BR' })],
    ['as it is, although a header says brotli', says(200, GRANT, { 'content-encoding': 'br' })],
    ['as it is, although a header says gzip', says(200, GRANT, { 'content-encoding': 'gzip' })],
    ['in the encoding UTF-8', says(200, GRANT, { 'content-encoding': 'UTF-8' })],
    ['in no encoding', says(200, GRANT, { 'content-encoding': '' })],
    ['with a byte order mark', says(200, `\ufeff${GRANT}`)],
    ['with a type that is not JSON’s', says(200, GRANT, { 'content-type': 'text/html' })],
    ['with two types', says(200, GRANT, { 'content-type': ['text/plain', 'application/json;charset=x'] as unknown as string })],
    ['of 64 KiB', says(200, padded(MAX_BYTES))],
    ['of 64 KiB in gzip', says(200, gzipSync(padded(MAX_BYTES)))],
    ['in chunks, and the connection is cut before the last one', cutAfter(GRANT)],
    ['shorter than its length says', cutAfter(GRANT, { 'content-length': GRANT.length + 1 })],
    ['in gzip, and the connection is cut', cutAfter(gzipSync(GRANT))],
    ['after answers of 103', (_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.end(GRANT);
    }],
  ])('%s', async (_what, answer) => {
    expect(await ask(answer)).toEqual(GRANTED);
  });
});

test.each([
  [undefined, undefined, ''],
  [{ grant_type: 'client_credentials', scope: 'read all' }, 'application/x-www-form-urlencoded', 'grant_type=client_credentials&scope=read+all'],
])('A token is asked for with POST, Basic authentication, and the form %j', async (form, type, body) => {
  const asked: unknown[] = [];
  let sent = '';
  server = await startHostileServer((request, response) => {
    request.on('data', (bytes) => (sent += String(bytes)));
    request.on('end', () => {
      const { authorization, accept, 'accept-encoding': encoding, 'content-type': contentType } = request.headers;
      asked.push([request.method, authorization, accept, encoding, contentType]);
      response.end(GRANT);
    });
  });
  expect(await requestToken({ url: server.url, clientId: 'client', clientSecret: 'secret', ...(form && { form }), timeoutMs: 10_000 })).toEqual(GRANTED);
  expect(asked).toEqual([['POST', `Basic ${Buffer.from('client:secret').toString('base64')}`, 'application/json', 'gzip', type]]);
  expect(sent).toBe(body);
});

test.each([
  [{}, 300],
  [{ expires_in: null }, 300],
  [{ expires_in: 0 }, 300],
  [{ expires_in: -60 }, 300],
  [{ expires_in: 'soon' }, 300],
  [{ expires_in: '3600' }, 3_600],
  [{ expires_in: '' }, 300],
  [{ expires_in: true }, 300],
  [{ expires_in: [60] }, 300],
  [{ expires_in: '1e999' }, 300],
  [{ expires_in: 0.5 }, 0.5],
  [{ expires_in: 1e306 }, 1e9],
])('A token that comes with %j lives %d seconds', async (lifetime, lifetimeSeconds) => {
  const outcome = await ask(says(200, JSON.stringify({ access_token: 'access', ...lifetime })));
  expect(outcome).toEqual({ kind: 'granted', grant: { accessToken: 'access', lifetimeSeconds }, refreshToken: undefined });
});

test.each([
  ['only a refresh token', { refresh_token: 'next' }, undefined, 'next'],
  ['an access token that no header can hold', { access_token: 'acc\ness', refresh_token: 'next' }, undefined, 'next'],
  ['an access token that begins with a blank', { access_token: ' access', refresh_token: 'next' }, undefined, 'next'],
  ['an access token that ends with one', { access_token: 'access ', refresh_token: 'next' }, undefined, 'next'],
  ['an access token that is a number', { access_token: 1, refresh_token: 'next' }, undefined, 'next'],
  ['an empty refresh token', { access_token: 'access', refresh_token: '' }, 'access', undefined],
  ['a refresh token with a control character', { access_token: 'access', refresh_token: 'ne\u0000xt' }, 'access', 'ne\u0000xt'],
  ['a refresh token that is neither text nor number', { access_token: 'access', refresh_token: ['next'] }, 'access', undefined],
  ['a refresh token that is a number', { access_token: 'access', refresh_token: 1 }, 'access', '1'],
  ['a refresh token in another script', { access_token: 'access', refresh_token: 'n\u00e4chster \u{1f511}' }, 'access', 'n\u00e4chster \u{1f511}'],
])('Of %s, what is usable is granted', async (_what, answer, accessToken, refreshToken) => {
  const outcome = await ask(says(200, JSON.stringify(answer)));
  expect(outcome).toEqual({ kind: 'granted', grant: accessToken && { accessToken, lifetimeSeconds: 300 }, refreshToken });
});

test('A refresh token that is a long number keeps all its digits', async () => {
  expect(await ask(says(200, '{"access_token":"access","refresh_token":12345678901234567891}'))).toMatchObject({ kind: 'granted', refreshToken: '12345678901234567891' });
});

test.each(['1e400', '1e20', '1.5'])('A refresh token that is the number %s is not known, and none is guessed', async (number) => {
  expect(await ask(says(200, `{"access_token":"access","refresh_token":${number}}`))).toMatchObject({ kind: 'unknown', cause: { message: expect.stringContaining('no whole number') } });
});

describe('A token endpoint’s answer is not read', () => {
  test.each<[string, () => RequestListener]>([
    ['beyond 64 KiB', () => says(200, padded(MAX_BYTES + 1))],
    ['beyond 64 KiB inflated', () => says(200, gzipSync(padded(MAX_BYTES + 1)))],
    ['from a bomb', () => says(200, BOMB, { 'content-encoding': 'gzip' })],
    ['from half of gzip', () => says(200, gzipSync(GRANT).subarray(0, 30))],
    ['from broken gzip', () => says(200, Buffer.concat([gzipSync(GRANT).subarray(0, 20), Buffer.from(CANARY)]))],
    ['from a page', () => says(200, `<html>${CANARY}`)],
    ['from nothing', () => says(204, '')],
    ['from an empty 200', () => says(200, '')],
    ['without a token', () => says(200, JSON.stringify({ error: CANARY }))],
    ['with tokens of no use', () => says(200, JSON.stringify({ access_token: '', refresh_token: [CANARY] }))],
    ['from a list', () => says(200, JSON.stringify([CANARY]))],
    ['from null', () => says(200, 'null')],
  ])('%s, and what is said of it quotes none of it', async (_what, answer) => {
    const outcome = await ask(answer());
    expect(outcome).toMatchObject({ kind: 'unknown', cause: { name: 'UnusableAnswer', message: expect.stringMatching(/^the token endpoint answered/) } });
    expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain('canary');
  });

  test('where the connection is cut inside it', async () => {
    expect(await ask(cutAfter(GRANT.slice(0, -1)))).toMatchObject({ kind: 'unknown', cause: { name: 'HTTPParserError', message: 'the token endpoint did not answer' } });
  });

  test.each(Object.entries(ENDLESS))('to the end where there is none: %s', async (_what, endless) => {
    expect(await askUntil(() => server.sentBytes() > ENDLESS_BYTES, endless)).toMatchObject({ kind: 'unknown' });
    await server.allGone();
    expect(server.requests()).toBe(1);
  });

  test('for longer than its time, however it drips', async () => {
    expect(await askForDrops(200)).toMatchObject({ kind: 'unknown', cause: { name: 'TimeoutError', code: undefined, message: 'the token endpoint did not answer in time' } });
    await server.allGone();
  });
});

describe('An endless body of a token endpoint', () => {
  test.each([['200', 'OK'], ['400', 'Bad Request'], ['503', 'Service Unavailable']])('of %s is left soon after 64 KiB', async (status, reason) => {
    const outcome = await ask({ begin: `HTTP/1.1 ${status} ${reason}\r\n\r\n`, again: ' ' });
    const tooMuch = { kind: 'unknown', cause: { message: 'the token endpoint answered too much, or broken gzip' } };
    expect(outcome).toMatchObject(status === '200' ? tooMuch : { kind: 'refused', status: Number(status) });
    await server.allGone();
    expect(server.sentBytes()).toBeLessThan(BUFFERED_BYTES);
  });
});

describe('A token endpoint that grants nothing', () => {
  const REFUSAL = JSON.stringify({ error: 'invalid_grant', error_description: CANARY });

  test.each<[string, number, string, () => RequestListener]>([
    ['says why', 400, 'invalid_grant', () => says(400, REFUSAL)],
    ['says why with 200', 200, 'invalid_grant', () => says(200, REFUSAL)],
    ['says why in gzip', 401, 'invalid_grant', () => says(401, gzipSync(REFUSAL), { 'content-encoding': 'gzip' })],
    ['says why in too many words', 400, '', () => says(400, REFUSAL + ' '.repeat(MAX_BYTES))],
    ['says why in a bomb', 400, '', () => says(400, BOMB)],
    ['says why in broken gzip', 400, '', () => says(400, gzipSync(REFUSAL).subarray(0, 30))],
    ['says why in a sentence', 400, '', () => says(400, JSON.stringify({ error: `The token "${CANARY}" is void.` }))],
    ['says why at length', 400, '', () => says(400, JSON.stringify({ error: CANARY.repeat(4) }))],
    ['says why in an object', 400, '', () => says(400, JSON.stringify({ error: { code: CANARY } }))],
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
    const outcome = await ask(answer());
    expect(outcome).toEqual({ kind: 'refused', status, reason, retryAfterMs: undefined });
    expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain('canary');
    expect(server.requests()).toBe(1);
  });

  const WORD = 'a'.repeat(20);
  test.each([
    ['slow_down', true],
    ['slow down', true],
    [`${WORD}_${WORD}_${WORD}_${WORD}`, true],
    [`${WORD}a`, false],
    [`a_${WORD}a`, false],
    ['a_b_c_d_e', false],
    ['slow-down', false],
    ['slow__down', false],
    ['slow_', false],
    ['_slow', false],
    ['Slow', false],
    [' slow', false],
    ['slow\n', false],
    ['', false],
    [1, false],
  ])('may say why in four short words: %j (%s)', async (error, isTold) => {
    expect(await ask(says(400, JSON.stringify({ error })))).toMatchObject({ kind: 'refused', reason: isTold ? error : '' });
  });

  test('has said so by its status, however its body drips', async () => {
    expect(await askForDrops(400)).toMatchObject({ kind: 'refused', status: 400, reason: '' });
    await server.allGone();
  });

  test.each<[number, string | string[] | undefined, number | undefined]>([
    [429, '3600', 3_600_000],
    [503, '120', 120_000],
    [500, new Date(Date.now() + 864_000_000).toUTCString(), 86_400_000],
    [429, '99999999999', 86_400_000],
    [429, '9'.repeat(400), 86_400_000],
    [429, ['5', '60'], 60_000],
    [429, '0', undefined],
    [429, '-5', undefined],
    [429, 'soon', undefined],
    [429, 'Wed, 21 Oct 2015 07:28:00 GMT', undefined],
    [429, undefined, undefined],
    [401, '60', undefined],
    [302, '60', undefined],
  ])('that answers %d with Retry-After %j rests for %j ms', async (status, asked, retryAfterMs) => {
    expect(await ask(says(status, '', asked === undefined ? {} : { 'retry-after': asked as string }))).toMatchObject({ kind: 'refused', status, retryAfterMs });
  });
});
