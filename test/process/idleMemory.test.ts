import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { returnIdleMemory } from '../../src/idleMemory.js';

const MB = 1_048_576;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A process that has taken 100 MB. Collecting returns all beyond that. */
function memory() {
  const state = { share: 0, bytes: 100 * MB, collections: 0 };
  const end = returnIdleMemory({
    collect: () => {
      state.collections++;
      state.bytes = 100 * MB;
    },
    workShare: () => state.share,
    takenBytes: () => state.bytes,
  });
  const pass = (seconds: number): Promise<void> => jest.advanceTimersByTimeAsync(1_000 * seconds);
  return { state, end, pass };
}

test('Memory is returned once when the process has been idle for ten seconds after it grew', async () => {
  const { state, end, pass } = memory();
  state.share = 0.05;
  state.bytes = 300 * MB;
  await pass(20);
  expect(state.collections).toBe(0);
  state.share = 0.049;
  await pass(9);
  expect(state.collections).toBe(0);
  await pass(1);
  expect(state.collections).toBe(1);
  await pass(900);
  expect(state.collections).toBe(1);
  end();
});

test('Work in between starts the ten seconds again', async () => {
  const { state, end, pass } = memory();
  state.bytes = 300 * MB;
  for (let n = 0; n < 5; n++) {
    await pass(9);
    state.share = 1;
    await pass(1);
    state.share = 0;
  }
  expect(state.collections).toBe(0);
  end();
});

test('Less than 76 MB is not worth a collection, and there is one in five minutes at most', async () => {
  const { state, end, pass } = memory();
  state.bytes = 176 * MB - 1;
  await pass(100);
  expect(state.collections).toBe(0);
  state.bytes = 176 * MB;
  await pass(1);
  expect(state.collections).toBe(1);
  state.bytes = 300 * MB;
  await pass(299);
  expect(state.collections).toBe(1);
  await pass(1);
  expect(state.collections).toBe(2);
  end();
  state.bytes = 300 * MB;
  await pass(900);
  expect(state.collections).toBe(2);
  expect(jest.getTimerCount()).toBe(0);
});
