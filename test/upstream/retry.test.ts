import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ContactsError } from '../../src/errors.js';
import type { Deadline } from '../../src/deadline.js';
import { StatusError } from '../../src/upstream/callErrors.js';
import { Retry } from '../../src/upstream/retry.js';
import { FOREVER } from '../support/upstreamDouble.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const retryWith = (random = 0): Retry => new Retry({ now: () => performance.now(), random: () => random });
const NETWORK = new ContactsError('UPSTREAM_UNAVAILABLE', 'PMS', { cause: new Error('ECONNRESET') });

/** Runs calls that fail as told and then succeed; tells how many attempts it took, and the outcome. */
async function attempts(retry: Retry, failures: readonly Error[], deadline: Deadline = FOREVER): Promise<{ count: number; outcome: unknown; ms: number }> {
  let count = 0;
  const startedAt = performance.now();
  const running = retry
    .run(deadline, async () => {
      const failure = failures[count++];
      if (failure) throw failure;
      return 'done';
    })
    .catch((error: unknown) => error);
  await jest.advanceTimersByTimeAsync(1_000);
  return { count, outcome: await running, ms: performance.now() - startedAt };
}

describe('One more attempt', () => {
  test.each([
    ['a broken connection', NETWORK],
    ['502', new StatusError(502, 'PMS')],
    ['503', new StatusError(503, 'PMS')],
    ['504', new StatusError(504, 'PMS')],
  ])('follows %s', async (_what, failure) => {
    expect(await attempts(retryWith(), [failure])).toMatchObject({ count: 2, outcome: 'done' });
  });

  test.each([
    ['500', new StatusError(500, 'PMS')],
    ['404', new StatusError(404, 'PMS')],
    ['429', new StatusError(429, 'PMS')],
    ['a timeout', new ContactsError('UPSTREAM_TIMEOUT', 'PMS')],
    ['an unreadable body', new ContactsError('UPSTREAM_INVALID_RESPONSE', 'PMS', { cause: new SyntaxError() })],
    ['a refused token', new ContactsError('UPSTREAM_AUTH_FAILED', 'PMS', { cause: new Error() })],
    ['the breaker', new ContactsError('UPSTREAM_UNAVAILABLE', 'PMS')],
    ['a pause', new ContactsError('UPSTREAM_RATE_LIMITED', 'PMS')],
  ])('does not follow %s', async (_what, failure) => {
    expect(await attempts(retryWith(), [failure])).toMatchObject({ count: 1, outcome: failure });
  });

  test('is the last one', async () => {
    expect(await attempts(retryWith(), [NETWORK, NETWORK, NETWORK])).toMatchObject({ count: 2, outcome: NETWORK });
  });

  test.each([
    [0, 50],
    [0.5, 225],
    [1, 400],
  ])('is made after a wait with full jitter (%d: %i ms)', async (random, ms) => {
    const times: number[] = [];
    const running = retryWith(random).run(FOREVER, async () => {
      times.push(performance.now());
      if (times.length === 1) throw NETWORK;
    });
    await jest.advanceTimersByTimeAsync(1_000);
    await running;
    expect(times[1]! - times[0]!).toBe(ms);
  });

  test('is not made when there is no time for it', async () => {
    const deadline = { ...FOREVER, endsAtMs: performance.now() + 40 };
    expect(await attempts(retryWith(), [NETWORK], deadline)).toMatchObject({ count: 1, outcome: NETWORK });
  });

  test('is paid from a budget: an upstream that fails everything is asked hardly more often', async () => {
    const retry = retryWith(0.5);
    let calls = 0;
    const running: Promise<unknown>[] = [];
    for (let i = 0; i < 200; i++) {
      running.push(retry.run(FOREVER, () => Promise.reject((calls++, NETWORK))).catch(() => {}));
      await jest.advanceTimersByTimeAsync(10);
    }
    await jest.advanceTimersByTimeAsync(1_000);
    await Promise.all(running);
    expect(calls).toBeGreaterThan(200);
    expect(calls).toBeLessThanOrEqual(207);
  });

  test('is to be had by all where few calls fail', async () => {
    const retry = retryWith();
    for (let i = 0; i < 300; i++) {
      const failures = i % 30 < 2 ? [NETWORK] : [];
      const running = retry.run(FOREVER, () => (failures.length > 0 ? Promise.reject(failures.pop()!) : Promise.resolve('done')));
      await jest.advanceTimersByTimeAsync(50);
      expect(await running).toBe('done');
    }
  });

  test('mends a passing trouble of many callers at once', async () => {
    let chance = 0;
    const retry = new Retry({ now: () => performance.now(), random: () => (chance = (chance + 0.03) % 1) });
    const running = Array.from({ length: 30 }, () => {
      let count = 0;
      return retry.run(FOREVER, () => (count++ === 0 ? Promise.reject(NETWORK) : Promise.resolve('done')));
    });
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(running)).toEqual(running.map(() => 'done'));
  });

  test('is to be had again after a quiet time', async () => {
    const retry = retryWith();
    const spent = Promise.all(Array.from({ length: 30 }, () => retry.run(FOREVER, () => Promise.reject(NETWORK)).catch(() => {})));
    await jest.advanceTimersByTimeAsync(100);
    await spent;
    expect((await attempts(retry, [NETWORK])).count).toBe(1);
    await jest.advanceTimersByTimeAsync(8_000);
    expect((await attempts(retry, [NETWORK])).count).toBe(2);
  });
});
