import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Deadline } from '../../src/deadline.js';
import { Cancelled } from '../../src/upstream/callErrors.js';
import { CountedAborter } from '../support/countedAborter.js';
import { endedBy, FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

describe('The deadline of a call', () => {
  /** A gatherer that can send one call at a time, and the calls with what they were told of their time. */
  const stage = () => gathererOverDouble({ maxCalls: 1, patienceMs: 1_000 });

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'], now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const lifeOf = (ms: number): Deadline => ({ signal: new CountedAborter(), endsAtMs: performance.now() + ms });

  test('is that of whoever waits longest, in whatever order they came', async () => {
    for (const deadlines of [[100, 900, 500], [900, 500, 100], [100, 500, 900]]) {
      const { gatherer, calls } = stage();
      for (const ms of deadlines) void gatherer.request(new Set(['1']), false, lifeOf(ms));
      await settle();
      expect(calls.map(({ deadline }) => deadline.endsAtMs - performance.now())).toEqual([900]);
    }
  });

  test('is later for those who join while it is under way', async () => {
    const { gatherer, calls } = stage();
    void gatherer.request(new Set(['1']), false, lifeOf(100));
    await settle();
    expect(calls[0]?.deadline.endsAtMs).toBe(100);
    void gatherer.request(new Set(['1']), false, lifeOf(700));
    expect(calls[0]?.deadline.endsAtMs).toBe(700);
  });

  test('is never later than the longest that a request may wait', async () => {
    const { gatherer, calls } = stage();
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls[0]?.deadline.endsAtMs).toBe(1_000);
  });

  test('gives those who join the same time as if they had asked alone', async () => {
    const { gatherer, calls } = stage();
    const first = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    await jest.advanceTimersByTimeAsync(400);
    const second = gatherer.request(new Set(['1']), false, FOREVER);
    expect(calls[0]?.deadline.endsAtMs).toBe(1_400);
    await jest.advanceTimersByTimeAsync(600);
    expect([(await first).size, calls[0]?.signal.aborted]).toEqual([0, false]);
    await jest.advanceTimersByTimeAsync(399);
    calls[0]?.answer();
    expect((await second).get('1')).toBe('1!');
  });

  test('that has come ends the call, which counts as one that hung', async () => {
    const { gatherer, calls } = stage();
    const request = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    await jest.advanceTimersByTimeAsync(1_000);
    expect((await request).size).toBe(0);
    expect(calls[0]?.signal.reason).toMatchObject({ code: 'UPSTREAM_TIMEOUT', source: 'CAS360' });
  });

  test('says nothing of a call that was sent shortly before', async () => {
    const { gatherer, calls } = stage();
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    const queued = gatherer.request(new Set(['2']), false, FOREVER);
    await jest.advanceTimersByTimeAsync(900);
    calls[0]?.answer();
    await settle();
    await jest.advanceTimersByTimeAsync(100);
    expect((await queued).size).toBe(0);
    expect(calls[1]?.signal.reason).toBeInstanceOf(Cancelled);
  });

  test('lets nobody join a call that seems to hang: others get a call of their own', async () => {
    const { gatherer, calls } = gathererOverDouble({ patienceMs: 1_000, attemptTimeoutMs: 300 });
    const hanging = gatherer.request(new Set(['1', '2']), false, FOREVER);
    await settle();
    await jest.advanceTimersByTimeAsync(300);
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls).toHaveLength(1);
    await jest.advanceTimersByTimeAsync(1);
    const own = gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls.map(({ ids }) => ids)).toEqual([['1', '2'], ['1']]);
    // Who asks next joins the new call, and the old one still serves those who had joined.
    const next = gatherer.request(new Set(['1']), false, FOREVER);
    calls[1]?.answer();
    expect([(await own).get('1'), (await next).get('1')]).toEqual(['1!', '1!']);
    calls[0]?.answer();
    expect((await hanging).get('2')).toBe('2!');
  });

  test('of a call that hangs does not put an id twice into a chunk that waits', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1, maxIds: 100, patienceMs: 10_000, attemptTimeoutMs: 300 });
    void gatherer.request(new Set(['9']), false, FOREVER);
    await settle();
    const plain = gatherer.request(new Set(['1', '2']), false, FOREVER);
    void gatherer.request(new Set(['1']), true, FOREVER);
    calls[0]?.answer();
    await settle();
    // The chunk with relationships may be the one that hangs; the other waits.
    await jest.advanceTimersByTimeAsync(301);
    void gatherer.request(new Set(['1']), false, FOREVER);
    for (let n = 1; n < 4; n++) {
      calls[n]?.answer();
      await settle();
    }
    for (const { ids } of calls) expect(new Set(ids).size).toBe(ids.length);
    expect((await plain).get('2')).toBe('2!');
  });

  test('of the first who waits ends nothing for the others', async () => {
    const { gatherer, calls } = stage();
    const [hasty, patient] = [new CountedAborter(), new CountedAborter()];
    const first = gatherer.request(new Set(['1', '2']), false, endedBy(hasty));
    const second = gatherer.request(new Set(['2']), false, endedBy(patient));
    await settle();
    hasty.abort(new Error('its deadline'));
    expect((await first).size).toBe(0);
    expect(calls[0]?.deadline.signal.aborted).toBe(false);
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
