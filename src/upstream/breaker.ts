import { CircuitState, CountBreaker } from 'cockatiel';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { Cancelled, StatusError } from './callErrors.js';

export interface BreakerOptions {
  readonly source: Source;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** How many calls must have been made before it may trip. Fewer tell too little. */
  readonly callsToTrip?: number | undefined;
}

/** More than half, since a poisoned id among good ones fails every other call. */
const THRESHOLD = 0.6;
const LAST_CALLS = 100;
const CALLS_TO_TRIP = 20;

/** Also the longest that callers wait for an upstream that is back. */
const OPEN_MS = 5_000;

/**
 * Stops asking an upstream that is down: callers hear so at once, and one call in five seconds tries whether it is back.
 * Calls that say nothing about its health count neither way: 4xx, 429, calls that we cancelled, and answers that cannot be read,
 * which one spoilt record can cause.
 *
 * Only the count is cockatiel's: its policy has others wait for the call that tries, and takes a tenth of a small call.
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

  /** Runs a call, or throws UPSTREAM_UNAVAILABLE at once. */
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
      // A try that was given up told nothing, and no answer at all is no reason to go on.
      if (isTry) this.#endTry(error instanceof StatusError && !isFault(error));
      // What began before it opened says nothing of an upstream that is back.
      else if (isFault(error) && openings === this.#openings && this.#lastCalls.failure(CircuitState.Closed)) this.#open();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#openedAtMs !== undefined;
  }

  /** 0 while calls pass, 1 while none does, 0.5 while one tries whether the upstream is back. */
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
    // Forgets how it was before.
    this.#lastCalls.success(CircuitState.HalfOpen);
  }

  #open(): void {
    this.#openedAtMs = this.#options.now();
    this.#openings++;
  }
}

function isFault(error: unknown): boolean {
  if (error instanceof StatusError) return error.status >= 500;
  if (error instanceof Cancelled || !(error instanceof ContactsError)) return false;
  return error.code === 'UPSTREAM_UNAVAILABLE' || error.code === 'UPSTREAM_TIMEOUT';
}
