import { describe, expect, test } from '@jest/globals';
import { Pace, type PacedCall } from '../../../src/upstream/policies/pace.js';
import { Rate } from '../../../src/upstream/policies/rate.js';

interface Paced {
  readonly pace: Pace;
  nowMs: number;
  /** Begins as many calls as may leave now. */
  fill(): PacedCall[];
}

/** `usual`: how many calls may be under way as long as nothing is known of the upstream. */
function paced(usual = 16, maxRate?: Rate, clock: { nowMs: number } = { nowMs: 0 }): Paced {
  const pace = new Pace({ now: () => clock.nowMs, maxCalls: usual * 1.25, maxRate });
  return Object.assign(clock, {
    pace,
    fill: () => {
      const began: PacedCall[] = [];
      // An end, in case none has to wait any more.
      while (pace.waitMs === 0 && began.length < 100) began.push(pace.begin());
      return began;
    },
  });
}

describe('How many calls may be under way', () => {
  test('is as many as the endpoint allows, and no more until one ends', () => {
    const { pace, fill } = paced(16);
    const [first, ...others] = fill();
    expect(others).toHaveLength(15);
    expect(pace.waitMs).toBe(Infinity);
    pace.end(first!, 'nothing');
    expect(fill()).toHaveLength(1);
  });

  test('is halved by timeouts, once for calls that began together, down to an eighth', () => {
    const self = paced(16);
    const limits: number[] = [];
    for (let n = 0; n < 5; n++) {
      self.nowMs += 1;
      const began = self.fill();
      self.nowMs += 3_000;
      for (const call of began) self.pace.end(call, 'timeout');
      self.nowMs += 1;
      const next = self.fill();
      limits.push(next.length);
      for (const call of next) self.pace.end(call, 'nothing');
    }
    expect(limits).toEqual([8, 4, 2, 2, 2]);
  });

  test('stays when a record times out while others are answered', () => {
    const self = paced(16);
    self.nowMs = 1;
    const [bad, good] = self.fill();
    self.nowMs += 3_000;
    self.pace.end(good!, 'taken');
    self.pace.end(bad!, 'timeout');
    expect(self.fill()).toHaveLength(2);
  });

  test('is never less than one', () => {
    const self = paced(4);
    for (let n = 0; n < 5; n++) {
      self.nowMs += 1;
      const began = self.fill();
      self.nowMs += 3_000;
      for (const call of began) self.pace.end(call, 'timeout');
    }
    self.nowMs += 1;
    expect(self.fill()).toHaveLength(1);
  });

  test('grows again by one with each round of answers, up to what the endpoint allows', () => {
    const self = paced(8);
    self.nowMs = 1;
    for (const call of self.fill()) self.pace.end(call, 'timeout');
    const rounds: number[] = [];
    for (let n = 0; n < 8; n++) {
      self.nowMs += 100;
      const began = self.fill();
      rounds.push(began.length);
      for (const call of began) self.pace.end(call, 'taken');
    }
    expect(rounds.slice(0, 2)).toEqual([4, 4]);
    expect(rounds.at(-1)).toBeGreaterThan(4);
    for (let n = 0; n < 100; n++) for (const call of self.fill()) self.pace.end(call, 'taken');
    expect(self.fill()).toHaveLength(8);
  });

  test('does not grow while fewer calls are under way: their answers say nothing about more', () => {
    const self = paced(8);
    self.nowMs = 1;
    for (const call of self.fill()) self.pace.end(call, 'timeout');
    for (let n = 0; n < 20; n++) self.pace.answered({ startedAtMs: 0, atOnce: 8 }, 100);
    const underWay = self.fill();
    self.pace.end(underWay.pop()!, 'nothing');
    for (let n = 0; n < 1_000; n++) {
      self.pace.end(underWay.shift()!, 'taken');
      underWay.push(self.pace.begin());
    }
    expect(self.pace.perCallMs).toBe(100 / 4);
    expect(self.fill()).toHaveLength(1);
  });

  test.each(['taken', 'refused', 'nothing'] as const)('is not lowered by a call that was %s', (verdict) => {
    const self = paced(8);
    self.nowMs = 1;
    for (const call of self.fill()) self.pace.end(call, verdict);
    self.nowMs += 60_000;
    expect(self.fill()).toHaveLength(8);
  });
});

