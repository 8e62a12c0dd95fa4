import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Life } from '../../src/life.js';
import { CountedAborter } from '../support/countedAborter.js';
import { endedBy, FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

describe('The deadline of a call', () => {
  /** A gatherer that can send one call at a time, and the calls with what they were told of their time. */
  const stage = () => gathererOverDouble({ maxCalls: 1, timeoutMs: 1_000 });

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'], now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const lifeOf = (ms: number): Life => ({ signal: new CountedAborter(), endsAtMs: performance.now() + ms });

  test('is that of whoever waits longest, in whatever order they came', async () => {
    for (const deadlines of [[100, 900, 500], [900, 500, 100], [100, 500, 900]]) {
      const { gatherer, calls } = stage();
      for (const ms of deadlines) void gatherer.request(new Set(['1']), false, lifeOf(ms));
      await settle();
      expect(calls.map(({ life }) => life.endsAtMs - performance.now())).toEqual([900]);
    }
  });

  test('is later for those who join while it is under way', async () => {
    const { gatherer, calls } = stage();
    void gatherer.request(new Set(['1']), false, lifeOf(100));
    await settle();
    expect(calls[0]?.life.endsAtMs).toBe(100);
    void gatherer.request(new Set(['1']), false, lifeOf(700));
    expect(calls[0]?.life.endsAtMs).toBe(700);
  });

  test('is never later than the longest that a call may take', async () => {
    const { gatherer, calls } = stage();
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls[0]?.life.endsAtMs).toBe(1_000);
  });

  test('counts from when it is sent: what waited for others has its full time', async () => {
    const { gatherer, calls } = stage();
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    const second = gatherer.request(new Set(['2']), false, FOREVER);
    await jest.advanceTimersByTimeAsync(600);
    calls[0]?.answer();
    await settle();
    expect(calls[1]?.life.endsAtMs).toBe(1_600);
    await jest.advanceTimersByTimeAsync(999);
    expect(calls[1]?.life.signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect((await second).get('2')).toMatchObject({ code: 'UPSTREAM_TIMEOUT', source: 'CAS360' });
  });

  test('of the first who waits ends nothing for the others', async () => {
    const { gatherer, calls } = stage();
    const [hasty, patient] = [new CountedAborter(), new CountedAborter()];
    const first = gatherer.request(new Set(['1', '2']), false, endedBy(hasty));
    const second = gatherer.request(new Set(['2']), false, endedBy(patient));
    await settle();
    hasty.abort(new Error('its deadline'));
    expect((await first).size).toBe(0);
    expect(calls[0]?.life.signal.aborted).toBe(false);
    calls[0]?.answer();
    expect((await second).get('2')).toBe('2!');
  });

  test('leaves no timer once the call is over, however it ended', async () => {
    const { gatherer, calls } = stage();
    const leaving = new CountedAborter();
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(jest.getTimerCount()).toBe(1);
    calls[0]?.answer();
    await settle();
    expect(jest.getTimerCount()).toBe(0);
    void gatherer.request(new Set(['1']), false, endedBy(leaving));
    await settle();
    leaving.abort();
    await settle();
    expect(jest.getTimerCount()).toBe(0);
  });
});
