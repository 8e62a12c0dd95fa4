import type { Speed } from './resource.js';

/** What waits already. */
export interface Waiting {
  readonly waitingChunks: number;
  readonly waitingSmall: number;
  readonly largeRequests: number;
}

/**
 * How much more is admitted than the estimate says: estimates are rough, and waiting in vain costs less than being refused in
 * vain.
 */
const OPTIMISM = 1.2;

/** Demand is measured over this share of the longest wait, or for longer until so many chunks were sent. */
const MEASURED = { share: 0.25, chunks: 20 };
/** In an interval of overload so much more is wanted than sent, and the wait has reached this share of the longest. */
const EXCESS = { share: 1.1, chunks: 4, waitShare: 0.2 };
/** So many such intervals are an overload. Each other interval takes back one, of a few at most. */
const OVERLOAD = { intervals: 2, atMost: 6 };
/** How long requests may wait under overload, as a share of a call's duration, and how many calls may wait at least. */
const OVERLOAD_WAIT = { share: 0.3, chunks: 3 };
/**
 * Chunks of large requests may go with the small ones while these wait for this share of the longest wait. If they took all of
 * it, small requests that nobody shares would be refused.
 */
const PROMOTED_SHARE = 0.5;
/** If so many times more is refused than sent, it is by callers who ask again at once. They would rather wait. */
const IMPATIENT = 5;

/**
 * Decides how much of a request can be answered in time at the present pace. The rest is refused at once: a queue that only
 * grows would make every answer late, and serve nobody.
 *
 * A small request may wait a while for others. If more is wanted than the upstream takes, and not only for a moment, the
 * queue is kept short: a longer one would not serve more requests, only later (Nichols and Jacobson, CoDel, RFC 8289).
 */
export class Admission {
  readonly #maxWaitMs: number;
  readonly #speed: Speed;
  // Stryker disable next-line ObjectLiteral: the first request begins a new interval, whatever this one is
  #interval = { startedAtMs: -Infinity, queued: 0, refused: 0, sent: 0 };
  #overloadedIntervals = 0;

  constructor(maxWaitMs: number, speed: Speed) {
    this.#maxWaitMs = maxWaitMs;
    this.#speed = speed;
  }

  /** How many of a small request's chunks are admitted: none if it would wait for others too long, else what fits into its time. */
  small(chunks: number, waiting: Waiting, nowMs: number, leftMs: number): number {
    this.#measure(waiting, nowMs);
    if (this.#waitMs(waiting) <= this.#allowedMs()) return Math.min(chunks, Math.max(1, this.#fitting(waiting.waitingSmall, leftMs)));
    this.#interval.refused += chunks;
    return 0;
  }

  /** How many of a large request's chunks are admitted: as many as can be answered within the time that is left. */
  large(chunks: number, { waitingChunks, largeRequests }: Waiting, leftMs: number): number {
    if (largeRequests * this.#speed.perCallMs > this.#maxWaitMs) return 0;
    return Math.max(0, Math.min(chunks, this.#fitting(waitingChunks, leftMs)));
  }

  /** Whether a chunk of a large request may go with the small ones, because a small request waits for it too. */
  mayPromote(waiting: Waiting): boolean {
    return this.#waitMs(waiting) <= PROMOTED_SHARE * this.#allowedMs();
  }

  /** Small requests have queued so many new chunks. */
  queued(chunks: number): void {
    this.#interval.queued += chunks;
  }

  /** A chunk of small requests was sent. */
  sent(): void {
    this.#interval.sent++;
  }

  /** How many chunks can be answered within so many milliseconds, behind those that wait. */
  #fitting(waitingChunks: number, leftMs: number): number {
    const { perCallMs } = this.#speed;
    return perCallMs === 0 ? Infinity : Math.floor((OPTIMISM * leftMs) / perCallMs) - waitingChunks;
  }

  #waitMs({ waitingSmall, largeRequests }: Waiting): number {
    // Every ninth call is one of a large request.
    return waitingSmall * this.#speed.perCallMs * (largeRequests > 0 ? 9 / 8 : 1);
  }

  get #isOverloaded(): boolean {
    return this.#overloadedIntervals >= OVERLOAD.intervals;
  }

  #allowedMs(): number {
    if (!this.#isOverloaded) return this.#maxWaitMs;
    const { callMs, perCallMs } = this.#speed;
    return Math.min(this.#maxWaitMs, Math.max(OVERLOAD_WAIT.share * callMs, OVERLOAD_WAIT.chunks * perCallMs));
  }

  #measure(waiting: Waiting, nowMs: number): void {
    const { startedAtMs, queued, refused, sent } = this.#interval;
    const lengthMs = MEASURED.share * this.#maxWaitMs;
    const passedMs = nowMs - startedAtMs;
    if (passedMs < lengthMs || (passedMs < this.#maxWaitMs && sent < MEASURED.chunks)) return;
    const wanted = queued + refused;
    const isExcess = wanted > EXCESS.share * sent && wanted >= sent + EXCESS.chunks;
    const isLong = this.#isOverloaded || this.#waitMs(waiting) >= EXCESS.waitShare * this.#maxWaitMs;
    if (refused > IMPATIENT * sent || passedMs > 2 * this.#maxWaitMs) this.#overloadedIntervals = 0;
    else this.#overloadedIntervals = Math.max(0, Math.min(OVERLOAD.atMost, this.#overloadedIntervals + (isExcess && isLong ? 1 : -1)));
    this.#interval = { startedAtMs: nowMs, queued: 0, refused: 0, sent: 0 };
  }
}
