export interface BreakerOptions {
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** How long an attempt may take. */
  readonly attemptTimeoutMs: number;
  /** Whether it never opens: for tests of everything else. */
  readonly isOff?: boolean | undefined;
}

/**
 * What an attempt says about the upstream: it answers, it does not, nobody waited any longer, or nothing. Unclear: one of
 * several ids may be the reason, and smaller parts of them are asked for next.
 */
export type Verdict = 'answered' | 'failed' | 'abandoned' | 'unclear' | 'nothing';

/** An attempt that the breaker let pass. */
export interface Passed {
  readonly ids: readonly string[];
  readonly startedAtMs: number;
  readonly isTrial: boolean;
  /** How often the breaker had closed before. */
  readonly closings: number;
}

/** It opens when most of the latest attempts failed, and at least so many of them. Each attempt counts less with each later one. */
const THRESHOLD = 0.6;
const MANY_FAILURES = 40;
const FADING = 0.99;

/** While only a few ids have failed, all others pass. While some have, one of the others at a time may. */
const FEW_IDS = 8;
const SOME_IDS = 15;

/** It opens too when no attempt was answered for as long as one may take, and so many failed; or when so many failed in less time. */
const SILENT_FAILURES = { slow: 3, fast: 60 };

/** An upstream that is back is noticed after this time. */
const OPEN_MS = 5_000;
/** The ids that tried last have to wait for so much longer: others go first, in case those are bad records. */
const SAME_IDS_MS = 1_000;

/** An attempt that was abandoned counts after this share of its time, if no other was answered meanwhile. */
const TELLING_SHARE = 0.1;

/** How many failing ids are remembered. */
const MAX_FAILING_IDS = 5_000;

/**
 * A circuit breaker (Nygard, Release It!) for one endpoint. While it is open, calls fail at once, and one call at a time
 * tries whether the upstream is back. While only a few ids have failed, calls for others pass; while not many have, one of
 * them at a time.
 *
 * A hang is noticed after the time of an attempt, however few attempts there are. Attempts that callers abandoned count, or a
 * hang would never be noticed where callers are impatient. An id that fails again does not count as new, because one bad
 * record must not stop the others. cockatiel's breakers count calls only.
 */
export class Breaker {
  readonly #now: () => number;
  readonly #attemptTimeoutMs: number;
  readonly #isOff: boolean;
  /** The latest attempts, faded. Failures only of ids that had not failed. */
  #answers = 0;
  #newFailures = 0;
  /** The ids whose last attempt failed. */
  readonly #failing = new Set<string>();
  #lastAnswerAtMs = -Infinity;
  /** Since the last answer: how many attempts failed, how many of them with an id that had not failed, and when the first began. */
  #silence = { failures: 0, newFailures: 0, sinceMs: Infinity };
  /** Undefined while calls pass. */
  #openedAtMs: number | undefined;
  #trials = 0;
  // Stryker disable next-line ArrayDeclaration: no id is a text like that
  #lastTried: readonly string[] = [];
  /** The ids of a try for which one of them may be the reason. Parts of them may try at once, and all of them one more time. */
  #search: { readonly ids: Set<string>; readonly mayRepeat: boolean } | undefined;
  #closings = 0;

  constructor({ now, attemptTimeoutMs, isOff = false }: BreakerOptions) {
    this.#isOff = isOff;
    this.#now = now;
    this.#attemptTimeoutMs = attemptTimeoutMs;
  }

  get isOpen(): boolean {
    return this.#openedAtMs !== undefined;
  }

  /** 0: closed. 1: open. 0.5: a trial call is under way. */
  get openness(): number {
    return this.isOpen && this.#trials > 0 ? 0.5 : Number(this.isOpen);
  }

