import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Admission } from '../../src/loaders/admission.js';
import type { Gate } from '../../src/loaders/resource.js';
import { StatusError } from '../../src/upstream/callErrors.js';
import { FOREVER, gathererOverDouble, OPEN_GATE, settle } from '../support/upstreamDouble.js';

const ids = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
const OVERLOADED = expect.objectContaining({ code: 'OVERLOADED', source: 'CAS360' });

/** A gatherer, and its gate for the test to move. */
function stage(state: Partial<Gate>, options: Parameters<typeof gathererOverDouble>[0] = {}) {
  const listeners: (() => void)[] = [];
  const gate: { -readonly [key in keyof Gate]: Gate[key] } = { ...OPEN_GATE, ...state, onFree: (listener) => listeners.push(listener) };
  return { gate, free: () => listeners.forEach((listener) => listener()), ...gathererOverDouble({ gate, patienceMs: 1_000, ...options }) };
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'], now: 0 });
  // A time that is not 0.
  jest.advanceTimersByTime(100);
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

describe('A call leaves', () => {
  const closed = { isFree: false, isOpen: false, isPaused: false };

  test.each<[Partial<Gate>, number]>([
    [{}, 0],
    [{ isFree: true }, 1],
    // It is refused at once, with an error that says more.
    [{ isOpen: true }, 1],
    // It waits inside the gate.
    [{ isPaused: true }, 1],
  ])('through a gate with %j: %i', async (state, expected) => {
    const { gatherer, calls } = stage({ ...closed, ...state });
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls).toHaveLength(expected);
  });

  test('once its gate is free, together with what was wanted meanwhile', async () => {
    const { gatherer, calls, gate, free } = stage(closed);
    for (const id of ['1', '2']) {
      void gatherer.request(new Set([id]), false, FOREVER);
      await settle();
    }
    expect(calls).toHaveLength(0);
    gate.isFree = true;
    free();
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['1', '2']]);
  });

  test('or nothing happens, if nothing waits', () => {
    jest.useFakeTimers();
    const { gatherer, free } = stage({});
    free();
    expect(jest.getTimerCount()).toBe(0);
    void gatherer.request(new Set(['1']), false, FOREVER);
    // The end of its patience, and of this turn.
    expect(jest.getTimerCount()).toBe(2);
  });

  test('no more once it would hardly be answered in time', async () => {
    for (const [leftMs, expected] of [[199, 0], [200, 1]] as const) {
      const { gatherer, calls } = stage({ callMs: 400 });
      const answer = gatherer.request(new Set(['1']), false, { ...FOREVER, endsAtMs: performance.now() + leftMs });
      await settle();
      expect(calls).toHaveLength(expected);
      expect(gatherer.load).toEqual({ waitingIds: 0, callsUnderWay: expected });
      calls[0]?.answer();
      expect((await answer).get('1')).toBe(expected ? '1!' : undefined);
    }
  });

  test('though its endpoint is slower than anybody may wait', async () => {
    const { gatherer, calls } = stage({ callMs: 9_000 }, { patienceMs: 1_000 });
    void gatherer.request(new Set(['1']), false, { ...FOREVER, endsAtMs: performance.now() + 500 });
    await settle();
    expect(calls).toHaveLength(1);
  });
});

describe('At the pace of its gate', () => {
  const slow = { callMs: 100, perCallMs: 95 };

  test('a large request gets what can be answered in its time, and the rest is refused', async () => {
    const { gatherer } = stage({ ...slow, isFree: false });
    const outcomes = gatherer.request(new Set(ids(1, 60)), false, FOREVER);
    // Twelve chunks.
    expect(gatherer.load.waitingIds).toBe(36);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await outcomes).toEqual(new Map(ids(37, 60).map((id) => [id, OVERLOADED])));
  });

  test('nothing is refused for it while calls are refused at once, or where nothing new is wanted', async () => {
    const { gatherer, gate } = stage({ ...slow, isFree: false, isOpen: true });
    void gatherer.request(new Set(ids(1, 60)), false, FOREVER);
    expect(gatherer.load.waitingIds).toBe(60);
    gate.isOpen = false;
    const spy = jest.spyOn(Admission.prototype, 'small');
    void gatherer.request(new Set(ids(1, 2)), false, FOREVER);
    expect(spy).not.toHaveBeenCalled();
  });

  test('admission knows how many chunks a request takes and how much time it has, and hears what is queued and sent', async () => {
    const spies = { small: jest.spyOn(Admission.prototype, 'small'), large: jest.spyOn(Admission.prototype, 'large'), queued: jest.spyOn(Admission.prototype, 'queued'), sent: jest.spyOn(Admission.prototype, 'sent') };
    const { gatherer, calls } = stage({}, { maxCalls: 8, maxIds: 3 });
    for (const some of [ids(1, 4), ids(5, 6), ids(10, 20)]) void gatherer.request(new Set(some), false, FOREVER);
    expect(spies.small.mock.calls.map(([chunks, , nowMs, leftMs]) => [chunks, nowMs, leftMs])).toEqual([[2, 100, 1_000], [1, 100, 1_000]]);
    expect(spies.large.mock.calls.map(([chunks, , leftMs]) => [chunks, leftMs])).toEqual([[4, 1_000]]);
    // The second request has room in the chunk of the first one; of the third one only the last chunk is small.
    expect(spies.queued.mock.calls).toEqual([[2], [0], [1]]);
    await settle();
    expect(calls).toHaveLength(6);
    expect(spies.sent).toHaveBeenCalledTimes(3);
  });
});

