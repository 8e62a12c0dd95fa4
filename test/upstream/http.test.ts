import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Deadline } from '../../src/deadline.js';
import { Aborter } from '../../src/deadline.js';
import { Breaker } from '../../src/upstream/breaker.js';
import { Wire } from '../../src/upstream/wire.js';
import { Upstream, type UpstreamRequest } from '../../src/upstream/http.js';
import { TokenSource, type Grant } from '../../src/upstream/oauth2/tokenSource.js';
import { Pause } from '../../src/upstream/pause.js';
import { Retry } from '../../src/upstream/retry.js';
import type { UpstreamCall } from '../../src/recording.js';
import { until } from '../support/until.js';

type Answer = 'none' | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

const ASK: UpstreamRequest = { resource: 'contacts', path: '/contacts/54', ids: ['54'], relationships: false };
const FINE: Answer = { status: 200, body: '[54]' };

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends) await end();
  ends = [];
});

/** An upstream over a server that gives these answers one after the other, and then the last one for ever. The clock stands still. */
async function upstreamOver(answers: readonly Answer[], request?: () => Promise<Grant>) {
  const asked: IncomingHttpHeaders[] = [];
  const server: Server = createServer((asking, response) => {
    asked.push(asking.headers);
    const answer = answers[Math.min(asked.length, answers.length) - 1]!;
    if (answer !== 'none') response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = { nowMs: 0 };
  const chance = { now: () => clock.nowMs, random: () => 0 };
  let tokens = 0;
  const heard: UpstreamCall[] = [];
  const pause = new Pause({ source: 'CAS360', ...chance });
  const token = new TokenSource({ source: 'CAS360', ...chance, onFailure: () => {}, request: request ?? (async () => ({ accessToken: `token${++tokens}`, lifetimeSeconds: 100 })) });
  const wire = new Wire({ baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), connections: 2, maxBodyBytes: 1_000 });
  const upstream = new Upstream({ source: 'CAS360', retry: new Retry(chance), pause, breaker: new Breaker({ source: 'CAS360', now: chance.now }), token, wire, onCall: (_source, call) => heard.push(call) });
  ends.push(async () => {
    await upstream.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { upstream, asked, clock, pause, heard, tokensSent: () => asked.map(({ authorization }) => authorization) };
}

/** A deadline without time for a second attempt. */
const brief = (clock: { readonly nowMs: number }): Deadline => ({ signal: new Aborter(), endsAtMs: clock.nowMs + 1 });
const codeOf = (asking: Promise<unknown>): Promise<unknown> => asking.then(() => 'served', (error: unknown) => (error as { readonly code?: unknown }).code);

const BEARER = { 'www-authenticate': 'Bearer error="invalid_token"' };
const INVALID = { headers: BEARER, body: '{"error":"invalid_token"}' };

describe('An access token that is refused', () => {
  test.each<[string, Answer]>([
    ['401', { status: 401 }],
    ['401 with invalid_token in its header', { status: 401, headers: BEARER }],
    ['401 with invalid_token in its body', { status: 401, body: INVALID.body }],
    ['401 with another challenge', { status: 401, headers: { 'www-authenticate': 'Basic realm="canary"' } }],
  ])('with %s is replaced, and the call is sent again with the new one', async (_how, refusal) => {
    const { upstream, clock, tokensSent, heard } = await upstreamOver([refusal, FINE]);
    const calls: UpstreamCall[] = [];
    expect(await upstream.getJson(ASK, { ...brief(clock), calls })).toEqual([54]);
    expect(tokensSent()).toEqual(['Bearer token1', 'Bearer token2']);
    for (const told of [heard, calls.filter(({ resource }) => resource !== 'token')]) {
      expect(told.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual(['1 401', '2 200']);
    }
    // Nobody is told to use the old one again.
    await upstream.getJson(ASK, brief(clock));
    expect(tokensSent().at(-1)).toBe('Bearer token2');
  });

  test('and whose successor is refused too, is the end of the call', async () => {
    const { upstream, clock, tokensSent } = await upstreamOver([{ status: 401, ...INVALID }]);
    expect(await codeOf(upstream.getJson(ASK, brief(clock)))).toBe('UPSTREAM_AUTH_FAILED');
    expect(tokensSent()).toEqual(['Bearer token1', 'Bearer token2']);
  });

  test.each([
    [400, 'UPSTREAM_INVALID_RESPONSE'],
    [403, 'UPSTREAM_AUTH_FAILED'],
  ])('with %i is not replaced, even where it is called invalid_token', async (status, code) => {
    const { upstream, clock, tokensSent } = await upstreamOver([{ status, ...INVALID }, FINE]);
    expect(await codeOf(upstream.getJson(ASK, brief(clock)))).toBe(code);
    await upstream.getJson(ASK, brief(clock));
    expect(tokensSent()).toEqual(['Bearer token1', 'Bearer token1']);
  });
});

describe('Retry-After', () => {
  test.each([429, 503])('with %i keeps every call back until its time is over', async (status) => {
    const { upstream, asked, clock, pause } = await upstreamOver([{ status, headers: { 'retry-after': '3600' } }, FINE]);
    await codeOf(upstream.getJson(ASK, brief(clock)));
    expect(pause.leftMs).toBe(3_600_000);
    clock.nowMs = 3_599_999;
    expect(await codeOf(upstream.getJson(ASK, brief(clock)))).toBe('UPSTREAM_RATE_LIMITED');
    expect(asked).toHaveLength(1);
    clock.nowMs = 3_600_000;
    expect(await upstream.getJson(ASK, brief(clock))).toEqual([54]);
  });

  test.each([200, 301, 400, 401, 403, 404, 500, 502, 504])('with %i keeps nobody back', async (status) => {
    const { upstream, clock, pause } = await upstreamOver([{ status, headers: { 'retry-after': '3600' } }]);
    await codeOf(upstream.getJson(ASK, brief(clock)));
    expect(pause.leftMs).toBe(0);
  });

  test.each(['', '-5', '1.5', '1e3', 'soon', '2126-03-01', '01 Mar 2126 12:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'])('of %j keeps nobody back', async (retryAfter) => {
    const { upstream, clock, pause } = await upstreamOver([{ status: 429, headers: { 'retry-after': retryAfter } }]);
    await codeOf(upstream.getJson(ASK, brief(clock)));
    expect(pause.leftMs).toBe(0);
  });

  test('of absurd length is told at once, without a call and without a timer', async () => {
    const { upstream, asked, clock } = await upstreamOver([{ status: 429, headers: { 'retry-after': '9'.repeat(30) } }]);
    for (let n = 0; n < 3; n++) expect(await codeOf(upstream.getJson(ASK, brief(clock)))).toBe('UPSTREAM_RATE_LIMITED');
    expect(asked).toHaveLength(1);
  });
});

describe('A call', () => {
  test.each<[string, Answer, string]>([
    ['no JSON', { status: 200, body: '<html>' }, 'UPSTREAM_INVALID_RESPONSE'],
    ['nothing', { status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['too much', { status: 200, body: ' '.repeat(1_001) }, 'UPSTREAM_INVALID_RESPONSE'],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }, 'UPSTREAM_INVALID_RESPONSE'],
    ['404', { status: 404 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['500', { status: 500 }, 'UPSTREAM_UNAVAILABLE'],
  ])('that is answered with %s has the code of that', async (_what, answer, code) => {
    const { upstream, clock } = await upstreamOver([answer]);
    expect(await codeOf(upstream.getJson(ASK, brief(clock)))).toBe(code);
  });

  test('that is given up ends with that reason, and is told of', async () => {
    const { upstream, asked, heard } = await upstreamOver(['none']);
    const signal = new Aborter();
    const asking = codeOf(upstream.getJson(ASK, { signal, endsAtMs: 1 }));
    await until('the call has come', () => asked.length === 1);
    signal.abort();
    expect(await asking).toBe('UPSTREAM_TIMEOUT');
    expect(heard.map(({ outcome }) => outcome)).toEqual(['UPSTREAM_TIMEOUT']);
  });

  test('leaves nothing behind that listens to who may end it', async () => {
    let listening = 0;
    class Counted extends Aborter {
      override addEventListener(type: 'abort', listener: () => void): void {
        listening++;
        super.addEventListener(type, listener);
      }

      override removeEventListener(type: 'abort', listener: () => void): void {
        listening--;
        super.removeEventListener(type, listener);
      }
    }
    const { upstream } = await upstreamOver([{ status: 401 }, { status: 503, body: 'down' }, FINE, { status: 404 }]);
    const deadline = { signal: new Counted(), endsAtMs: Infinity };
    expect(await upstream.getJson(ASK, deadline)).toEqual([54]);
    expect(await codeOf(upstream.getJson(ASK, deadline))).toBe('UPSTREAM_INVALID_RESPONSE');
    await until('nobody listens', () => listening === 0);
  });
});

test('A refusal whose body was read leaves no timer behind', async () => {
  const [began, cleared] = [jest.spyOn(globalThis, 'setTimeout'), jest.spyOn(globalThis, 'clearTimeout')];
  try {
    const { upstream, clock } = await upstreamOver([{ status: 410, body: 'gone' }]);
    await codeOf(upstream.getJson(ASK, brief(clock)));
    // For a body that is slow to end.
    const timer = began.mock.results[began.mock.calls.findIndex(([, ms]) => ms === 100)]!.value;
    await until('it is cleared', () => cleared.mock.calls.some(([one]) => one === timer));
  } finally {
    jest.restoreAllMocks();
  }
});

test('An upstream is settled once the token that is being renewed has been kept', async () => {
  let grant = (_grant: Grant): void => {};
  const { upstream, clock } = await upstreamOver([FINE], () => new Promise((resolve) => (grant = resolve)));
  const asking = upstream.getJson(ASK, brief(clock));
  let isSettled = false;
  const settled = upstream.settled().then(() => (isSettled = true));
  await nextTurn();
  expect(isSettled).toBe(false);
  grant({ accessToken: 'late', lifetimeSeconds: 100 });
  await settled;
  expect(await asking).toEqual([54]);
});