  /** How long it refuses a call for these ids; 0: such a call may pass. While a call tries, nobody knows how long: then at least 1. */
  refusesForMs(ids: readonly string[]): number {
    if (this.#openedAtMs === undefined) return 0;
    // Perhaps only a few records are bad. Others must not suffer from them.
    const { newFailures } = this.#silence;
    const mayPass = newFailures < FEW_IDS || (newFailures < SOME_IDS && this.#trials === 0);
    if (mayPass && !ids.some((id) => this.#failing.has(id))) return 0;
    if (this.#trials === 0 && this.#isSearched(ids)) return 0;
    const openMs = OPEN_MS + (ids.some((id) => this.#lastTried.includes(id)) ? SAME_IDS_MS : 0);
    const leftMs = Math.max(0, this.#openedAtMs + openMs - this.#now());
    return this.#trials > 0 ? Math.max(1, leftMs) : leftMs;
  }

  /** Call it before each attempt, if `refusesForMs` is 0. Pass what it returns to `end`. */
  begin(ids: readonly string[]): Passed {
    const isTrial = this.isOpen;
    if (isTrial) {
      this.#trials++;
      this.#lastTried = ids;
    }
    return { ids, startedAtMs: this.#now(), isTrial, closings: this.#closings };
  }

  end(attempt: Passed, verdict: Verdict): void {
    if (attempt.isTrial) this.#trials--;
    if (verdict === 'answered') return this.#answered(attempt);
    if ((verdict === 'nothing' || verdict === 'unclear') && attempt.isTrial && this.isOpen) {
      this.#openedAtMs = this.#now();
      if (verdict === 'unclear') this.#searchIn(attempt.ids);
    }
    if (verdict === 'nothing' || verdict === 'unclear' || (verdict === 'abandoned' && !this.#hasHung(attempt))) return;
    // An attempt that began before the breaker closed says nothing about the upstream since.
    if (this.isOpen || attempt.closings === this.#closings) this.#failed(attempt);
  }

  #hasHung({ startedAtMs }: Passed): boolean {
    // Stryker disable next-line EqualityOperator: the time of an answer is hardly ever that of a begin
    return this.#lastAnswerAtMs < startedAtMs && this.#now() - startedAtMs >= this.#attemptTimeoutMs * TELLING_SHARE;
  }

  #isSearched(ids: readonly string[]): boolean {
    const search = this.#search;
    return search !== undefined && (ids.length < search.ids.size || search.mayRepeat) && ids.every((id) => search.ids.has(id));
  }

  /** Halving asks for one part of the ids after the other, so a part does not replace the whole. */
  #searchIn(ids: readonly string[]): void {
    const search = this.#search;
    const isWithin = search !== undefined && ids.every((id) => search.ids.has(id));
    if (!isWithin) this.#search = { ids: new Set(ids), mayRepeat: true };
    else this.#search = { ids: search.ids, mayRepeat: ids.length === search.ids.size && !search.mayRepeat };
  }

  /** All that is left of a search is asked for next, together. */
  #searchWithout(ids: readonly string[]): void {
    const search = this.#search;
    if (!search) return;
    const isPart = ids.every((id) => search.ids.has(id));
    for (const id of ids) search.ids.delete(id);
    if (isPart) this.#search = { ids: search.ids, mayRepeat: true };
  }

  #answered({ ids, isTrial }: Passed): void {
    this.#lastAnswerAtMs = this.#now();
    this.#answers = this.#answers * FADING + 1;
    this.#newFailures *= FADING;
    // Stryker disable next-line ConditionalExpression,EqualityOperator: only spares work, for each call
    if (this.#failing.size > 0) for (const id of ids) this.#failing.delete(id);
    // Stryker disable next-line ConditionalExpression,EqualityOperator: only spares work, for each call
    if (this.#silence.failures > 0) this.#silence = { failures: 0, newFailures: 0, sinceMs: Infinity };
    if (isTrial && this.isOpen) {
      this.#openedAtMs = undefined;
      // Stryker disable next-line UpdateOperator: any number that it has not had will do
      this.#closings++;
      this.#newFailures = 0;
      this.#lastTried = [];
      this.#search = undefined;
      this.#failing.clear();
    }
  }

  #failed({ ids, startedAtMs, isTrial }: Passed): void {
    const now = this.#now();
    const silence = this.#silence;
    silence.failures++;
    silence.sinceMs = Math.min(silence.sinceMs, startedAtMs);
    if (!ids.some((id) => this.#failing.has(id))) {
      silence.newFailures++;
      this.#newFailures = this.#newFailures * FADING + 1;
      this.#answers *= FADING;
    }
    if (this.#failing.size > MAX_FAILING_IDS) this.#failing.clear();
    for (const id of ids) this.#failing.add(id);
    // Stryker disable next-line EqualityOperator: a sum of powers of 0.99 is never just as much
    const isMost = this.#newFailures >= MANY_FAILURES && this.#newFailures >= THRESHOLD * (this.#newFailures + this.#answers);
    const isLong = now - Math.max(silence.sinceMs, this.#lastAnswerAtMs) >= this.#attemptTimeoutMs;
    const isSilent = silence.failures >= (isLong ? SILENT_FAILURES.slow : SILENT_FAILURES.fast);
    if (isTrial) this.#searchWithout(ids);
    if (this.#isOff || (this.isOpen ? !isTrial : !isMost && !isSilent)) return;
    this.#openedAtMs = now;
  }
}
