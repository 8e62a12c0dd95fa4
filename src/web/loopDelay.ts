import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const INTERVAL_MS = 500;
/** With fewer samples, one long delay would dominate the average. */
const ENOUGH_SAMPLES = 3;

/**
 * The average delay of the event loop over half a second, without the longest one. A process that was frozen for a second
 * (its CPU quota was used up, its machine migrated) is late once, but not overloaded.
 */
export class LoopDelay {
  readonly #samples;
  readonly #timer: NodeJS.Timeout;
  #averageMs = 0;

  constructor(samples = monitorEventLoopDelay({ resolution: RESOLUTION_MS })) {
    this.#samples = samples;
    this.#samples.enable();
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS).unref();
  }

  get averageMs(): number {
    return this.#averageMs;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#samples.disable();
  }

  #look(): void {
    const { count, mean, max } = this.#samples;
    // Keeps them until there are more.
    if (count < ENOUGH_SAMPLES) return;
    this.#averageMs = Math.max(0, (mean * count - max) / (count - 1) / 1e6 - RESOLUTION_MS);
    this.#samples.reset();
  }
}
