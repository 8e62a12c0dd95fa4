import { describe, expect, test } from '@jest/globals';
import { LearnedRate } from '../../../src/upstream/policies/rate.js';
import { fixedWindow, LimitedUpstream, slidingWindow, tokenBucket, type Limit } from '../../support/limitedUpstream.js';

const PER_SECOND = 50;
const MINUTE_MS = 60_000;
const NO_LIMIT: Limit = () => true;

const LIMITS: readonly (readonly [string, () => Limit])[] = [
  ['in each half second', () => fixedWindow(PER_SECOND / 2, 500)],
  ['in each second', () => fixedWindow(PER_SECOND, 1_000)],
  ['in any second', () => slidingWindow(PER_SECOND, 1_000)],
  ['on average, 5 at once', () => tokenBucket(PER_SECOND, 5)],
  ['on average, 10 at once', () => tokenBucket(PER_SECOND, 10)],
  ['on average, 50 at once', () => tokenBucket(PER_SECOND, 50)],
  ['on average, 100 at once', () => tokenBucket(PER_SECOND, 100)],
];

/** Percent of the limit that is used, and of the calls that are refused, in the minute after the first ten seconds. */
function figures(upstream: LimitedUpstream): { readonly used: number; readonly refused: number } {
  upstream.run(10_000);
  const { taken, refused } = upstream.run(MINUTE_MS);
  return { used: (100 * taken) / (PER_SECOND * 60), refused: (100 * refused) / (taken + refused) };
}

/** How long after the limit is lifted every replica makes as many calls as it can. */
function recoveredAfterMs(upstream: LimitedUpstream): number {
  upstream.limit = NO_LIMIT;
  const liftedAtMs = upstream.nowMs;
  while (upstream.nowMs - liftedAtMs < MINUTE_MS && !upstream.isAtFullSpeed) upstream.run(50);
  return upstream.nowMs - liftedAtMs;
}

describe('A silent limit of 50 calls a second', () => {
  describe.each([20, 60, 300])('with calls of %i ms', (callMs) => {
    test.each(LIMITS)('%s: at least 95 %% of it are used, and at most 2 %% of the calls refused; within five seconds after its end all can be used', (_kind, limit) => {
      const upstream = new LimitedUpstream({ limit: limit(), callMs });
      const { used, refused } = figures(upstream);
      expect(used).toBeGreaterThanOrEqual(95);
      expect(refused).toBeLessThanOrEqual(2);
      expect(recoveredAfterMs(upstream)).toBeLessThanOrEqual(5_000);
    });
  });
});

describe('A limit that four replicas share, each with a pace of its own', () => {
  test.each(LIMITS)('of 50 calls %s: at least 95 %% of it are used; within five seconds after its end all can be used', (_kind, limit) => {
    const upstream = new LimitedUpstream({ limit: limit(), replicas: 4 });
    const { used, refused } = figures(upstream);
    expect(used).toBeGreaterThanOrEqual(95);
    // Each of them has to find out for itself, so 2 % are out of reach.
    expect(refused).toBeLessThanOrEqual(8);
    expect(recoveredAfterMs(upstream)).toBeLessThanOrEqual(5_000);
  });
});

describe('An upstream that changes', () => {
  test('and takes less than before gets less within some seconds', () => {
    const upstream = new LimitedUpstream({ limit: slidingWindow(200, 1_000) });
    upstream.run(20_000);
    upstream.limit = slidingWindow(20, 1_000);
    upstream.run(10_000);
    const { taken, refused } = upstream.run(MINUTE_MS);
    expect(taken / 60).toBeGreaterThanOrEqual(0.9 * 20);
    expect(refused / (taken + refused)).toBeLessThanOrEqual(0.1);
  });

  test('and refuses everything is asked once a second in the end, and gets what it takes within seconds when it is back', () => {
    const upstream = new LimitedUpstream({ limit: NO_LIMIT });
    upstream.run(5_000);
    upstream.limit = () => false;
    upstream.run(MINUTE_MS);
    expect(upstream.run(10_000).refused).toBeLessThanOrEqual(15);
    expect(recoveredAfterMs(upstream)).toBeLessThanOrEqual(8_000);
  });

  test('that refused everything from the first call on is asked once a second in the end too', () => {
    const upstream = new LimitedUpstream({ limit: () => false });
    upstream.run(MINUTE_MS);
    expect(upstream.run(10_000).refused).toBeLessThanOrEqual(15);
  });
});

