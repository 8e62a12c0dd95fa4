import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Deadline } from '../../src/deadline.js';
import { Aborter } from '../../src/deadline.js';
import { ContactsError } from '../../src/errors.js';
import type { UpstreamCall } from '../../src/recording.js';
import { Endpoint, type UpstreamRequest } from '../../src/upstream/endpoint.js';
import { TokenUnavailable } from '../../src/upstream/oauth2/tokenUnavailable.js';
import { TokenSource, type Grant } from '../../src/upstream/oauth2/tokenSource.js';
import { Breaker } from '../../src/upstream/policies/breaker.js';
import { Pace } from '../../src/upstream/policies/pace.js';
import { Pause } from '../../src/upstream/policies/pause.js';
import { Retry } from '../../src/upstream/policies/retry.js';
import { Wire } from '../../src/upstream/wire.js';
import { CountedAborter } from '../support/countedAborter.js';
import { until } from '../support/until.js';

/** `none`: it hangs. `broken`: it ends the connection. `short`: it ends it within the body. */
type Answer = 'none' | 'broken' | 'short' | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

const ASK: UpstreamRequest = { resource: 'contacts', path: '/contacts/54', ids: ['54'], relationships: false };
const FINE: Answer = { status: 200, body: '[54]' };
const ATTEMPT_MS = 3_000;
/** Answers with a pause of so many seconds. */
const pausing = (status: number, retryAfter: string): Answer => ({ status, headers: { 'retry-after': retryAfter } });

/** The clock and the timers of the service stand still; those of the connection, and of `until`, do not. */
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'Date'] });
});

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  jest.useRealTimers();
  for (const end of ends) await end();
  ends = [];
});

interface Options {
  readonly request?: () => Promise<Grant>;
  readonly maxCalls?: number;
}

