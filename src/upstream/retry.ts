import { ContactsError } from '../errors.js';
import { sleep, type Life } from '../life.js';
import { Refusal } from './refusal.js';

export interface RetryOptions {
  /** Milliseconds on the clock of `Life`. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/** An answer that the next moment may mend. A timeout has had its time; anything else would be the same again. */
const PASSING = new Set([502, 503, 504]);

/**
 * A router before us may try again too, and many callers at once must not become twice as many. A success puts a tenth
 * of what a failure takes; while the budget is less than half full, the upstream is in too much trouble for more.
 */
const BUDGET = { most: 8, perSuccess: 0.1, perSecond: 1 };

const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 400;

/**
 * At most one more attempt, after a wait with full jitter, for what may have been a passing trouble. It is paid from a
 * budget that all calls to the upstream fill when they succeed and drain when they fail.
 */
export class Retry {
  readonly #options: RetryOptions;
  #budget = BUDGET.most;
  #filledAtMs: number;

  constructor(options: RetryOptions) {
    this.#options = options;
    this.#filledAtMs = options.now();
  }

  async run<T>(life: Life, attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.#counted(attempt);
    } catch (error) {
      const waitMs = SHORTEST_WAIT_MS + this.#options.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS);
      const isInTime = this.#options.now() + waitMs < life.endsAtMs && !life.signal.aborted;
      if (!mayPass(error) || !isInTime || this.#budget < BUDGET.most / 2) throw error;
      await sleep(waitMs, life.signal);
      return this.#counted(attempt);
    }
  }

  async #counted<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      const result = await attempt();
      this.#change(BUDGET.perSuccess);
      return result;
    } catch (error) {
      this.#change(mayPass(error) ? -1 : 0);
      throw error;
    }
  }

  #change(by: number): void {
    const now = this.#options.now();
    const filled = this.#budget + (BUDGET.perSecond * (now - this.#filledAtMs)) / 1_000;
    this.#budget = Math.max(0, Math.min(BUDGET.most, filled + by));
    this.#filledAtMs = now;
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof Refusal) return PASSING.has(error.status);
  // Only what the network did has a cause; the breaker's word has none.
  return error instanceof ContactsError && error.code === 'UPSTREAM_UNAVAILABLE' && error.cause !== undefined;
}
