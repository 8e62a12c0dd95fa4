import { RecentCount } from './recentCount.js';

/** How many milliseconds' worth of calls may leave together: timers are late. */
const BURST_MS = 50;

/** Spaces calls so that on average no more than a number leave in a second. */
export class Rate {
  #nextAtMs = -Infinity;

  /** `perSecond` gives the calls a second at a time. Infinity: no limit. */
  constructor(readonly perSecond: (nowMs: number) => number) {}

  /** How long the next call has to wait. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#nextAtMs - nowMs);
  }

  take(nowMs: number): void {
    const perSecond = this.perSecond(nowMs);
    // Stryker disable next-line ConditionalExpression: only spares work, for each call
    if (perSecond !== Infinity) this.#nextAtMs = Math.max(this.#nextAtMs, nowMs - BURST_MS) + 1_000 / perSecond;
  }
}

const MIN_PER_SECOND = 1;
/** Beyond this, a limit is forgotten. */
const MAX_PER_SECOND = 2_000;

/** The rate after a refusal, as a share of what the upstream took lately. It is lowered at most once in so long. */
const DECREASE = 0.99;
const MEASURED_MS = 3_000;
const LOWERED_ONCE_IN_MS = 500;
/** Refusals count only if they are more than this share of what was taken in the last second. */
const TOLERATED_SHARE = 0.015;
const LATELY_MS = 1_000;
/** If fewer calls were taken, they say little: the rate is at least halved, and not lowered below this by the first refusal. */
const TELLING_CALLS = 10;
const FIRST_PER_SECOND = 100;
/** If no call was taken at all, no pace is better than another, until it has lasted for this long. */
const PATIENCE_MS = 10_000;

/** For this long the rate grows slowly, past where it was; then it doubles in each further DOUBLING_MS, as the limit may be gone. */
const PROBE_AFTER_MS = 3_700;
const GROWTH_PER_SECOND = 0.07;
const DOUBLING_MS = 145;

/**
 * The rate that an upstream with a silent limit seems to take. There is none until it refuses a call with 429. A refusal
 * lowers the rate to what was taken lately; then it grows until the next refusal. The constants are a trade, found by
 * simulation (test/upstream/policies/rate.test.ts): of a limit of 50 calls a second at least 95 % are used, at most one call
 * in 50 is refused, and it takes less than five seconds to notice that the limit is gone. Where four replicas share the limit,
 * each of them has to find out for itself, and up to one call in thirteen is refused.
 */
export class LearnedRate {
  readonly #taken = new RecentCount(MEASURED_MS);
  readonly #takenLately = new RecentCount(LATELY_MS);
  readonly #refusedLately = new RecentCount(LATELY_MS);
  #firstTakenAtMs = 0;
  #lastTakenAtMs = -Infinity;
  /** The first refusal since a call was taken. */
  #refusedSinceMs: number | undefined;
  #base = Infinity;
  #loweredAtMs = -Infinity;

  perSecond(nowMs: number): number {
    // Stryker disable next-line ConditionalExpression: spares computing what is Infinity too
    if (this.#base === Infinity) return Infinity;
    const sinceMs = nowMs - this.#loweredAtMs;
    const grown = this.#base * (1 + (GROWTH_PER_SECOND * sinceMs) / 1_000) * 2 ** (Math.max(0, sinceMs - PROBE_AFTER_MS) / DOUBLING_MS);
    // Stryker disable next-line EqualityOperator: it is never just as much
    if (grown < MAX_PER_SECOND) return grown;
    this.#base = Infinity;
    return Infinity;
  }

  /** The upstream took a call. */
  taken(nowMs: number): void {
    // Stryker disable next-line EqualityOperator: where the gap is just as long, either is right
    if (nowMs - this.#lastTakenAtMs > MEASURED_MS) this.#firstTakenAtMs = nowMs;
    this.#lastTakenAtMs = nowMs;
    this.#refusedSinceMs = undefined;
    this.#taken.add(nowMs);
    this.#takenLately.add(nowMs);
  }

  /** The upstream refused a call. */
  refused(nowMs: number): void {
    this.#refusedSinceMs ??= nowMs;
    this.#refusedLately.add(nowMs);
    // Some gateways refuse a few calls at any rate.
    if (this.#refusedLately.total(nowMs) <= TOLERATED_SHARE * this.#takenLately.total(nowMs)) return;
    if (nowMs - this.#loweredAtMs < LOWERED_ONCE_IN_MS) return;
    this.#base = this.#lowered(nowMs);
    this.#loweredAtMs = nowMs;
  }

  #lowered(nowMs: number): number {
    const present = this.perSecond(nowMs);
    const taken = this.#taken.total(nowMs);
    if (taken >= TELLING_CALLS) {
      const overMs = Math.min(MEASURED_MS, Math.max(MEASURED_MS / 10, nowMs - this.#firstTakenAtMs));
      return DECREASE * Math.min(present, (taken * 1_000) / overMs);
    }
    if (present === Infinity) return FIRST_PER_SECOND;
    const isPatient = taken === 0 && nowMs - this.#refusedSinceMs! < PATIENCE_MS;
    return isPatient ? present : Math.max(MIN_PER_SECOND, present / 2);
  }
}
