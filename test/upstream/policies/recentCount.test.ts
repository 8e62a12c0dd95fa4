import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecentCount } from '../../../src/upstream/policies/recentCount.js';

test('A recent count has all of the last nine tenths of its window, and nothing older than the window', () => {
  const WINDOW_MS = 1_000;
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(150), fc.nat(5_000)), { maxLength: 80 }), (gaps) => {
      const count = new RecentCount(WINDOW_MS);
      const times: number[] = [];
      // A process that runs for a while already, on a clock with fractions.
      let nowMs = 123_456.7;
      for (const gap of gaps) {
        nowMs += gap;
        count.add(nowMs);
        times.push(nowMs);
        const since = (ms: number): number => times.filter((time) => time > nowMs - ms).length;
        const total = count.total(nowMs);
        if (total < since(0.9 * WINDOW_MS) || total > since(WINDOW_MS)) throw new Error(`${total} of ${since(WINDOW_MS)}`);
      }
      expect(count.total(nowMs + WINDOW_MS)).toBe(0);
    }),
  );
});

test('A recent count may begin with its clock', () => {
  const count = new RecentCount(1_000);
  count.add(0);
  expect(count.total(0)).toBe(1);
});