describe('A request', () => {
  test('does not join the call that tries whether the upstream is back, only one that is not sent yet', async () => {
    const { gatherer, calls, gate } = stage({}, { maxCalls: 2 });
    void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    gate.isOpen = true;
    for (let n = 0; n < 2; n++) void gatherer.request(new Set(['1']), false, FOREVER);
    await settle();
    expect(calls.map((call) => call.ids)).toEqual([['1'], ['1']]);
  });

  test('ends when its patience does, whenever it came', async () => {
    const { gatherer } = stage({ isFree: false }, { patienceMs: 1_000 });
    let hasEnded = false;
    void gatherer.request(new Set(['1']), false, FOREVER).then(() => (hasEnded = true));
    await jest.advanceTimersByTimeAsync(999);
    expect(hasEnded).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(hasEnded).toBe(true);
  });

  test('of an operation that has waited for this system before has less time, and none at the end', async () => {
    const { gatherer, calls } = stage({}, { patienceMs: 1_000 });
    const operation = { ...FOREVER, waitsSince: {} };
    const ended: string[] = [];
    const ask = async (id: string): Promise<void> => {
      void gatherer.request(new Set([id]), false, operation).then((outcomes) => ended.push(`${id} ${outcomes.size}`));
      await settle();
    };
    await ask('1');
    await jest.advanceTimersByTimeAsync(600);
    await ask('2');
    await jest.advanceTimersByTimeAsync(399);
    expect(ended).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    await ask('3');
    expect([ended, calls.map((call) => call.ids)]).toEqual([['1 0', '2 0', '3 0'], [['1'], ['2']]]);
    void gatherer.request(new Set(['4']), false, { ...FOREVER, waitsSince: { PMS: -5_000 } });
    await settle();
    expect(calls.at(-1)!.ids).toEqual(['4']);
  });

  test('joins the new call for an id whose old one hangs, however many ids that has', async () => {
    const { gatherer, calls } = stage({}, { maxCalls: 3, maxIds: 1_000, maxIdBytes: 10_000, patienceMs: 10_000, attemptTimeoutMs: 300 });
    void gatherer.request(new Set(ids(1, 1_000)), false, FOREVER);
    await settle();
    await jest.advanceTimersByTimeAsync(301);
    for (let n = 0; n < 2; n++) {
      void gatherer.request(new Set(['7']), false, FOREVER);
      await settle();
    }
    expect(calls.map((call) => call.ids.length)).toEqual([1_000, 1]);
  });

  test('is told what its id failed with, not that there was no room to ask again', async () => {
    const { gatherer, calls } = stage({}, { maxCalls: 1, maxWaitingIds: 2 });
    void gatherer.request(new Set(['1', '2']), false, FOREVER);
    await settle();
    void gatherer.request(new Set(['8', '9']), false, FOREVER);
    // Nobody knows which of them is refused, then the first one is, and the call for the other one goes on.
    for (const n of [0, 1]) {
      calls[n]?.answer(new StatusError(400, 'CAS360'));
      await settle();
    }
    const late = gatherer.request(new Set(['1', '2', '3']), false, FOREVER);
    calls[2]?.answer();
    expect(Object.fromEntries(await late)).toEqual({ 1: expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' }), 2: '2!', 3: OVERLOADED });
  });
});
