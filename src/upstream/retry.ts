import { ContactsError } from '../errors.js';
import { sleep, type Deadline } from '../deadline.js';
import { StatusError } from './callErrors.js';

export interface RetryOptions {
  /** Milliseconds on the clock of `Deadline`. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/** An answer that the next moment may mend. A timeout has had its time; anything else would be the same again. */
const PASSING = new Set([502, 503, 504]);

/** A router before us may try again too, and many callers at once must not become twice as many. */
const BUDGET = { most: 5, perSuccess: 0.1, perSecond: 0.5 };

const SHORTEST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 400;

/**
 * At most one more attempt, after a wait with full jitter, for what may have been a passing trouble. It is paid from a
 * budget, and its price comes back if it succeeds: a passing trouble is mended for any number of callers, and an upstream
 * that is down gets five calls more.
 */
export class Retry {
  readonly #options: RetryOptions;
  #budget = BUDGET.most;
  #filledAtMs: number;

  constructor(options: RetryOptions) {
    this.#options = options;
    this.#filledAtMs = options.now();
  }

  async run<T>(deadline: Deadline, attempt: () => Promise<T>): Promise<T> {
    try {
      const result = await attempt();
      this.#fill(BUDGET.perSuccess);
      return result;
    } catch (error) {
      const waitMs = SHORTEST_WAIT_MS + this.#options.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS);
      const isInTime = this.#options.now() + waitMs < deadline.endsAtMs && !deadline.signal.aborted;
      if (!mayPass(error) || !isInTime || !this.#canPay()) throw error;
      await sleep(waitMs, deadline.signal);
      // Paid only now: by then those who were quicker may have found the upstream well again.
      if (!this.#canPay()) throw error;
      this.#budget--;
    }
    const result = await attempt();
    this.#fill(1);
    return result;
  }

  #canPay(): boolean {
    this.#fill(0);
    return this.#budget >= 1;
  }

  #fill(by: number): void {
    const now = this.#options.now();
    const seconds = (now - this.#filledAtMs) / 1_000;
    this.#budget = Math.min(BUDGET.most, this.#budget + by + BUDGET.perSecond * seconds);
    this.#filledAtMs = now;
  }
}

function mayPass(error: unknown): boolean {
  if (error instanceof StatusError) return PASSING.has(error.status);
  // Only what the network did has a cause; the breaker's word has none.
  return error instanceof ContactsError && error.code === 'UPSTREAM_UNAVAILABLE' && error.cause !== undefined;
}
