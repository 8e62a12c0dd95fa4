import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const INTERVAL_MS = 500;
/** With fewer samples one long moment would be most of what is known. */
const ENOUGH_SAMPLES = 3;

/**
 * How late the event loop is: on average over half a second, without the longest moment in it. A process that was frozen
 * for a second (its container's share of the CPU was used up, its machine moved) is late once, and not overloaded.
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
    // They stay until there are more.
    if (count < ENOUGH_SAMPLES) return;
    this.#averageMs = Math.max(0, (mean * count - max) / (count - 1) / 1e6 - RESOLUTION_MS);
    this.#samples.reset();
  }
}
