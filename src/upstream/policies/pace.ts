import { LearnedRate, Rate } from './rate.js';
import { Typical } from './typical.js';

export interface PaceOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** How many calls may be under way at most. */
  readonly maxCalls: number;
  /** The rate that an operator set for the whole system, if any. Its endpoints share it. */
  readonly maxRate?: Rate | undefined;
}

/** What an attempt says about the pace: the upstream took it, refused it with 429, let it time out, or nothing. */
export type PaceVerdict = 'taken' | 'refused' | 'timeout' | 'nothing';

/** A call that is under way. */
export interface PacedCall {
  readonly startedAtMs: number;
  /** How many were under way when it began, with it. */
  readonly atOnce: number;
}

/** As shares of `maxCalls`: what timeouts leave, what stands for an upstream with little to do, and what is known to be well. */
const MIN_SHARE = 1 / 8;
const LOW_SHARE = 1 / 4;
const USUAL_SHARE = 4 / 5;
const DECREASE = 0.5;

/** More than the usual calls are under way only if they take little longer than when there are few. */
const SPARE_RATIO = 1.2;
/**
 * If they take so much longer, they only wait for each other inside the upstream. Not less: on a busy machine all calls take
 * longer, and fewer at once would serve less.
 */
const CROWDED = { ratio: 2, ms: 10 };

/**
 * How many calls to one endpoint may be under way, and how many may leave in a second. Additive increase, multiplicative
 * decrease, as in TCP: timeouts lower the first, refusals the second. Where calls take longer the more there are, fewer
 * are under way: the upstream serves as many in the same time, each of them sooner.
 */
export class Pace {
  readonly #options: PaceOptions;
  readonly #learned = new LearnedRate();
  readonly #rate = new Rate((nowMs) => this.#learned.perSecond(nowMs));
  /** As many as at most where that is few: then the kind of calls decides how long they take, not their number. */
  readonly #usual: number;
  #limit: number;
  #underWay = 0;
  #loweredAtMs = -Infinity;
  #takenAtMs = -Infinity;
  readonly #typicalMs = new Typical();
  /** While few calls are under way. */
  readonly #lowMs = new Typical();

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#usual = Math.ceil(USUAL_SHARE * options.maxCalls);
    this.#limit = this.#usual;
  }

  /** How long the next call has to wait; Infinity: until one ends. */
  get waitMs(): number {
    const { now, maxRate } = this.#options;
    if (this.#underWay + 1 > this.#limit && this.#underWay > 0) return Infinity;
    const nowMs = now();
    return Math.max(this.#rate.waitMs(nowMs), maxRate?.waitMs(nowMs) ?? 0);
  }

  /** Call it before each attempt, if `waitMs` is 0. */
  begin(): PacedCall {
    this.#underWay++;
    this.spend();
    return { startedAtMs: this.#options.now(), atOnce: this.#underWay };
  }

  /** A further request of the same attempt, which takes no place of its own. */
  spend(): void {
    const nowMs = this.#options.now();
    this.#rate.take(nowMs);
    this.#options.maxRate?.take(nowMs);
  }

  /** The upstream answered after so many milliseconds. */
  answered({ atOnce }: PacedCall, tookMs: number): void {
    this.#typicalMs.add(tookMs);
    if (Math.max(atOnce, this.#underWay) <= LOW_SHARE * this.#options.maxCalls) this.#lowMs.add(tookMs);
  }

  end({ startedAtMs }: PacedCall, verdict: PaceVerdict): void {
    const { now, maxCalls } = this.#options;
    const isFull = this.#underWay + 1 > this.#limit;
    this.#underWay--;
    if (verdict === 'refused') this.#learned.refused(now());
    if (verdict === 'taken') {
      this.#takenAtMs = now();
      this.#learned.taken(this.#takenAtMs);
      if (isFull) this.#limit += this.#trend() / this.#limit;
    }
    // If others were answered meanwhile, this record is to blame.
    if (verdict !== 'timeout' || startedAtMs <= Math.max(this.#loweredAtMs, this.#takenAtMs)) return;
    this.#limit = Math.max(1, MIN_SHARE * maxCalls, DECREASE * this.#limit);
    this.#loweredAtMs = now();
  }

  /** Whether more calls may be under way, fewer, or as many as now. */
  #trend(): 1 | 0 | -1 {
    const { maxCalls } = this.#options;
    const lowMs = this.#lowMs.value;
    const typicalMs = this.#typicalMs.value;
    const isKnown = lowMs > 0 && this.#usual < maxCalls;
    // Not below: with few calls it is learned anew how long they take.
    if (isKnown && typicalMs > CROWDED.ratio * lowMs + CROWDED.ms) return this.#limit > LOW_SHARE * maxCalls ? -1 : 0;
    const most = isKnown && typicalMs < SPARE_RATIO * lowMs ? maxCalls : this.#usual;
    return this.#limit < most ? 1 : 0;
  }

  /** The typical duration of a call; 0 while none is known. */
  get callMs(): number {
    return this.#typicalMs.value;
  }

  /** The time between two calls at the present pace. */
  get perCallMs(): number {
    const { now, maxRate } = this.#options;
    const nowMs = now();
    const perSecond = Math.min(this.#learned.perSecond(nowMs), maxRate?.perSecond(nowMs) ?? Infinity);
    return Math.max(this.callMs / this.#limit, 1_000 / perSecond);
  }
}
