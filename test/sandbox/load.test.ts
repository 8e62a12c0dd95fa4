import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TokenBucket } from '../../sandbox/tokenBucket.js';
import { Workers } from '../../sandbox/workers.js';

/** Pauses between calls, in milliseconds. */
const pauses = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });

describe('TokenBucket', () => {
  test.each([
    [{ perSecond: 50 }, 5],
    [{ perSecond: 3 }, 1],
    [{ perSecond: 50, burst: 20 }, 20],
  ])('%j lets %i calls pass at once, at first and after any pause', (limit, burst) => {
    let now = 0;
    const bucket = new TokenBucket(limit, () => now);
    const passing = (): number => Array.from({ length: 100 }, () => bucket.take()).filter(Boolean).length;
    expect([passing(), passing()]).toEqual([burst, 0]);
    now = 3_600_000;
    expect(passing()).toBe(burst);
  });

  test('in no stretch of time do more calls pass than the burst and the rate allow', () => {
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 30 }), (gaps, perSecond, burst) => {
        let now = 0;
        const bucket = new TokenBucket({ perSecond, burst }, () => now);
        const passedAt = gaps.flatMap((gap) => {
          now += gap;
          return bucket.take() ? [now] : [];
        });
        for (const [first, from] of passedAt.entries()) {
          for (const [last, to] of passedAt.entries()) if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(burst + ((to - from) * perSecond) / 1_000 + 1e-6);
        }
      }),
    );
  });

  test('refused calls take nothing: a client that never stops asking gets the whole rate', () => {
    let now = 0;
    const bucket = new TokenBucket({ perSecond: 50, burst: 1 }, () => now);
    let passed = 0;
    for (; now < 10_000; now += 1) if (bucket.take()) passed++;
    expect(passed).toBe(500);
  });
});

describe('Workers', () => {
  test('so many at once, the others in order of arrival', () => {
    const workers = new Workers({ atOnce: 2, serviceMs: 25 }, () => 1_000);
    expect(Array.from({ length: 5 }, () => workers.assign())).toEqual([25, 25, 50, 50, 75]);
  });

  test('never works on more at once, is never idle while calls wait, and answers in order', () => {
    fc.assert(
      fc.property(pauses, fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 300 }), (gaps, atOnce, serviceMs) => {
        let now = 0;
        const workers = new Workers({ atOnce, serviceMs }, () => now);
        const work = gaps.map((gap) => {
          now += gap;
          const endsAt = now + workers.assign();
          return { arrivedAt: now, startsAt: endsAt - serviceMs, endsAt };
        });
        for (const [n, { arrivedAt, startsAt, endsAt }] of work.entries()) {
          const busy = (at: number): number => work.filter((other, m) => m !== n && other.startsAt <= at && at < other.endsAt).length;
          expect(startsAt).toBeGreaterThanOrEqual(arrivedAt);
          expect(busy(startsAt)).toBeLessThan(atOnce);
          if (startsAt > arrivedAt) expect(busy(startsAt - 0.5)).toBe(atOnce);
          expect(endsAt).toBeGreaterThanOrEqual(work[n - 1]?.endsAt ?? 0);
        }
      }),
    );
  });
});
