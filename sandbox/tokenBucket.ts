export interface Limit {
  perSecond: number;
  /** How many calls may come at once after a pause. A tenth of a second's worth unless given, and at least 1. */
  burst?: number;
}

/** A limit of calls per second, as a token bucket: each call takes a token, and a refused call takes none. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  constructor({ perSecond, burst = Math.max(1, perSecond / 10) }: Limit, now: () => number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#filledAt = now();
  }

  /** Whether a call is within the limit now. */
  take(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) * this.#perSecond) / 1_000);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
