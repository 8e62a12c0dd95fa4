import { ContactsError } from '../errors.js';
import { sleep, type Deadline } from '../deadline.js';
import { StatusError } from './callErrors.js';

export interface RetryOptions {
  /** Milliseconds on the clock of `Deadline`. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/** Statuses that a second attempt may fix. Timeouts have used up their time; other statuses would come again. */
const TRANSIENT = new Set([502, 503, 504]);

/** A router may retry too, and retries of many callers must not double the load. */
const BUDGET = { most: 5, perSuccess: 0.1, perSecond: 0.5 };

const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 400;

/**
 * Makes at most one more attempt after a transient failure, after a wait with full jitter. It is paid from a budget and
 * refunded if it succeeds. So a transient failure is retried for any number of callers, but an upstream that is down gets
 * only five more calls.
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
      const waitMs = MIN_WAIT_MS + this.#options.random() * (MAX_WAIT_MS - MIN_WAIT_MS);
      const isInTime = this.#options.now() + waitMs < deadline.endsAtMs && !deadline.signal.aborted;
      if (!isTransient(error) || !isInTime || !this.#canPay()) throw error;
      await sleep(waitMs, deadline.signal);
      // Paid after the wait: by then, successful attempts of other callers may have been refunded.
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

function isTransient(error: unknown): boolean {
  if (error instanceof StatusError) return TRANSIENT.has(error.status);
  // Network errors have a cause. The breaker's error has none.
  return error instanceof ContactsError && error.code === 'UPSTREAM_UNAVAILABLE' && error.cause !== undefined;
}
