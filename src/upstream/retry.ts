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

/** A router before us may try again too, and many callers at once must not become twice as many. */
const BUDGET = { most: 10, perCall: 0.1, perSecond: 0.5 };

const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 400;

/**
 * At most one more attempt, after a wait with full jitter, for what may have been a passing trouble. Each is paid from a
 * budget that all calls to the upstream fill: one for ten calls, and one every two seconds.
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
    this.#fill();
    try {
      return await attempt();
    } catch (error) {
      const waitMs = SHORTEST_WAIT_MS + this.#options.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS);
      const isInTime = this.#options.now() + waitMs < life.endsAtMs && !life.signal.aborted;
      if (!mayPass(error) || !isInTime || !this.#pay()) throw error;
      await sleep(waitMs, life.signal);
      return attempt();
    }
  }

  #fill(): void {
    const now = this.#options.now();
    const seconds = (now - this.#filledAtMs) / 1_000;
    this.#budget = Math.min(BUDGET.most, this.#budget + BUDGET.perCall + BUDGET.perSecond * seconds);
    this.#filledAtMs = now;
  }

  #pay(): boolean {
    if (this.#budget < 1) return false;
    this.#budget--;
    return true;
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof Refusal) return PASSING.has(error.status);
  // Only what the network did has a cause; the breaker's word has none.
  return error instanceof ContactsError && error.code === 'UPSTREAM_UNAVAILABLE' && error.cause !== undefined;
}
