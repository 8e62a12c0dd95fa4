import { ContactsError } from '../../errors.js';
import { StatusError } from '../callErrors.js';

export interface RetryOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/** Statuses that a second attempt may fix. Others would come again. */
const TRANSIENT = new Set([502, 503, 504]);

/** A router may retry too, and retries of many callers must not double the load. */
const BUDGET = { most: 5, perSuccess: 0.1, perSecond: 0.5 };

const MIN_WAIT_MS = 50;
const MAX_WAIT_MS = 400;

/**
 * Allows one more attempt after a transient failure, after a wait with full jitter. It is paid from a budget and refunded if
 * it succeeds. So a transient failure is retried for any number of callers, but an upstream that is down gets only five more
 * calls.
 */
export class Retry {
  readonly #options: RetryOptions;
  #budget = BUDGET.most;
  #filledAtMs: number;

  constructor(options: RetryOptions) {
    this.#options = options;
    this.#filledAtMs = options.now();
  }

  /** How long to wait before another attempt; undefined if there is none. */
  waitMs(error: unknown, attempt: number): number | undefined {
    if (attempt > 1 || !isTransient(error) || !this.#canPay()) return undefined;
    return MIN_WAIT_MS + this.#options.random() * (MAX_WAIT_MS - MIN_WAIT_MS);
  }

  /** Call it after the wait: by then, attempts of other callers may have been refunded, or have used the budget. Returns whether the attempt may be made. */
  pay(): boolean {
    if (!this.#canPay()) return false;
    this.#budget--;
    return true;
  }

  /** An attempt succeeded. */
  succeeded(attempt: number): void {
    this.#fill(attempt > 1 ? 1 : BUDGET.perSuccess);
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
  // Network errors and attempts that timed out have a cause. Errors of the breaker, of a pause and of cancelled calls have none.
  return error instanceof ContactsError && (error.code === 'UPSTREAM_UNAVAILABLE' || error.code === 'UPSTREAM_TIMEOUT') && error.cause !== undefined;
}
