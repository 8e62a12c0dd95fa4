import { BrokenCircuitError, circuitBreaker, CircuitState, CountBreaker, handleWhen, type CircuitBreakerPolicy } from 'cockatiel';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { Refusal } from './refusal.js';

/** Of the last 100 calls, once there are 20. More than half, since a poisoned id among good ones fails every other call. */
const TRIPS = { size: 100, minimumNumberOfCalls: 20, threshold: 0.6 };

/** Also the longest that callers wait for an upstream that is back. */
const OPEN_MS = 5_000;

/**
 * Stops asking an upstream that is down: callers hear so at once, and one call in five seconds tries whether it is back.
 * What the upstream is not to blame for (4xx, 429, calls that we gave up) counts neither way.
 */
export class Breaker {
  readonly #source: Source;
  readonly #policy: CircuitBreakerPolicy;

  constructor(source: Source) {
    this.#source = source;
    this.#policy = circuitBreaker(
      // Given up while it was to tell whether the upstream is back: it told nothing, so the pause begins again.
      handleWhen((error) => isFault(error) || (this.#policy.state === CircuitState.HalfOpen && !(error instanceof Refusal))),
      { halfOpenAfter: OPEN_MS, breaker: new CountBreaker(TRIPS) },
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

  #unavailable(): ContactsError {
    return new ContactsError('UPSTREAM_UNAVAILABLE', this.#source);
  }
}

function isFault(error: unknown): boolean {
  if (error instanceof Refusal) return error.status >= 500;
  if (!(error instanceof ContactsError)) return true;
  return ['UPSTREAM_UNAVAILABLE', 'UPSTREAM_TIMEOUT', 'UPSTREAM_INVALID_RESPONSE'].includes(error.code);
}
