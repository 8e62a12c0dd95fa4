import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { CountedAborter } from '../support/countedAborter.js';
import { endedBy, FOREVER, gathererOverDouble, settle } from '../support/upstreamDouble.js';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

describe('Whoever waits', () => {
  test('leaves no listener behind, whether it is served, refused, leaves or wants nothing', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1, maxWaitingIds: 3 });
    const signal = new CountedAborter();
    const leaving = new CountedAborter();
    // Which hears nothing but "abort".
    const { signal: platforms } = new AbortController();
    const requests = [['1'], [], ['1', '2', '3'], ids(4, 9), ['1', ...ids(4, 9)]].map((some) => gatherer.request(new Set(some), false, endedBy(signal)));
    requests.push(...[leaving, platforms].map((its) => gatherer.request(new Set(['1']), false, endedBy(its))));
    const counts = (): number[] => [signal.listenerCount, leaving.listenerCount, getEventListeners(platforms, 'abort').length];
    expect(counts()).toEqual([3, 1, 1]);
    await settle();
    leaving.abort();
    for (let n = 0; n < calls.length; n++) {
      calls[n]?.answer();
      await settle();
    }
    await Promise.all(requests);
    expect(counts()).toEqual([0, 0, 0]);
  });

  test('asks for nothing more after its deadline, and joins nothing', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const gone = new CountedAborter();
    gone.abort();
    expect((await gatherer.request(new Set(['1']), false, endedBy(gone))).size).toBe(0);
    await settle();
    expect(calls).toHaveLength(0);
    expect([gatherer.load, gone.listenerCount]).toEqual([{ waitingIds: 0, callsUnderWay: 0 }, 0]);
  });

  test('is the last to leave: the call is cut off then, and not before', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const leaving = [1, 2, 3].map(() => new CountedAborter());
    for (const signal of leaving) void gatherer.request(new Set(['1']), false, endedBy(signal));
    await settle();
    for (const [n, signal] of leaving.entries()) {
      expect(calls[0]?.signal.aborted).toBe(false);
      signal.abort();
      await settle();
      expect(calls[0]?.signal.aborted).toBe(n === 2);
    }
    expect(gatherer.load).toEqual({ waitingIds: 0, callsUnderWay: 0 });
  });

  test('and leaves takes nothing out of the queue that others wait for', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1 });
    const leaving = new CountedAborter();
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    const left = gatherer.request(new Set(['2', '3']), false, endedBy(leaving));
    const staying = gatherer.request(new Set(['3']), false, FOREVER);
    leaving.abort();
    expect((await left).size).toBe(0);
    for (const call of calls) {
      call.answer();
      await settle();
    }
    expect((await staying).get('3')).toBe('3!');
  });

  test('leaves nothing to join: what was given up is asked for anew, whether it waited or was under way', async () => {
    const { gatherer, calls } = gathererOverDouble({ maxCalls: 1 });
    const leaving = new CountedAborter();
    void gatherer.request(new Set(['1']), false, endedBy(leaving));
    await settle();
    void gatherer.request(new Set(['2']), false, endedBy(leaving));
    leaving.abort();
    await Promise.resolve();
    await Promise.resolve();
    // In the same turn of the loop, before the call that was cut off has ended.
    const anew = gatherer.request(new Set(['1', '2']), false, FOREVER);
    await settle();
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['1'], ['1', '2']]);
    calls[1]?.answer();
    expect(Object.fromEntries(await anew)).toEqual({ 1: '1!', 2: '2!' });
  });

  test('cuts off no call that has been answered', async () => {
    const { gatherer, calls } = gathererOverDouble();
    const leaving = new CountedAborter();
    const request = gatherer.request(new Set(ids(1, 6)), false, endedBy(leaving));
    await settle();
    calls[0]?.answer();
    await settle();
    leaving.abort();
    expect((await request).size).toBe(3);
    expect(calls.map((call) => call.signal.aborted)).toEqual([false, true]);
  });
});