describe('A rate that is learned', () => {
  test('is none until a call is refused', () => {
    const rate = new LearnedRate();
    for (let nowMs = 0; nowMs < 5_000; nowMs++) rate.taken(nowMs);
    expect(rate.perSecond(5_000)).toBe(Infinity);
  });

  test('does not slow down quiet traffic because of one refusal, and is forgotten within five seconds', () => {
    const rate = new LearnedRate();
    for (let nowMs = 0; nowMs < 10_000; nowMs += 1_000) rate.taken(nowMs);
    rate.refused(10_000);
    // The next calls wait for some milliseconds, if they come together.
    expect(rate.perSecond(10_000)).toBeGreaterThanOrEqual(100);
    expect(rate.perSecond(15_000)).toBe(Infinity);
  });

  test('is that of the calls that were taken lately, however short the time since the first', () => {
    const rate = new LearnedRate();
    // 40 calls in 400 ms, after a quiet time.
    for (let n = 0; n < 40; n++) rate.taken(60_000 + 10 * n);
    rate.refused(60_400);
    expect(rate.perSecond(60_400)).toBeGreaterThan(90);
    expect(rate.perSecond(60_400)).toBeLessThanOrEqual(110);
  });

  test.each([
    [15, true],
    [16, false],
  ])('is none while few calls are refused (of 1,000 a second %i: %s)', (refused, isNone) => {
    const rate = new LearnedRate();
    for (let nowMs = 0; nowMs < 1_000; nowMs++) rate.taken(nowMs);
    for (let n = 0; n < refused; n++) rate.refused(999);
    expect(rate.perSecond(999) === Infinity).toBe(isNone);
  });

  test('is not lowered for ten seconds while all calls are refused: no pace is better than another; then down to one', () => {
    const rate = new LearnedRate();
    const beganMs = 60_000;
    for (let ms = 0; ms < 10_000; ms += 500) rate.refused(beganMs + ms);
    const patient = rate.perSecond(beganMs + 10_000);
    expect(patient).toBeGreaterThanOrEqual(100);
    rate.refused(beganMs + 10_000);
    expect(rate.perSecond(beganMs + 10_000)).toBe(patient / 2);
    for (let ms = 10_500; ms <= 20_000; ms += 500) rate.refused(beganMs + ms);
    expect(rate.perSecond(beganMs + 20_000)).toBe(1);
  });

  test('is halved at once where few calls were taken, and others refused again', () => {
    const rate = new LearnedRate();
    rate.taken(0);
    rate.refused(0);
    const first = rate.perSecond(500);
    rate.refused(500);
    expect(rate.perSecond(500)).toBe(first / 2);
  });

  test.each([
    [9, 100],
    [10, 9.9],
  ])('is that of the calls that were taken if there were ten (%i: %d a second)', (taken, perSecond) => {
    const rate = new LearnedRate();
    for (let n = 0; n < taken; n++) rate.taken(100 * n);
    rate.refused(1_000);
    expect(rate.perSecond(1_000)).toBeCloseTo(perSecond);
  });

  test.each([
    [499, false],
    [500, true],
  ])('is lowered again half a second later (%i ms: %s)', (laterMs, isLowered) => {
    const rate = new LearnedRate();
    for (let nowMs = 0; nowMs < 5_000; nowMs += 20) rate.taken(nowMs);
    rate.refused(5_000);
    const before = rate.perSecond(5_000 + laterMs);
    rate.refused(5_000 + laterMs);
    expect(rate.perSecond(5_000 + laterMs) < before).toBe(isLowered);
  });

  test('is lowered once by calls that were refused together', () => {
    const rate = new LearnedRate();
    for (let nowMs = 0; nowMs < 5_000; nowMs += 20) rate.taken(nowMs);
    for (let n = 0; n < 100; n++) rate.refused(5_000 + n);
    expect(rate.perSecond(5_100)).toBeGreaterThan(45);
  });
});
