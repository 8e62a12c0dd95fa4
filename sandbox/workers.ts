export interface Capacity {
  /** How many calls are worked on at once. */
  atOnce: number;
  /** How long the work on one call takes. */
  serviceMs: number;
}

/**
 * The workers of a server. Calls wait in order of arrival. Every call takes the same time, so the end of its work is known when
 * it arrives. It is worked on even if its caller leaves before: most servers do not notice that.
 */
export class Workers {
  readonly #serviceMs: number;
  readonly #freeAt: number[];
  readonly #now: () => number;

  constructor({ atOnce, serviceMs }: Capacity, now: () => number) {
    this.#serviceMs = serviceMs;
    this.#freeAt = Array.from({ length: atOnce }, () => 0);
    this.#now = now;
  }

  /** Gives a call to the worker that is free first. Returns the milliseconds until its work ends. */
  assign(): number {
    const now = this.#now();
    const earliest = Math.min(...this.#freeAt);
    const endsAt = Math.max(now, earliest) + this.#serviceMs;
    this.#freeAt[this.#freeAt.indexOf(earliest)] = endsAt;
    return endsAt - now;
  }
}
