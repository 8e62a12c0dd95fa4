import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { sleep, type Deadline } from '../deadline.js';

export interface PauseOptions {
  readonly source: Source;
  /** Milliseconds on the clock of `Deadline`. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Hears of each pause that an answer to us begins, or makes longer: the milliseconds from now. */
  readonly onBegin?: (forMs: number) => void;
}

/** How far beyond the pause those who waited for its end are spread, as a part of its length. */
const SPREAD = 0.2;
/** A pause that we know already seems longer by the time that it took to hear of it again. */
const SAME_PAUSE_MS = 300;

/**
 * The time for which an upstream asked to be left alone (`Retry-After`, RFC 9110, 10.2.3). Never shorter than it said;
 * those who wait go on one by one, so that they do not all arrive at its end.
 */
export class Pause {
  readonly #options: PauseOptions;
  #startedAtMs = 0;
  #endsAtMs = 0;

  constructor(options: PauseOptions) {
    this.#options = options;
  }

  /** Begins a pause, or makes the one that is on longer. Text that is no such header, or a time that is past, begins none. */
  begin(retryAfter: unknown): void {
    const forMs = waitMs(retryAfter);
    if (this.#lastFor(forMs, 0)) this.#options.onBegin?.(forMs);
  }

  /** Another replica was asked to leave the upstream alone for as long as this, from now. */
  join(forMs: number): void {
    this.#lastFor(forMs, SAME_PAUSE_MS);
  }

  /** Whether that made the pause longer by more than a margin. */
  #lastFor(forMs: number, marginMs: number): boolean {
    const now = this.#options.now();
    const endsAtMs = now + forMs;
    if (endsAtMs <= Math.max(now, this.#endsAtMs + marginMs)) return false;
    this.#startedAtMs = now;
    this.#endsAtMs = endsAtMs;
    return true;
  }

  /** How long the pause still lasts. */
  get leftMs(): number {
    return Math.max(0, this.#endsAtMs - this.#options.now());
  }

  /** Resolves once the pause is over. Throws UPSTREAM_RATE_LIMITED at once where that would be too late for `deadline`. */
  async pass(deadline: Deadline): Promise<void> {
    const { now, random, source } = this.#options;
    // Again after each wait: another answer may have made the pause longer.
    while (now() < this.#endsAtMs) {
      const resumesAtMs = this.#endsAtMs + SPREAD * random() * (this.#endsAtMs - this.#startedAtMs);
      if (resumesAtMs >= deadline.endsAtMs) throw new ContactsError('UPSTREAM_RATE_LIMITED', source);
      await sleep(resumesAtMs - now(), deadline.signal);
    }
  }
}

/** Seconds, or a date; 0 for anything else. */
function waitMs(retryAfter: unknown): number {
  if (typeof retryAfter !== 'string') return 0;
  if (/^\s*\d+\s*$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  // Only a date in full: Date.parse takes almost anything for one.
  const date = /^\s*[A-Z][a-z]+, .+ GMT\s*$/.test(retryAfter) ? Date.parse(retryAfter) : NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
