import { describe, expect, test } from '@jest/globals';
import { ContactsError } from '../../../src/errors.js';
import { Cancelled, StatusError } from '../../../src/upstream/callErrors.js';
import { Retry } from '../../../src/upstream/policies/retry.js';

const NETWORK = new ContactsError('UPSTREAM_UNAVAILABLE', 'PMS', { cause: new Error('ECONNRESET') });

/** A budget over a clock that the test moves. */
function retryWith(random = 0): { readonly retry: Retry; readonly clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  return { retry: new Retry({ now: () => clock.nowMs, random: () => random }), clock };
}

/** A first attempt that fails, and a second one if it may be made. Returns whether it was made. */
function fails(retry: Retry, isFixedByRetry: boolean): boolean {
  if (retry.waitMs(NETWORK, 1) === undefined || !retry.pay()) return false;
  if (isFixedByRetry) retry.succeeded(2);
  return true;
}

/** Fails until there is no further attempt. */
function spendBudget(retry: Retry): void {
  for (let attempts = 0; fails(retry, false); attempts++) if (attempts > 100) throw new Error('The budget has no end.');
}

describe('One more attempt', () => {
  test.each([
    ['a broken connection', NETWORK],
    ['an attempt that timed out', new ContactsError('UPSTREAM_TIMEOUT', 'PMS', { cause: new Error('the attempt timed out') })],
    ['502', new StatusError(502, 'PMS')],
    ['503', new StatusError(503, 'PMS')],
    ['504', new StatusError(504, 'PMS')],
  ])('follows %s', (_what, failure) => {
    expect(retryWith().retry.waitMs(failure, 1)).toBe(50);
  });

  test.each([
    ['500', new StatusError(500, 'PMS')],
    ['404', new StatusError(404, 'PMS')],
    ['429', new StatusError(429, 'PMS')],
    ['a call that nobody waits for any more', new Cancelled('PMS')],
    ['an unreadable body', new ContactsError('UPSTREAM_INVALID_RESPONSE', 'PMS', { cause: new SyntaxError() })],
    ['a refused token', new ContactsError('UPSTREAM_AUTH_FAILED', 'PMS', { cause: new Error() })],
    ['the breaker', new ContactsError('UPSTREAM_UNAVAILABLE', 'PMS')],
    ['a pause', new ContactsError('UPSTREAM_RATE_LIMITED', 'PMS')],
    ['a fault of ours', new TypeError()],
  ])('does not follow %s', (_what, failure) => {
    expect(retryWith().retry.waitMs(failure, 1)).toBeUndefined();
  });

  test('is the last one', () => {
    expect(retryWith().retry.waitMs(NETWORK, 2)).toBeUndefined();
  });

  test.each([
    [0, 50],
    [0.5, 225],
    [1, 400],
  ])('is made after a wait with full jitter (%d: %i ms)', (random, ms) => {
    expect(retryWith(random).retry.waitMs(NETWORK, 1)).toBe(ms);
  });
});

describe('The budget', () => {
  test('keeps an upstream that fails everything from being asked more often: five times, and once in two seconds', () => {
    const { retry, clock } = retryWith();
    let retries = 0;
    for (clock.nowMs = 0; clock.nowMs < 10_000; clock.nowMs += 10) retries += Number(fails(retry, false));
    expect(retries).toBe(5 + 4);
  });

  test('is not spent by a call that asks whether it may, and then does not', () => {
    const { retry } = retryWith();
    for (let n = 0; n < 100; n++) expect(retry.waitMs(NETWORK, 1)).toBe(50);
    expect(Array.from({ length: 6 }, () => retry.pay())).toEqual([true, true, true, true, true, false]);
  });

  test('may be spent by others during the wait', () => {
    const { retry } = retryWith();
    const waits = Array.from({ length: 6 }, () => retry.waitMs(NETWORK, 1));
    expect(waits).not.toContain(undefined);
    expect(waits.map(() => retry.pay())).toEqual([true, true, true, true, true, false]);
  });

  test('suffices for all where few calls fail, and the next attempt succeeds', () => {
    const { retry, clock } = retryWith();
    for (let n = 0; n < 300; n++, clock.nowMs += 50) {
      if (n % 3 === 0) expect(fails(retry, true)).toBe(true);
      else retry.succeeded(1);
    }
  });

  test('is refunded by attempts that succeed, so that a passing trouble of many callers is mended', () => {
    const { retry } = retryWith();
    for (let n = 0; n < 30; n++) expect(fails(retry, true)).toBe(true);
  });

  test('is filled by calls that succeed at once: one attempt for ten of them', () => {
    const { retry } = retryWith();
    spendBudget(retry);
    for (let n = 0; n < 9; n++) retry.succeeded(1);
    expect(retry.pay()).toBe(false);
    retry.succeeded(1);
    // Sums of tenths.
    retry.succeeded(1);
    expect(retry.pay()).toBe(true);
  });

  test('never holds more than five, however quiet it was', () => {
    const { retry, clock } = retryWith();
    spendBudget(retry);
    clock.nowMs += 2_000;
    expect([retry.pay(), retry.pay()]).toEqual([true, false]);
    clock.nowMs += 3_600_000;
    expect(Array.from({ length: 6 }, () => retry.pay())).toEqual([true, true, true, true, true, false]);
  });
});
