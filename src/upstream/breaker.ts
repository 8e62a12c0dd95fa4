import { CircuitState, CountBreaker } from 'cockatiel';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { Cancelled, StatusError } from './callErrors.js';

export interface BreakerOptions {
  readonly source: Source;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** How many calls must have been made before it may open: fewer are too small a sample. */
  readonly callsToTrip?: number | undefined;
}

/** More than half: one bad id among good ones fails every other call. */
const THRESHOLD = 0.6;
const LAST_CALLS = 100;
const CALLS_TO_TRIP = 20;

/** An upstream that is back is noticed after this time at the latest. */
const OPEN_MS = 5_000;

/**
 * A circuit breaker. While an upstream is down, calls fail at once, and one trial call in five seconds checks whether it is
 * back. It does not count 4xx, 429, cancelled calls, and unreadable answers, which one bad record can cause.
 *
 * Only the count is cockatiel's: its policy makes other calls wait for the trial call, and is slow (docs/performance.md).
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #lastCalls: CountBreaker;
  /** Undefined while calls pass. */
  #openedAtMs: number | undefined;
  #isTrying = false;
  #openings = 0;

  constructor(options: BreakerOptions) {
    const { callsToTrip = CALLS_TO_TRIP } = options;
    this.#options = options;
    this.#lastCalls = new CountBreaker({ threshold: THRESHOLD, size: Math.max(LAST_CALLS, callsToTrip), minimumNumberOfCalls: callsToTrip });
  }

  /** Runs a call. Throws UPSTREAM_UNAVAILABLE at once while the breaker is open. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const isTry = this.isOpen;
    if (isTry) this.#beginTry();
    const openings = this.#openings;
    try {
      const result = await call();
      if (isTry) this.#endTry(true);
      else if (openings === this.#openings) this.#lastCalls.success(CircuitState.Closed);
      return result;
    } catch (error) {
      // Only an answer below 500 closes the breaker, readable or not.
      if (isTry) this.#endTry(isAnswer(error));
      // A call that began before the breaker opened does not count.
      else if (isFault(error) && openings === this.#openings && this.#lastCalls.failure(CircuitState.Closed)) this.#open();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#openedAtMs !== undefined;
  }

  /** 0: closed. 1: open. 0.5: a trial call is under way. */
  get openness(): number {
    return this.#isTrying ? 0.5 : Number(this.isOpen);
  }

  #beginTry(): void {
    const { source, now } = this.#options;
    if (this.#isTrying || now() - this.#openedAtMs! < OPEN_MS) throw new ContactsError('UPSTREAM_UNAVAILABLE', source);
    this.#isTrying = true;
  }

  #endTry(isBack: boolean): void {
    this.#isTrying = false;
    if (!isBack) return this.#open();
    this.#openedAtMs = undefined;
    // Clears the count.
    this.#lastCalls.success(CircuitState.HalfOpen);
  }

  #open(): void {
    this.#openedAtMs = this.#options.now();
    this.#openings++;
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof StatusError ? error.status < 500 : error instanceof ContactsError && error.code === 'UPSTREAM_INVALID_RESPONSE';
}

function isFault(error: unknown): boolean {
  if (error instanceof StatusError) return error.status >= 500;
  if (error instanceof Cancelled || !(error instanceof ContactsError)) return false;
  return error.code === 'UPSTREAM_UNAVAILABLE' || error.code === 'UPSTREAM_TIMEOUT';
}
