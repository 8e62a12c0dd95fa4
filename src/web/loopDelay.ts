import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 10;
const INTERVAL_MS = 500;

/** How late the event loop is: on average over half a second, so that one long moment is no overload. */
export class LoopDelay {
  readonly #samples = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #averageMs = 0;

  constructor() {
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
    const meanMs = this.#samples.mean / 1e6;
    // Without a sample nothing is known: the one that is under way tells, next time.
    if (!Number.isNaN(meanMs)) this.#averageMs = Math.max(0, meanMs - RESOLUTION_MS);
    this.#samples.reset();
  }
}
