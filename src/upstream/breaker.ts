import { BrokenCircuitError, circuitBreaker, CircuitState, CountBreaker, handleWhen, type CircuitBreakerPolicy } from 'cockatiel';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { GivenUp } from './givenUp.js';
import { Refusal } from './refusal.js';

/** More than half, since a poisoned id among good ones fails every other call. */
const THRESHOLD = 0.6;
const LAST_CALLS = 100;
/** Fewer calls than these tell too little. */
const CALLS_TO_TRIP = 20;

/** Also the longest that callers wait for an upstream that is back. */
const OPEN_MS = 5_000;

/**
 * Stops asking an upstream that is down: callers hear so at once, and one call in five seconds tries whether it is back.
 * What the upstream is not to blame for (4xx, 429, calls that we gave up) counts neither way.
 */
export class Breaker {
  readonly #source: Source;
  readonly #policy: CircuitBreakerPolicy;

  /** Trips when most of the last calls failed, of `callsToTrip` at least. */
  constructor(source: Source, callsToTrip = CALLS_TO_TRIP) {
    this.#source = source;
    this.#policy = circuitBreaker(
      // Given up while it was to tell whether the upstream is back: it told nothing, so the pause begins again.
      handleWhen((error) => isFault(error) || (this.#policy.state === CircuitState.HalfOpen && !(error instanceof Refusal))),
      { halfOpenAfter: OPEN_MS, breaker: new CountBreaker({ threshold: THRESHOLD, size: Math.max(LAST_CALLS, callsToTrip), minimumNumberOfCalls: callsToTrip }) },
    );
  }

  /** Runs a call, or throws UPSTREAM_UNAVAILABLE at once. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    // The library would have others wait for the one that tries.
    if (this.#policy.state === CircuitState.HalfOpen) throw this.#unavailable();
    try {
      return await this.#policy.execute(call);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? this.#unavailable() : error;
    }
  }

  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /** 0 while calls pass, 1 while none does, 0.5 while one tries whether the upstream is back. */
  get openness(): number {
    return this.isOpen ? (this.#policy.state === CircuitState.HalfOpen ? 0.5 : 1) : 0;
  }

  #unavailable(): ContactsError {
    return new ContactsError('UPSTREAM_UNAVAILABLE', this.#source);
  }
}

function isFault(error: unknown): boolean {
  if (error instanceof Refusal) return error.status >= 500;
  if (error instanceof GivenUp || !(error instanceof ContactsError)) return false;
  return ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT', 'UPSTREAM_INVALID_RESPONSE'].includes(error.code);
}