/** An endpoint over a server that gives these answers one after the other, and then the last one for ever. */
async function endpointOver(answers: readonly Answer[] | ((path: string) => Answer), { request, maxCalls = 8 }: Options = {}) {
  const asked: IncomingMessage[] = [];
  const held: (() => void)[] = [];
  let holds = false;
  const server: Server = createServer((asking, response) => {
    asked.push(asking);
    const answer = typeof answers === 'function' ? answers(asking.url!) : answers[Math.min(asked.length, answers.length) - 1]!;
    const give = (): void => {
      if (answer === 'broken') asking.socket.destroy();
      else if (answer === 'short') response.writeHead(200).write('[5', () => asking.socket.end());
      else if (answer !== 'none') response.writeHead(answer.status, answer.headers).end(answer.body);
    };
    if (holds) held.push(give);
    else give();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const chance = { now: () => performance.now(), random: () => 0 };
  let tokens = 0;
  const heard: UpstreamCall[] = [];
  const pause = new Pause({ source: 'CAS360', ...chance, maxMs: 60_000 });
  const pace = new Pace({ now: chance.now, maxCalls });
  const breaker = new Breaker({ now: chance.now, attemptTimeoutMs: ATTEMPT_MS });
  const retry = new Retry(chance);
  const token = new TokenSource({ source: 'CAS360', ...chance, onFailure: () => {}, request: request ?? (async () => ({ accessToken: `token${++tokens}`, lifetimeSeconds: 100_000 })) });
  const wire = new Wire({ baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), connections: 50, maxBodyBytes: 1_000 });
  const endpoint = new Endpoint({ source: 'CAS360', attemptTimeoutMs: ATTEMPT_MS, retry, pause, pace, breaker, token, wire, onCall: (_source, call) => heard.push(call) });
  ends.push(async () => {
    endpoint.close();
    await wire.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    endpoint,
    asked,
    heard,
    pause,
    pace,
    breaker,
    retry,
    token,
    tokensSent: () => asked.map(({ headers }) => headers.authorization),
    tokensAsked: () => tokens,
    /** From now on answers wait until the returned function is called, which gives the next one. */
    hold: (): (() => void) => {
      holds = true;
      return () => held.shift()!();
    },
    allAsked: (count: number) => until(`${count} calls have come`, () => asked.length >= count),
  };
}

const inTime = (ms: number): Deadline => ({ signal: new Aborter(), endsAtMs: performance.now() + ms });
/** A deadline without time for a second attempt. */
const brief = (): Deadline => inTime(1);

type Ended = { readonly json: unknown } | { readonly code: string; readonly retryAfterSeconds?: number | undefined };
const ended = (asking: Promise<unknown>): Promise<Ended> =>
  asking.then(
    (json) => ({ json }),
    (error: unknown) => (error instanceof ContactsError ? { code: error.code, retryAfterSeconds: error.facts.retryAfterSeconds } : { code: 'no error of ours' }),
  );
const codeOf = (asking: Promise<unknown>): Promise<unknown> => ended(asking).then((end) => ('code' in end ? end.code : 'served'));

/** Moves the clock until the call has ended: in small steps, so that an answer that is on its way comes in time. */
async function endedInTime(asking: Promise<unknown>): Promise<Ended> {
  let end: Ended | undefined;
  void ended(asking).then((one) => (end = one));
  await until('the call has ended', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    if (!end) await jest.advanceTimersByTimeAsync(20);
    return end;
  });
  return end!;
}

const BEARER = { 'www-authenticate': 'Bearer error="invalid_token"' };
const INVALID = { headers: BEARER, body: '{"error":"invalid_token"}' };

describe('An access token that is refused', () => {
  test.each<[string, Answer]>([
    ['401', { status: 401 }],
    ['401 with invalid_token in its header', { status: 401, headers: BEARER }],
    ['401 with invalid_token in its body', { status: 401, body: INVALID.body }],
    ['401 with another challenge', { status: 401, headers: { 'www-authenticate': 'Basic realm="canary"' } }],
  ])('with %s is replaced, and the call is sent again with the new one', async (_how, refusal) => {
    const { endpoint, tokensSent, heard } = await endpointOver([refusal, FINE]);
    const calls: UpstreamCall[] = [];
    expect(await endpoint.getJson(ASK, { ...brief(), calls })).toEqual([54]);
    expect(tokensSent()).toEqual(['Bearer token1', 'Bearer token2']);
    for (const told of [heard, calls.filter(({ resource }) => resource !== 'token')]) {
      expect(told.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual(['1 401', '2 200']);
    }
    // Nobody uses the old one again.
    await endpoint.getJson(ASK, brief());
    expect(tokensSent().at(-1)).toBe('Bearer token2');
  });

  test('and whose successor is refused too, is the end of the call', async () => {
    const { endpoint, tokensSent } = await endpointOver([{ status: 401, ...INVALID }]);
    expect(await codeOf(endpoint.getJson(ASK, inTime(8_000)))).toBe('UPSTREAM_AUTH_FAILED');
    expect(tokensSent()).toEqual(['Bearer token1', 'Bearer token2']);
  });

  test('for one record, however often that is asked for, costs two tokens, and no other record', async () => {
    const { endpoint, tokensAsked, asked } = await endpointOver((path) => (path === ASK.path ? { status: 401 } : FINE));
    for (let n = 0; n < 20; n++) {
      expect(await codeOf(endpoint.getJson(ASK, brief()))).toBe('UPSTREAM_AUTH_FAILED');
      expect(await codeOf(endpoint.getJson({ ...ASK, path: '/contacts/1', ids: ['1'] }, brief()))).toBe('served');
    }
    expect(tokensAsked()).toBe(2);
    expect(asked).toHaveLength(41);
  });

  test.each([
    [400, 'UPSTREAM_INVALID_RESPONSE'],
    [403, 'UPSTREAM_AUTH_FAILED'],
  ])('with %i is not replaced, even where it is called invalid_token', async (status, code) => {
    const { endpoint, tokensSent } = await endpointOver([{ status, ...INVALID }, FINE]);
    expect(await codeOf(endpoint.getJson(ASK, brief()))).toBe(code);
    await endpoint.getJson(ASK, brief());
    expect(tokensSent()).toEqual(['Bearer token1', 'Bearer token1']);
  });
});

describe('Retry-After', () => {
  test.each([
    [429, 'UPSTREAM_RATE_LIMITED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ])('with %i keeps every call back until its time is over, a minute at most', async (status, code) => {
    const { endpoint, asked, pause } = await endpointOver([pausing(status, '3600'), FINE]);
    expect(await ended(endpoint.getJson(ASK, brief()))).toEqual({ code, retryAfterSeconds: 60 });
    expect(pause.leftMs).toBe(60_000);
    await jest.advanceTimersByTimeAsync(59_500);
    expect(await ended(endpoint.getJson(ASK, brief()))).toEqual({ code, retryAfterSeconds: 1 });
    expect(asked).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(500);
    expect(await endpoint.getJson(ASK, brief())).toEqual([54]);
  });

  test.each([200, 301, 400, 401, 403, 404, 500, 502, 504])('with %i keeps nobody back', async (status) => {
    const { endpoint, pause } = await endpointOver([pausing(status, '3600')]);
    await codeOf(endpoint.getJson(ASK, brief()));
    expect(pause.leftMs).toBe(0);
  });

  test('costs no attempt of the budget where it lasts beyond the deadline', async () => {
    const { endpoint, asked, retry } = await endpointOver([pausing(503, '60')]);
    const pay = jest.spyOn(retry, 'pay');
    expect(await codeOf(endpoint.getJson(ASK, inTime(8_000)))).toBe('UPSTREAM_UNAVAILABLE');
    expect(pay).not.toHaveBeenCalled();
    expect(asked).toHaveLength(1);
  });

  test('that begins while a call waits for its second attempt costs none either', async () => {
    const { endpoint, asked, pause, retry } = await endpointOver([{ status: 502 }, FINE]);
    const pay = jest.spyOn(retry, 'pay');
    const asking = codeOf(endpoint.getJson(ASK, inTime(8_000)));
    await until('it waits', () => jest.getTimerCount() > 0 && asked.length === 1);
    pause.begin(503, '60');
    await until('it has ended', async () => {
      await jest.advanceTimersByTimeAsync(10);
      return (await Promise.race([asking, Promise.resolve('waiting')])) === 'UPSTREAM_UNAVAILABLE';
    });
    expect(pay).not.toHaveBeenCalled();
    expect(asked).toHaveLength(1);
  });

  test('that ends before the deadline is waited for', async () => {
    const { endpoint, asked } = await endpointOver([pausing(429, '2'), FINE]);
    await codeOf(endpoint.getJson(ASK, brief()));
    const beganMs = performance.now();
    expect(await endedInTime(endpoint.getJson(ASK, inTime(8_000)))).toEqual({ json: [54] });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(2_000);
    expect(asked).toHaveLength(2);
  });

  test('is obeyed by the second attempt too', async () => {
    const { endpoint, asked } = await endpointOver([pausing(503, '2'), FINE]);
    const beganMs = performance.now();
    expect(await endedInTime(endpoint.getJson(ASK, inTime(8_000)))).toEqual({ json: [54] });
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(2_000);
    expect(asked).toHaveLength(2);
  });

  test('is followed by one call that tries, and by all others together once that is answered', async () => {
    const { endpoint, asked, heard, hold, allAsked } = await endpointOver([pausing(429, '2'), FINE]);
    await codeOf(endpoint.getJson(ASK, brief()));
    const give = hold();
    const waiting = Array.from({ length: 5 }, () => codeOf(endpoint.getJson(ASK, inTime(8_000))));
    await jest.advanceTimersByTimeAsync(2_500);
    await allAsked(2);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(asked).toHaveLength(2);
    give();
    await until('it is answered', () => heard.length === 2);
    await until('the others leave', async () => {
      await jest.advanceTimersByTimeAsync(10);
      return asked.length === 6;
    });
    for (let n = 0; n < 4; n++) give();
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'served'));
  });
});

test('A call that tries whether the upstream is back replays with another token', async () => {
  const { endpoint, asked, breaker } = await endpointOver([{ status: 401 }, FINE]);
  for (let n = 0; n < 60; n++) breaker.end(breaker.begin([String(n)]), 'failed');
  expect(endpoint.isOpen).toBe(true);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(await ended(endpoint.getJson(ASK, inTime(8_000)))).toEqual({ json: [54] });
  expect([asked.length, endpoint.isOpen]).toEqual([2, false]);
});

test('A call that tries goes on when its caller leaves, so that it is known whether the upstream is back', async () => {
  const { endpoint, asked, hold, allAsked } = await endpointOver([pausing(429, '2'), FINE]);
  await codeOf(endpoint.getJson(ASK, brief()));
  await jest.advanceTimersByTimeAsync(2_500);
  const give = hold();
  const leaving = new Aborter();
  const trying = codeOf(endpoint.getJson(ASK, { signal: leaving, endsAtMs: performance.now() + 8_000 }));
  await allAsked(2);
  leaving.abort();
  give();
  expect(await trying).toBe('served');
  const next = codeOf(endpoint.getJson(ASK, inTime(8_000)));
  await allAsked(3);
  give();
  expect(await next).toBe('served');
  expect(asked).toHaveLength(3);
});

describe('An attempt', () => {
  test('that hangs ends in its time, and is made once more', async () => {
    const { endpoint, heard } = await endpointOver(['none', FINE]);
    const beganMs = performance.now();
    expect(await endedInTime(endpoint.getJson(ASK, inTime(8_000)))).toEqual({ json: [54] });
    expect(heard.map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual(['1 UPSTREAM_TIMEOUT', '2 200']);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(ATTEMPT_MS + 50);
  });

  test('that hangs twice is not made a third time', async () => {
    const { endpoint, asked } = await endpointOver(['none']);
    expect(await endedInTime(endpoint.getJson(ASK, inTime(60_000)))).toMatchObject({ code: 'UPSTREAM_TIMEOUT' });
    expect(asked).toHaveLength(2);
  });

  test.each([
    [50, 'UPSTREAM_UNAVAILABLE'],
    [51, 'served'],
  ])('is not made again where there is no time for it (%i ms: %s)', async (ms, end) => {
    const { endpoint, retry } = await endpointOver([{ status: 502 }, FINE]);
    const waits = jest.spyOn(retry, 'waitMs');
    const asking = codeOf(endpoint.getJson(ASK, inTime(ms)));
    await until('the first has ended', () => waits.mock.calls.length > 0);
    await jest.advanceTimersByTimeAsync(50);
    expect(await asking).toBe(end);
  });

  test('is not made again where the budget is spent, and refunded where that helped', async () => {
    const { endpoint, asked, retry } = await endpointOver([{ status: 502 }, FINE, { status: 502 }]);
    const succeeded = jest.spyOn(retry, 'succeeded');
    expect(await endedInTime(endpoint.getJson(ASK, inTime(8_000)))).toEqual({ json: [54] });
    expect(succeeded).toHaveBeenCalledWith(2);
    for (let attempts = 0; attempts < 100 && retry.pay(); attempts++);
    expect(await codeOf(endpoint.getJson(ASK, inTime(8_000)))).toBe('UPSTREAM_UNAVAILABLE');
    expect(asked).toHaveLength(3);
  });

  type Verdicts = readonly [string, string];
  const SEVERAL = ['1', '2'];
  test.each<[string, Answer, readonly string[], Verdicts]>([
    ['200', FINE, ['54'], ['answered', 'taken']],
    ['no JSON', { status: 200, body: '<html>' }, ['54'], ['answered', 'taken']],
    ['404', { status: 404 }, ['54'], ['answered', 'taken']],
    ['400', { status: 400 }, ['54'], ['answered', 'taken']],
    ['401 twice', { status: 401 }, ['54'], ['answered', 'taken']],
    ['403', { status: 403 }, ['54'], ['answered', 'taken']],
    ['429', { status: 429 }, ['54'], ['answered', 'refused']],
    ['429 with a pause', pausing(429, '9'), ['54'], ['answered', 'refused']],
    ['500', { status: 500 }, ['54'], ['failed', 'taken']],
    ['500 for several ids, of which one may be the reason', { status: 500 }, SEVERAL, ['unclear', 'taken']],
    ['502', { status: 502 }, SEVERAL, ['failed', 'taken']],
    ['503', { status: 503 }, SEVERAL, ['failed', 'nothing']],
    ['503 with a pause', pausing(503, '9'), ['54'], ['nothing', 'nothing']],
    ['504', { status: 504 }, ['54'], ['failed', 'taken']],
    ['a broken connection', 'broken', ['54'], ['failed', 'nothing']],
    ['a broken connection for several ids', 'broken', SEVERAL, ['failed', 'nothing']],
    ['an answer that breaks off', 'short', ['54'], ['failed', 'nothing']],
    ['an answer that breaks off for several ids, of which one may be the reason', 'short', SEVERAL, ['unclear', 'nothing']],
  ])('that ends with %s says the right thing to the breaker and to the pace', async (_what, answer, ids, verdicts) => {
    const { endpoint, breaker, pace } = await endpointOver([answer]);
    const [toBreaker, toPace] = [jest.spyOn(breaker, 'end'), jest.spyOn(pace, 'end')];
    await codeOf(endpoint.getJson({ ...ASK, ids }, brief()));
    expect([toBreaker.mock.lastCall![1], toPace.mock.lastCall![1]]).toEqual(verdicts);
  });

  test('that times out, is abandoned, or gets no token says the right thing too', async () => {
    const { endpoint, breaker, pace, allAsked } = await endpointOver(['none']);
    const [toBreaker, toPace] = [jest.spyOn(breaker, 'end'), jest.spyOn(pace, 'end')];
    await endedInTime(endpoint.getJson(ASK, { ...brief(), endsAtMs: performance.now() + ATTEMPT_MS }));
    const signal = new Aborter();
    const asking = codeOf(endpoint.getJson(ASK, { signal, endsAtMs: Infinity }));
    await allAsked(2);
    signal.abort();
    await asking;
    expect(toBreaker.mock.calls.map(([, verdict]) => verdict)).toEqual(['failed', 'abandoned']);
    expect(toPace.mock.calls.map(([, verdict]) => verdict)).toEqual(['timeout', 'nothing']);
    const tokenless = await endpointOver([FINE], { request: () => Promise.reject(new Error('down')) });
    const [noToken, noPace] = [jest.spyOn(tokenless.breaker, 'begin'), jest.spyOn(tokenless.pace, 'begin')];
    expect(await codeOf(tokenless.endpoint.getJson(ASK, brief()))).toBe('UPSTREAM_AUTH_FAILED');
    expect([noToken.mock.calls, noPace.mock.calls]).toEqual([[], []]);
  });
});

describe('An attempt whose token is refused, and that is not sent again', () => {
  test.each<[string, string, (pause: Pause) => Grant]>([
    ['because there is no other token', 'UPSTREAM_AUTH_FAILED', () => {
      throw new TokenUnavailable('invalid_client', { isTransient: false });
    }],
    ['because a pause began meanwhile', 'UPSTREAM_RATE_LIMITED', (pause) => {
      pause.begin(429, '60');
      return { accessToken: 'other', lifetimeSeconds: 100 };
    }],
  ])('%s, says nothing of the upstream', async (_why, code, next) => {
    let tokens = 0;
    const request = async (): Promise<Grant> => (++tokens === 1 ? { accessToken: 'first', lifetimeSeconds: 100 } : next(pause));
    const { endpoint, asked, pause, breaker, pace } = await endpointOver([{ status: 401 }, FINE], { request });
    const [toBreaker, toPace] = [jest.spyOn(breaker, 'end'), jest.spyOn(pace, 'end')];
    expect(await codeOf(endpoint.getJson(ASK, brief()))).toBe(code);
    expect([toBreaker.mock.lastCall![1], toPace.mock.lastCall![1]]).toEqual(['nothing', 'nothing']);
    expect(asked).toHaveLength(1);
  });
});

test('An attempt that is sent again with another token waits for the end of a pause that began meanwhile', async () => {
  let tokens = 0;
  const request = async (): Promise<Grant> => {
    if (++tokens === 2) pause.begin(429, '2');
    return { accessToken: `token${tokens}`, lifetimeSeconds: 100 };
  };
  const { endpoint, asked, pause } = await endpointOver([{ status: 401 }, FINE], { request });
  const asking = ended(endpoint.getJson(ASK, inTime(60_000)));
  await until('the pause has begun', () => pause.isOn);
  await jest.advanceTimersByTimeAsync(1_500);
  pause.begin(429, '2');
  await jest.advanceTimersByTimeAsync(1_999);
  await new Promise((resolve) => setImmediate(resolve));
  expect(asked).toHaveLength(1);
  await jest.advanceTimersByTimeAsync(1);
  expect(await asking).toEqual({ json: [54] });
});

describe('A call', () => {
  test.each<[string, Answer, string]>([
    ['no JSON', { status: 200, body: '<html>' }, 'UPSTREAM_INVALID_RESPONSE'],
    ['nothing', { status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['too much', { status: 200, body: ' '.repeat(1_001) }, 'UPSTREAM_INVALID_RESPONSE'],
    ['a redirect', { status: 302, headers: { location: '/elsewhere' } }, 'UPSTREAM_INVALID_RESPONSE'],
    ['404', { status: 404 }, 'UPSTREAM_INVALID_RESPONSE'],
    ['429', { status: 429 }, 'UPSTREAM_RATE_LIMITED'],
    ['500', { status: 500 }, 'UPSTREAM_UNAVAILABLE'],
  ])('that is answered with %s has the code of that', async (_what, answer, code) => {
    const { endpoint } = await endpointOver([answer]);
    expect(await ended(endpoint.getJson(ASK, brief()))).toEqual({ code, retryAfterSeconds: undefined });
  });

  test.each<[Answer, boolean]>([
    [{ status: 404, body: '{"message":"none"}' }, true],
    [{ status: 404, body: '<html>' }, false],
    [{ status: 410, body: '{"message":"none"}' }, false],
    [pausing(429, '9'), false],
  ])('that is answered with %j may say that there is no such thing: %s', async (answer, isNotFound) => {
    const { endpoint } = await endpointOver([answer]);
    await expect(endpoint.getJson(ASK, brief())).rejects.toMatchObject({ isNotFound });
  });

  test.each<[readonly number[], readonly string[], readonly string[]]>([
    [[200], ['token1'], []],
    [[500], ['token1'], []],
    [[401, 200], ['token2'], []],
    [[401, 401], [], ['token2']],
  ])('that is answered with %j says which token served (%j), and which did not help (%j)', async (statuses, served, useless) => {
    const { endpoint, token, pace } = await endpointOver(statuses.map((status) => ({ status, body: '[]' })));
    const [serving, notHelping, spending] = [jest.spyOn(token, 'served'), jest.spyOn(token, 'didNotHelp'), jest.spyOn(pace, 'spend')];
    await codeOf(endpoint.getJson(ASK, brief()));
    expect([serving, notHelping].map(({ mock }) => mock.calls.flat())).toEqual([served, useless]);
    // The pace counts every request.
    expect(spending).toHaveBeenCalledTimes(statuses.length);
  });

  test.each<[Answer, boolean]>([
    [FINE, true],
    [{ status: 404 }, true],
    [{ status: 429 }, false],
    ['broken', false],
  ])('after a pause that ends with %j lets the others leave: %s', async (answer, isAnswered) => {
    const { endpoint, pause } = await endpointOver([pausing(429, '2'), answer]);
    await codeOf(endpoint.getJson(ASK, brief()));
    await jest.advanceTimersByTimeAsync(2_500);
    const tried = jest.spyOn(pause, 'tried');
    await codeOf(endpoint.getJson(ASK, brief()));
    expect(tried.mock.calls).toEqual([[isAnswered]]);
  });

  test.each([
    [200, true],
    [404, true],
    [400, false],
    [500, false],
  ])('is recorded with its times, and tells how long calls take: with %i %s', async (status, isTelling) => {
    const { endpoint, heard, pace, hold, allAsked } = await endpointOver([{ status, body: '[]' }]);
    const answered = jest.spyOn(pace, 'answered');
    const give = hold();
    const traceparent = '00-1-1-00';
    jest.advanceTimersByTime(1_000);
    const startedAtMs = performance.now();
    const asking = codeOf(endpoint.getJson(ASK, { ...brief(), traceparent }));
    await allAsked(1);
    jest.advanceTimersByTime(500);
    give();
    await asking;
    expect(heard).toEqual([{ resource: 'contacts', ids: ['54'], relationships: false, attempt: 1, startedAtMs, endedAtMs: startedAtMs + 500, outcome: String(status), traceparent }]);
    expect(answered.mock.calls.map(([, tookMs]) => tookMs)).toEqual(isTelling ? [500] : []);
  });

  test('is refused while the breaker is open, which says for how long', async () => {
    const { endpoint, asked, retry } = await endpointOver(['broken']);
    for (let n = 0; n < 60; n++) await codeOf(endpoint.getJson({ ...ASK, ids: [String(n)] }, brief()));
    const pay = jest.spyOn(retry, 'pay');
    expect(await ended(endpoint.getJson(ASK, inTime(8_000)))).toEqual({ code: 'UPSTREAM_UNAVAILABLE', retryAfterSeconds: 5 });
    expect(pay).not.toHaveBeenCalled();
    expect(asked.length).toBeLessThanOrEqual(60);
    expect(endpoint.isOpen).toBe(true);
    await jest.advanceTimersByTimeAsync(4_001);
    expect(await ended(endpoint.getJson(ASK, brief()))).toMatchObject({ retryAfterSeconds: 1 });
  });

  test('waits for its slot, in the order in which calls came', async () => {
    const { endpoint, asked, hold, allAsked } = await endpointOver([FINE], { maxCalls: 2 });
    const give = hold();
    const asking = ['1', '2', '3', '4'].map((id) => codeOf(endpoint.getJson({ ...ASK, path: `/contacts/${id}`, ids: [id] }, inTime(2_000))));
    await allAsked(2);
    expect(endpoint.isFree).toBe(false);
    await jest.advanceTimersByTimeAsync(1_000);
    // Two connections, so either may come first.
    expect(asked.map(({ url }) => url).sort()).toEqual(['/contacts/1', '/contacts/2']);
    give();
    await allAsked(3);
    give();
    await allAsked(4);
    expect(asked.slice(2).map(({ url }) => url)).toEqual(['/contacts/3', '/contacts/4']);
    give();
    give();
    expect(await Promise.all(asking)).toEqual(asking.map(() => 'served'));
    expect(endpoint.isFree).toBe(true);
  });

  test('that waits for its slot is refused when a pause begins meanwhile, and so are those behind it', async () => {
    const { endpoint, asked } = await endpointOver([pausing(429, '60')], { maxCalls: 1 });
    let refused = 0;
    for (let n = 0; n < 3; n++) void codeOf(endpoint.getJson(ASK, inTime(8_000))).then((code) => (refused += Number(code === 'UPSTREAM_RATE_LIMITED')));
    await until('the first is answered', () => refused > 0);
    await jest.advanceTimersByTimeAsync(100);
    expect(refused).toBe(3);
    expect(asked).toHaveLength(1);
  });

  test('that is given up while it waits for its slot ends at once, with a code', async () => {
    const { endpoint, asked, allAsked } = await endpointOver(['none'], { maxCalls: 1 });
    void codeOf(endpoint.getJson(ASK, inTime(8_000)));
    await allAsked(1);
    const signal = new Aborter();
    const asking = codeOf(endpoint.getJson(ASK, { signal, endsAtMs: Infinity }));
    signal.abort();
    expect(await asking).toBe('UPSTREAM_TIMEOUT');
    expect(asked).toHaveLength(1);
  });

  test('that is given up while it waits for its second attempt ends at once, with the code of the first', async () => {
    const { endpoint, asked, retry } = await endpointOver([{ status: 502 }]);
    const waits = jest.spyOn(retry, 'waitMs');
    const signal = new Aborter();
    const asking = codeOf(endpoint.getJson(ASK, { signal, endsAtMs: Infinity }));
    await until('it waits', () => waits.mock.calls.length > 0);
    signal.abort();
    expect(await asking).toBe('UPSTREAM_UNAVAILABLE');
    expect(asked).toHaveLength(1);
  });

  test('that is given up ends with that reason, and is recorded', async () => {
    const { endpoint, heard, allAsked } = await endpointOver(['none']);
    const signal = new Aborter();
    const calls: UpstreamCall[] = [];
    const asking = codeOf(endpoint.getJson(ASK, { signal, endsAtMs: 1, calls }));
    await allAsked(1);
    signal.abort();
    expect(await asking).toBe('UPSTREAM_TIMEOUT');
    for (const told of [heard, calls.filter(({ resource }) => resource !== 'token')]) expect(told).toMatchObject([{ resource: 'contacts', ids: ['54'], attempt: 1, outcome: 'UPSTREAM_TIMEOUT' }]);
  });

  test('tells the listener when the next may leave', async () => {
    const { endpoint, hold, allAsked } = await endpointOver([FINE], { maxCalls: 1 });
    const listener = jest.fn();
    endpoint.onFree(listener);
    const give = hold();
    const asking = endpoint.getJson(ASK, inTime(2_000));
    await allAsked(1);
    expect(listener).not.toHaveBeenCalled();
    give();
    await asking;
    expect(listener).toHaveBeenCalled();
  });

  test('leaves nothing behind that listens to who may end it', async () => {
    const { endpoint } = await endpointOver([{ status: 401 }, { status: 503, body: 'down' }, FINE, { status: 404 }]);
    const signal = new CountedAborter();
    const deadline = { signal, endsAtMs: Infinity };
    expect(await endedInTime(endpoint.getJson(ASK, deadline))).toEqual({ json: [54] });
    expect(await codeOf(endpoint.getJson(ASK, deadline))).toBe('UPSTREAM_INVALID_RESPONSE');
    await until('nobody listens', () => signal.listenerCount === 0);
  });
});

test('An endpoint tells what its policies know', async () => {
  const { endpoint, pace, pause } = await endpointOver([FINE]);
  expect([endpoint.isOpen, endpoint.isPaused, endpoint.callMs, endpoint.perCallMs]).toEqual([false, false, 0, 0]);
  for (let n = 0; n < 20; n++) pace.answered({ startedAtMs: 0, atOnce: 1 }, 100);
  pause.begin(429, '9');
  expect([endpoint.isPaused, endpoint.callMs, endpoint.perCallMs]).toEqual([true, pace.callMs, pace.perCallMs]);
  expect(endpoint.isFree).toBe(false);
  endpoint.close();
  expect(jest.getTimerCount()).toBe(0);
});

test('A refusal whose body was read leaves no timer behind', async () => {
  jest.useRealTimers();
  const [began, cleared] = [jest.spyOn(globalThis, 'setTimeout'), jest.spyOn(globalThis, 'clearTimeout')];
  try {
    const { endpoint } = await endpointOver([{ status: 410, body: 'gone' }]);
    await codeOf(endpoint.getJson(ASK, brief()));
    // For a body that is slow to end, and for an attempt that hangs.
    for (const timeoutMs of [100, ATTEMPT_MS]) {
      const timer = began.mock.results[began.mock.calls.findIndex(([, ms]) => ms === timeoutMs)]!.value;
      await until('it is cleared', () => cleared.mock.calls.some(([one]) => one === timer));
    }
  } finally {
    jest.restoreAllMocks();
  }
});
