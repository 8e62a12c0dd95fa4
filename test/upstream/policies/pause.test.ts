import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Pause, type PausingStatus } from '../../../src/upstream/policies/pause.js';

/** Dates in `Retry-After` are compared with it. */
beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-03-01T12:00:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

const MAX_MS = 60_000;
const OPTIONS = { source: 'PMS', now: () => performance.now(), maxMs: MAX_MS } as const;

interface Paused {
  readonly pause: Pause;
  readonly told: [number, PausingStatus][];
}

function paused(random = 0): Paused {
  const told: [number, PausingStatus][] = [];
  return { pause: new Pause({ ...OPTIONS, random: () => random, onBegin: (forMs, status) => told.push([forMs, status]) }), told };
}

function pauseOf(retryAfter: unknown, random = 0): Pause {
  const pause = new Pause({ ...OPTIONS, random: () => random });
  pause.begin(429, retryAfter);
  return pause;
}

const wait = (ms: number): void => {
  jest.advanceTimersByTime(ms);
};
/** The error of a call that must have left so many milliseconds from now. */
const refusalIn = (pause: Pause, ms: number) => pause.refusal(performance.now() + ms);

describe('The length of a pause', () => {
  test.each([
    ['seconds', '2', 2_000],
    ['seconds with blanks', ' 2 ', 2_000],
    ['a date', 'Sun, 01 Mar 2026 12:00:03 GMT', 3_000],
    ['a date with blanks', ' Sun, 01 Mar 2026 12:00:03 GMT ', 3_000],
    ['a date behind a word', 'after Sun, 01 Mar 2026 12:00:03 GMT', 0],
    ['a date with a remark', 'Sun, 01 Mar 2026 12:00:03 GMT (noon)', 0],
    ['a date that is past', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['nothing', undefined, 0],
    ['an empty text', '', 0],
    ['zero', '0', 0],
    ['a word', 'soon', 0],
    ['a number below zero', '-5', 0],
    ['a fraction', '1.5', 0],
    ['a power', '1e300', 0],
    ['a date without a zone', '2126-03-01', 0],
    ['two headers', ['1', '2'], 2_000],
    ['two headers, one of them no time', ['soon', '2'], 2_000],
    ['no header in a list', [], 0],
    ['a date without a comma', 'Sun Mar  1 12:00:03 2026', 3_000],
    ['a date without a comma and with a remark', 'Sun Mar  1 12:00:03 2026 (noon)', 0],
    ['exactly the longest', '60', MAX_MS],
    ['a second more than the longest', '61', MAX_MS],
    ['a day', '86400', MAX_MS],
    ['a time since 1970', '1795000000', MAX_MS],
    ['thirty digits', '9'.repeat(30), MAX_MS],
    ['more digits than a number can have', '9'.repeat(400), MAX_MS],
    ['a date in the year 9999', 'Fri, 31 Dec 9999 23:59:59 GMT', MAX_MS],
  ])('given as %s (%j) is %i', (_what, retryAfter, ms) => {
    const { pause, told } = paused();
    expect(pause.begin(429, retryAfter)).toBe(ms > 0);
    expect([pause.waitMs, pause.leftMs]).toEqual([ms, ms]);
    expect(told).toEqual(ms > 0 ? [[ms, 429]] : []);
  });

  test('is spread over a fifth of it after its end, at most half a second, and never before', () => {
    expect(pauseOf('1', 1).waitMs).toBe(1_200);
    expect(pauseOf('10', 1).waitMs).toBe(10_500);
    expect(pauseOf('10', 0.5).waitMs).toBe(10_250);
    // What callers are told is the pause itself.
    expect(pauseOf('10', 1).leftMs).toBe(10_000);
  });

  test('is not made shorter by a later answer, but longer', () => {
    const pause = pauseOf('10');
    pause.begin(429, '1');
    expect(pause.waitMs).toBe(10_000);
    pause.begin(429, '20');
    expect(pause.waitMs).toBe(20_000);
  });

  test('is told to the other replicas, and told again only when it is made longer', () => {
    const { pause, told } = paused();
    for (const retryAfter of ['0', 'soon', '2', '1', '5']) pause.begin(503, retryAfter);
    pause.join(50_000, 429);
    pause.begin(429, '10');
    expect(told).toEqual([
      [2_000, 503],
      [5_000, 503],
    ]);
  });

  test('is that of another replica, and does not grow by hearing of it again', () => {
    const { pause } = paused(1);
    pause.join(10_000, 429);
    wait(1_000);
    pause.join(9_200, 429);
    expect(pause.waitMs).toBe(9_500);
  });

  test('is capped when another replica, perhaps of another version, says more', () => {
    const { pause } = paused();
    pause.join(86_400_000, 503);
    expect(pause.waitMs).toBe(MAX_MS);
  });
});

describe('During a pause', () => {
  test.each([
    [429, 'UPSTREAM_RATE_LIMITED'],
    [503, 'UPSTREAM_UNAVAILABLE'],
  ] as const)('a call that would be too late is refused; after %i with %s', (status, code) => {
    for (const heardOf of ['begin', 'join']) {
      const { pause } = paused();
      if (heardOf === 'begin') pause.begin(status, '30');
      else pause.join(30_000, status);
      wait(500);
      expect(refusalIn(pause, 29_500)).toMatchObject({ code, source: 'PMS', facts: { retryAfterSeconds: 30 } });
      expect(refusalIn(pause, 29_501)).toBeUndefined();
    }
  });

  test('the code is that of the status which asked for the longest pause', () => {
    const { pause } = paused();
    pause.begin(429, '10');
    pause.begin(503, '5');
    expect(refusalIn(pause, 1)?.code).toBe('UPSTREAM_RATE_LIMITED');
    pause.begin(503, '20');
    expect(refusalIn(pause, 1)?.code).toBe('UPSTREAM_UNAVAILABLE');
  });
});

describe('After a pause', () => {
  test('one call tries, and the others wait until it is answered', () => {
    const pause = pauseOf('2');
    wait(2_000);
    expect(pause.waitMs).toBe(0);
    expect(pause.tries()).toBe(true);
    expect([pause.waitMs, pause.leftMs]).toEqual([Infinity, 0]);
    // They wait until their deadlines, whatever those are.
    expect(refusalIn(pause, 1)).toBeUndefined();
    pause.tried(true);
    expect(pause.waitMs).toBe(0);
    expect(pause.tries()).toBe(false);
  });

  test('the next call tries when the first was not answered', () => {
    const pause = pauseOf('2');
    wait(2_000);
    for (let n = 0; n < 3; n++) {
      expect([pause.waitMs, pause.tries(), pause.waitMs]).toEqual([0, true, Infinity]);
      pause.tried(false);
    }
  });

  test('nobody waits once the call that tried was told to wait again, until one was answered', () => {
    const { pause } = paused();
    pause.begin(429, '1');
    expect(refusalIn(pause, 8_000)).toBeUndefined();
    wait(1_000);
    pause.tries();
    pause.begin(429, '1');
    pause.tried(false);
    expect(refusalIn(pause, 8_000)).toMatchObject({ code: 'UPSTREAM_RATE_LIMITED', facts: { retryAfterSeconds: 1 } });
    wait(1_000);
    expect(refusalIn(pause, 8_000)).toBeUndefined();
    pause.tries();
    pause.tried(true);
    pause.begin(429, '1');
    expect(refusalIn(pause, 8_000)).toBeUndefined();
  });

  test('the call that tries may bring another pause, at whose end one call tries again', () => {
    const pause = pauseOf('2');
    wait(2_000);
    pause.tries();
    pause.begin(429, '3');
    pause.tried(false);
    expect(pause.waitMs).toBe(3_000);
    wait(3_000);
    expect(pause.tries()).toBe(true);
  });

  test('a pause that another call brought meanwhile goes on, although the call that tried is answered', () => {
    const pause = pauseOf('2');
    wait(2_000);
    pause.tries();
    pause.begin(429, '3');
    pause.tried(true);
    expect(pause.waitMs).toBe(3_000);
    wait(3_000);
    expect(pause.tries()).toBe(true);
  });

  test('made longer while a call tries, the others wait for the end of both', () => {
    const pause = pauseOf('2');
    wait(2_000);
    pause.tries();
    pause.join(3_000, 429);
    expect(pause.waitMs).toBe(3_000);
    wait(3_000);
    expect(pause.waitMs).toBe(Infinity);
  });

  test('made longer while somebody waits makes them wait for longer', () => {
    const pause = pauseOf('2');
    wait(1_000);
    pause.begin(429, '5');
    wait(1_000);
    expect(pause.waitMs).toBe(4_000);
  });

  test('no call tries where there was none', () => {
    expect(paused().pause.tries()).toBe(false);
  });
});