describe('An upstream that', () => {
  /** Keeps as many calls under way as may be; each takes as long as `callMs` says for so many. Returns how many are under way in the end. */
  function saturated(self: Paced, callMs: (atOnce: number) => number, calls = 5_000): number {
    const underWay = self.fill();
    for (let n = 0; n < calls; n++) {
      self.nowMs += 1;
      const call = underWay.shift()!;
      self.pace.answered(call, callMs(underWay.length + 1));
      self.pace.end(call, 'taken');
      underWay.push(...self.fill());
    }
    return underWay.length;
  }
  const learnLow = (self: Paced, ms: number): void => {
    for (let n = 0; n < 50; n++) {
      const call = self.pace.begin();
      self.pace.answered(call, ms);
      self.pace.end(call, 'taken');
    }
  };

  test('is as fast with many calls gets some more', () => {
    const self = paced(32);
    learnLow(self, 100);
    expect(saturated(self, () => 100)).toBe(40);
  });

  test('only lets calls wait for each other gets fewer, but enough to be busy', () => {
    const self = paced(32);
    learnLow(self, 25);
    const atOnce = saturated(self, (calls) => 25 * Math.max(1, calls / 8));
    expect(atOnce).toBeGreaterThanOrEqual(8);
    expect(atOnce).toBeLessThan(24);
  });

  test('has become slower for another reason gets as many as before', () => {
    const self = paced(32);
    learnLow(self, 25);
    expect(saturated(self, () => 500)).toBeGreaterThanOrEqual(32);
  });

  test.each([
    [23, 20],
    [24, 16],
    [50, 16],
    [51, 4],
  ])('needs %i ms for a call, and 20 ms while few are under way, gets so many at once: %i', (ms, most) => {
    const self = paced(16);
    const answer = (atOnce: number, tookMs: number): void => {
      for (let n = 0; n < 200; n++) self.pace.answered({ startedAtMs: 0, atOnce }, tookMs);
    };
    answer(5, 20);
    answer(6, ms);
    for (let n = 0; n < 300; n++) for (const call of self.fill()) self.pace.end(call, 'taken');
    expect(self.fill()).toHaveLength(most);
  });

  test('is never called on more than it may, as long as nothing is known of few calls', () => {
    expect(saturated(paced(32), () => 100)).toBe(32);
  });

  test('only lets calls wait for each other, and let them time out, gets one at a time at least', () => {
    const self = paced(4);
    learnLow(self, 10);
    for (let n = 0; n < 100; n++) self.pace.answered({ startedAtMs: 0, atOnce: 4 }, 1_000);
    self.nowMs = 1;
    for (const call of self.fill()) self.pace.end(call, 'timeout');
    for (const call of self.fill()) self.pace.end(call, 'taken');
    expect(self.fill()).toHaveLength(1);
  });

  test('takes few calls anyway keeps them: long calls are of another kind there', () => {
    const self = paced(3.2);
    learnLow(self, 10);
    expect(saturated(self, () => 1_000)).toBe(4);
  });
});

const ALONE: PacedCall = { startedAtMs: 0, atOnce: 1 };

describe('The typical duration of a call', () => {
  test('is unknown until some calls were answered', () => {
    const { pace } = paced();
    for (let n = 0; n < 19; n++) pace.answered(ALONE, 100);
    expect([pace.callMs, pace.perCallMs]).toEqual([0, 0]);
    pace.answered(ALONE, 100);
    expect(pace.callMs).toBeCloseTo(100);
  });

  test('hardly follows the few calls that are very slow, and soon follows all of them', () => {
    const { pace } = paced();
    for (let n = 0; n <= 200; n++) pace.answered(ALONE, n % 50 === 0 ? 20_000 : 100);
    expect(pace.callMs).toBeLessThan(110);
    for (let n = 0; n < 60; n++) pace.answered(ALONE, 1_000);
    expect(pace.callMs).toBeGreaterThan(900);
    for (let n = 0; n < 60; n++) pace.answered(ALONE, 100);
    expect(pace.callMs).toBeLessThan(110);
  });

  test('divided by how many may be under way is the time between two calls, or that of the rate if longer', () => {
    const typical = (rate?: number): number => {
      const { pace, fill } = paced(10, rate === undefined ? undefined : new Rate(() => rate));
      for (let n = 0; n < 50; n++) pace.answered({ startedAtMs: 0, atOnce: 10 }, 100);
      for (const call of fill()) pace.end(call, 'taken');
      return pace.perCallMs;
    };
    expect(typical()).toBeCloseTo(10);
    expect(typical(1_000)).toBeCloseTo(10);
    expect(typical(50)).toBe(20);
  });
});

test('After a call that was refused, the others leave about as often as the upstream took them', () => {
  const self = paced();
  for (; self.nowMs < 5_000; self.nowMs += 20) self.pace.end(self.pace.begin(), 'taken');
  self.pace.end(self.pace.begin(), 'refused');
  expect(self.pace.perCallMs).toBeGreaterThan(20);
  expect(self.pace.perCallMs).toBeLessThan(23);
  self.fill();
  expect(self.pace.waitMs).toBeLessThan(23);
});

describe('A rate that an operator set', () => {
  /** How many calls leave in each second. */
  function perSecond(endpoints: readonly Paced[], clock: { nowMs: number }, seconds: number): number[] {
    return Array.from({ length: seconds }, () => {
      let calls = 0;
      for (const endMs = clock.nowMs + 1_000; clock.nowMs < endMs; clock.nowMs++) {
        for (const { fill, pace } of endpoints) {
          for (const call of fill()) {
            calls++;
            pace.end(call, 'taken');
          }
        }
      }
      return calls;
    });
  }

  test('is kept by two endpoints that share it, and used whole', () => {
    const clock = { nowMs: 10_000 };
    const rate = new Rate(() => 50);
    // What late timers may catch up comes in the first second.
    const [first, ...others] = perSecond([paced(16, rate, clock), paced(16, rate, clock)], clock, 10);
    expect(first).toBeLessThanOrEqual(50 + 3);
    for (const calls of others) expect(Math.abs(calls - 50)).toBeLessThanOrEqual(1);
  });

  test('counts the second request of a call, after a 401', () => {
    const self = paced(16, new Rate(() => 1), { nowMs: 10_000 });
    self.fill();
    const waitMs = self.pace.waitMs;
    self.pace.spend();
    expect(self.pace.waitMs).toBe(waitMs + 1_000);
  });
});
