import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Aborter } from '../../../src/deadline.js';
import { Slots } from '../../../src/upstream/policies/slots.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Slots whose next call has to wait as the test says. Calls that got their turn are listed by name. */
function slotsOf() {
  const at = { freeAtMs: 0 };
  const slots = new Slots(() => Math.max(0, at.freeAtMs - performance.now()));
  const left: string[] = [];
  const enter = (name: string, signal = new Aborter(), onTurn = (): void => {}, isRefused = (): boolean => false): Promise<void> =>
    slots.enter(signal, isRefused).then(
      () => {
        left.push(name);
        onTurn();
      },
      () => void left.push(`${name} gave up`),
    );
  return { slots, at, left, enter };
}

const forEver = Infinity;
const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

describe('Slots', () => {
  test('are free when a call has not to wait, and none waits', async () => {
    const { slots, at, enter } = slotsOf();
    expect(slots.isFree).toBe(true);
    at.freeAtMs = forEver;
    expect(slots.isFree).toBe(false);
    void enter('one');
    at.freeAtMs = 0;
    expect(slots.isFree).toBe(false);
    await pass(10);
    expect(slots.isFree).toBe(true);
  });

  test('let calls leave in the order in which they came, each as soon as it may', async () => {
    const { at, left, enter } = slotsOf();
    at.freeAtMs = performance.now() + 100;
    // Each call makes the next one wait.
    const spend = (): void => void (at.freeAtMs = performance.now() + 50);
    for (const name of ['one', 'two', 'three']) void enter(name, undefined, spend);
    await pass(99);
    expect(left).toEqual([]);
    await pass(1);
    expect(left).toEqual(['one']);
    await pass(55);
    expect(left).toEqual(['one', 'two']);
    await pass(55);
    expect(left).toEqual(['one', 'two', 'three']);
  });

  test('let all leave once none has to wait any more, without another event', async () => {
    const { at, left, enter } = slotsOf();
    at.freeAtMs = performance.now() + 100;
    for (let n = 0; n < 20; n++) void enter(String(n));
    await pass(150);
    expect(left).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
  });

  test('wait for a change where nobody knows how long', async () => {
    const { slots, at, left, enter } = slotsOf();
    at.freeAtMs = forEver;
    void enter('one');
    await pass(60_000);
    expect(left).toEqual([]);
    at.freeAtMs = 0;
    slots.changed();
    await pass(0);
    expect(left).toEqual(['one']);
  });

  test('let all calls go that are refused meanwhile, however long the others wait', async () => {
    const { slots, at, left, enter } = slotsOf();
    at.freeAtMs = forEver;
    let isRefused = false;
    void enter('one');
    for (const name of ['two', 'three']) void enter(name, undefined, undefined, () => isRefused);
    slots.changed();
    await pass(0);
    expect(left).toEqual([]);
    isRefused = true;
    slots.changed();
    await pass(0);
    expect(left).toEqual(['two', 'three']);
  });

  test('ask again when the time is over: it may have become longer', async () => {
    const { at, left, enter } = slotsOf();
    at.freeAtMs = performance.now() + 100;
    void enter('one');
    at.freeAtMs = performance.now() + 300;
    await pass(299);
    expect(left).toEqual([]);
    await pass(1);
    expect(left).toEqual(['one']);
  });

  test('let a call go at its deadline, and give its turn to the next', async () => {
    const { at, left, enter } = slotsOf();
    at.freeAtMs = performance.now() + 100;
    const leaving = new Aborter();
    void enter('one', leaving);
    void enter('two');
    await pass(50);
    leaving.abort();
    await pass(0);
    expect(left).toEqual(['one gave up']);
    await pass(50);
    expect(left).toEqual(['one gave up', 'two']);
  });

  test('give the turn of a call that leaves at the same moment to the next', async () => {
    const { slots, at, left, enter } = slotsOf();
    at.freeAtMs = forEver;
    const leaving = new Aborter();
    void enter('one', leaving);
    void enter('two');
    at.freeAtMs = 0;
    leaving.abort();
    slots.changed();
    await pass(10);
    expect(left).toEqual(['one gave up', 'two']);
  });

  test('tell the listener when a call may leave and none waits here, also behind the last that waited', async () => {
    const { slots, at, left, enter } = slotsOf();
    const listener = jest.fn();
    slots.onFree(listener);
    at.freeAtMs = performance.now() + 100;
    expect(slots.isFree).toBe(false);
    void enter('one');
    await pass(99);
    expect(listener).not.toHaveBeenCalled();
    await pass(10);
    expect(left).toEqual(['one']);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  test('have one timer at most', () => {
    const { slots, at } = slotsOf();
    at.freeAtMs = performance.now() + 100;
    expect([slots.isFree, slots.isFree]).toEqual([false, false]);
    slots.changed();
    expect(jest.getTimerCount()).toBe(1);
  });

  test('leave no timer behind when they are closed', async () => {
    const { slots, at } = slotsOf();
    at.freeAtMs = performance.now() + 100;
    expect(slots.isFree).toBe(false);
    slots.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
