import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Pause } from '../../src/upstream/pause.js';
import { FOREVER } from '../support/upstreamDouble.js';

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-03-01T12:00:00Z') });
});
afterEach(() => {
  jest.useRealTimers();
});

const pauseOf = (retryAfter: unknown, random = 0): Pause => {
  const pause = new Pause({ source: 'PMS', now: () => performance.now(), random: () => random });
  pause.begin(retryAfter);
  return pause;
};

/** How long it takes to pass, in milliseconds. */
async function passed(pause: Pause): Promise<number> {
  const startedAt = performance.now();
  const passing = pause.pass(FOREVER).then(() => performance.now() - startedAt);
  await jest.advanceTimersByTimeAsync(20_000);
  return passing;
}

describe('A pause that an upstream asked for', () => {
  test.each([
    ['seconds', '2', 2_000],
    ['a date', 'Sun, 01 Mar 2026 12:00:03 GMT', 3_000],
    ['a date that is past', 'Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['nothing', undefined, 0],
    ['zero', '0', 0],
    ['garbage', 'soon', 0],
    ['a number below zero', '-5', 0],
    ['a fraction', '1.5', 0],
    ['two headers', ['1', '2'], 0],
  ])('given as %s (%s) lasts %i ms', async (_what, retryAfter, ms) => {
    expect(await passed(pauseOf(retryAfter))).toBe(ms);
  });

  test('spreads those who waited over a fifth of its length after its end, never before it', async () => {
    expect(await passed(pauseOf('10', 1))).toBe(12_000);
    expect(await passed(pauseOf('10', 0.5))).toBe(11_000);
  });

  test('is not made shorter by a later answer, but longer', async () => {
    const shorter = pauseOf('10');
    shorter.begin('1');
    expect(await passed(shorter)).toBe(10_000);
    const longer = pauseOf('1');
    longer.begin('10');
    expect(await passed(longer)).toBe(10_000);
  });

  test('refuses at once whom it would make too late', async () => {
    const deadline = { ...FOREVER, endsAtMs: performance.now() + 8_000 };
    await expect(pauseOf('3600').pass(deadline)).rejects.toMatchObject({ code: 'UPSTREAM_RATE_LIMITED', source: 'PMS' });
  });

  test('made longer while somebody waits makes them wait for longer', async () => {
    const pause = pauseOf('2');
    setTimeout(() => pause.begin('5'), 1_000);
    expect(await passed(pause)).toBe(6_000);
  });

  test('is told to the other replicas, and told again only when it is made longer', () => {
    const told: number[] = [];
    const pause = new Pause({ source: 'PMS', now: () => performance.now(), random: () => 0, onBegin: (forMs) => told.push(forMs) });
    for (const retryAfter of ['0', 'soon', '2', '1', '5']) pause.begin(retryAfter);
    pause.join(60_000);
    pause.begin('10');
    expect(told).toEqual([2_000, 5_000]);
  });

  test('that another replica was asked for is joined, and not made longer by hearing of it again', async () => {
    const pause = pauseOf(undefined, 1);
    pause.join(10_000);
    jest.advanceTimersByTime(1_000);
    pause.join(9_200);
    expect(await passed(pause)).toBe(11_000);
  });
});
