import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError } from '../../src/errors.js';
import { Breaker } from '../../src/upstream/breaker.js';
import { Cancelled, StatusError } from '../../src/upstream/callErrors.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const now = (): number => performance.now();
const DOWN = new StatusError(503, 'PMS');

/** Runs calls that end as told; resolves to how many reached the upstream. */
async function run(breaker: Breaker, times: number, outcome?: Error): Promise<number> {
  let reached = 0;
  for (let i = 0; i < times; i++) {
    await breaker.run(() => (reached++, outcome ? Promise.reject(outcome) : Promise.resolve())).catch(() => {});
  }
  return reached;
}

async function opened(): Promise<Breaker> {
  const breaker = new Breaker({ source: 'PMS', now });
  await run(breaker, 20, DOWN);
  expect(breaker.isOpen).toBe(true);
  return breaker;
}

describe('The breaker', () => {
  test('opens when most of the last calls failed, and answers at once from then on', async () => {
    const breaker = await opened();
    expect(await run(breaker, 50, DOWN)).toBe(0);
    await expect(breaker.run(() => Promise.resolve())).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', source: 'PMS' });
  });

  test.each([
    ['5xx', DOWN],
    ['a broken connection', new ContactsError('UPSTREAM_UNAVAILABLE', 'PMS', { cause: new Error() })],
    ['a call that took too long', new ContactsError('UPSTREAM_TIMEOUT', 'PMS')],
  ])('counts %s as a failure', async (_what, failure) => {
    const breaker = new Breaker({ source: 'PMS', now });
    await run(breaker, 20, failure);
    expect(breaker.isOpen).toBe(true);
  });

  test.each([
    ['404', new StatusError(404, 'PMS')],
    ['400', new StatusError(400, 'PMS')],
    ['429', new StatusError(429, 'PMS')],
    ['403', new StatusError(403, 'PMS')],
    ['no token', new ContactsError('UPSTREAM_AUTH_FAILED', 'PMS')],
    ['an unreadable body, which one spoilt row can cause', new ContactsError('UPSTREAM_INVALID_RESPONSE', 'PMS')],
    ['a call that we cancelled', new Cancelled('PMS')],
  ])('counts %s neither way', async (_what, outcome) => {
    const breaker = new Breaker({ source: 'PMS', now });
    await run(breaker, 200, outcome);
    expect(breaker.isOpen).toBe(false);
    await run(breaker, 20, DOWN);
    expect(breaker.isOpen).toBe(true);
  });

  test('closes after an answer that cannot be read: the upstream is back', async () => {
    const breaker = await opened();
    await jest.advanceTimersByTimeAsync(5_000);
    await run(breaker, 1, new ContactsError('UPSTREAM_INVALID_RESPONSE', 'PMS'));
    expect(breaker.isOpen).toBe(false);
  });

  test('stays closed while every other call fails, as when an id is poisoned', async () => {
    const breaker = new Breaker({ source: 'CAS360', now });
    for (let i = 0; i < 100; i++) await run(breaker, 1, i % 2 === 0 ? new StatusError(500, 'CAS360') : undefined);
    expect(breaker.isOpen).toBe(false);
  });

  test('lets one call try after five seconds, and no other beside it', async () => {
    const breaker = await opened();
    await jest.advanceTimersByTimeAsync(4_999);
    expect(await run(breaker, 1)).toBe(0);
    await jest.advanceTimersByTimeAsync(1);
    let answer = (): void => {};
    const trying = breaker.run(() => new Promise<void>((resolve) => (answer = resolve)));
    expect(await run(breaker, 10)).toBe(0);
    answer();
    await trying;
    expect(await run(breaker, 10)).toBe(10);
  });

  test('waits for another five seconds when the try failed, or told nothing', async () => {
    for (const outcome of [DOWN, new Cancelled('PMS')]) {
      const breaker = await opened();
      await jest.advanceTimersByTimeAsync(5_000);
      expect(await run(breaker, 3, outcome)).toBe(1);
      await jest.advanceTimersByTimeAsync(4_999);
      expect(await run(breaker, 1)).toBe(0);
      await jest.advanceTimersByTimeAsync(1);
      expect(await run(breaker, 2)).toBe(2);
    }
  });

  test.each([404, 400, 401, 429])('closes when the try is answered with %i, which an upstream that is down does not say', async (status) => {
    const breaker = await opened();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await run(breaker, 1, new StatusError(status, 'PMS'))).toBe(1);
    expect(await run(breaker, 10)).toBe(10);
  });

  test('does not blame an upstream that is back for calls that began before', async () => {
    const breaker = new Breaker({ source: 'PMS', now });
    const fail: ((error: Error) => void)[] = [];
    const old = Array.from({ length: 50 }, () => breaker.run(() => new Promise<void>((_resolve, reject) => fail.push(reject))).catch(() => {}));
    await run(breaker, 20, DOWN);
    expect(breaker.isOpen).toBe(true);
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await run(breaker, 1)).toBe(1);
    for (const one of fail) one(DOWN);
    await Promise.all(old);
    expect(breaker.isOpen).toBe(false);
  });

  test('is never stuck: whatever happened, a healthy upstream is served again within five seconds', async () => {
    const outcomes = [undefined, DOWN, new StatusError(404, 'PMS'), new StatusError(429, 'PMS'), new Cancelled('PMS'), new ContactsError('UPSTREAM_TIMEOUT', 'PMS')];
    const step = fc.record({ times: fc.nat(40), outcome: fc.constantFrom(...outcomes), waitMs: fc.nat(7_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const breaker = new Breaker({ source: 'PMS', now });
        for (const { times, outcome, waitMs } of steps) {
          await run(breaker, times, outcome);
          await jest.advanceTimersByTimeAsync(waitMs);
        }
        await jest.advanceTimersByTimeAsync(5_000);
        expect(await run(breaker, 5)).toBe(5);
      }),
      { numRuns: 300 },
    );
  });
});
