import type { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { LoopDelay } from '../../src/web/loopDelay.js';

type Samples = ReturnType<typeof monitorEventLoopDelay>;

/** As Node's: in nanoseconds, each the whole time since the one before. */
class Drawn {
  readonly #taken: number[] = [];

  take(...samplesMs: readonly number[]): void {
    this.#taken.push(...samplesMs.map((sampleMs) => sampleMs * 1e6));
  }

  get count(): number {
    return this.#taken.length;
  }

  get mean(): number {
    return this.#taken.reduce((sum, sample) => sum + sample, 0) / this.#taken.length;
  }

  get max(): number {
    return Math.max(0, ...this.#taken);
  }

  reset(): void {
    this.#taken.length = 0;
  }

  isEnabled = false;

  enable(): void {
    this.isEnabled = true;
  }

  disable(): void {
    this.isEnabled = false;
  }
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const times = (count: number, sampleMs: number): number[] => Array.from({ length: count }, () => sampleMs);

test.each<[what: string, halfSeconds: number[][], averagesMs: number[]]>([
  ['an idle loop', [times(49, 10)], [0]],
  ['turns of 110 ms, then a calm half second', [times(5, 110), times(49, 10)], [100, 0]],
  ['turns of 110 ms between short ones', [[...times(6, 110), ...times(5, 10)]], [50]],
  ['turns longer than half a second', [[610], [610], [610]], [0, 0, 600]],
  ['a process frozen for a second after a while', [[...times(20, 10), 1_000], times(49, 10)], [0, 0]],
  ['a process frozen for a second after a moment', [[10, 1_000], times(49, 10)], [0, 0]],
  ['a process frozen for a second at once', [[1_000], times(49, 10)], [0, 0]],
])('%s', (_what, halfSeconds, averagesMs) => {
  const samples = new Drawn();
  const delay = new LoopDelay(samples as unknown as Samples);
  expect([samples.isEnabled, jest.getTimerCount()]).toEqual([true, 1]);
  const seen = halfSeconds.map((taken) => {
    samples.take(...taken);
    jest.advanceTimersByTime(500);
    return Math.round(delay.averageMs);
  });
  expect(seen).toEqual(averagesMs);
  delay.stop();
  expect([samples.isEnabled, jest.getTimerCount()]).toEqual([false, 0]);
});
