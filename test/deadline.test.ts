import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { sleep, waitFor } from '../src/deadline.js';
import { CountedAborter } from './support/countedAborter.js';
import { settle } from './support/upstreamDouble.js';

const reason = new Error('the caller has left');
const failure = new Error('the upstream failed');

let signal: CountedAborter;
beforeEach(() => {
  signal = new CountedAborter();
});

describe('Waiting for a promise', () => {
  test('resolves or rejects as the promise does, and leaves no listener', async () => {
    await expect(waitFor(Promise.resolve('there'), signal)).resolves.toBe('there');
    await expect(waitFor(Promise.reject(failure), signal)).rejects.toBe(failure);
    await settle();
    expect(signal.listenerCount).toBe(0);
  });

  test('leaves no listener, however many wait with one signal', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = Array.from({ length: 100 }, () => waitFor(promise, signal));
    expect(signal.listenerCount).toBe(100);
    resolve('there');
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['there']));
    await settle();
    expect(signal.listenerCount).toBe(0);
  });

  test('ends with the signal, with its reason; the others go on', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const other = new CountedAborter();
    const [leaving, staying] = [waitFor(promise, signal), waitFor(promise, other)];
    signal.abort(reason);
    await expect(leaving).rejects.toBe(reason);
    resolve('there');
    await expect(staying).resolves.toBe('there');
    await settle();
    expect([signal.listenerCount, other.listenerCount]).toEqual([0, 0]);
  });

  test('does not begin with a signal that has ended, and a promise that rejects later harms nobody', async () => {
    const { promise, reject } = Promise.withResolvers<string>();
    signal.abort(reason);
    await expect(waitFor(promise, signal)).rejects.toBe(reason);
    expect(signal.listenerCount).toBe(0);
    reject(failure);
    // An unhandled rejection would end the process by now.
    await settle();
  });
});

describe('Sleeping', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('takes its time and no more, and leaves neither timer nor listener', async () => {
    const woken = jest.fn();
    void sleep(1_000, signal).then(woken);
    await jest.advanceTimersByTimeAsync(999);
    expect(woken).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    expect(woken).toHaveBeenCalledTimes(1);
    expect([jest.getTimerCount(), signal.listenerCount]).toEqual([0, 0]);
  });

  test('ends with the signal, with its reason, and leaves neither timer nor listener', async () => {
    const sleeping = sleep(1_000, signal);
    signal.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect([jest.getTimerCount(), signal.listenerCount]).toEqual([0, 0]);
  });

  test('does not begin with a signal that has ended', async () => {
    signal.abort(reason);
    await expect(sleep(1_000, signal)).rejects.toBe(reason);
    expect([jest.getTimerCount(), signal.listenerCount]).toEqual([0, 0]);
  });
});
