import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { sleep, type Deadline } from '../deadline.js';

export interface PauseOptions {
  readonly source: Source;
  /** Milliseconds on the clock of `Deadline`. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Called when `begin` starts or extends a pause, with its milliseconds from now. */
  readonly onBegin?: (forMs: number) => void;
}

/** Waiting calls resume over this share of the pause's length after its end. */
const SPREAD = 0.2;
/** Tolerates the round trip to Redis, by which a known pause seems longer. */
const SAME_PAUSE_MS = 300;

/**
 * The pause that an upstream requested (`Retry-After`, RFC 9110, 10.2.3). Never shorter than requested. Waiting calls resume
 * one by one, so that they do not all arrive at its end.
 */
export class Pause {
  readonly #options: PauseOptions;
  #startedAtMs = 0;
  #endsAtMs = 0;

  constructor(options: PauseOptions) {
    this.#options = options;
  }

  /** Starts or extends the pause. Ignores a malformed header and a time in the past. */
  begin(retryAfter: unknown): void {
    const forMs = waitMs(retryAfter);
    if (this.#extend(forMs, 0)) this.#options.onBegin?.(forMs);
  }

  /** Joins the pause of another replica, which lasts this long from now. */
  join(forMs: number): void {
    this.#extend(forMs, SAME_PAUSE_MS);
  }

  /** Returns whether the pause became longer by more than the margin. */
  #extend(forMs: number, marginMs: number): boolean {
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

  /** Resolves when the pause is over. Throws UPSTREAM_RATE_LIMITED at once if that is after the deadline. */
  async pass(deadline: Deadline): Promise<void> {
    const { now, random, source } = this.#options;
    // A loop, because the pause may be extended during the wait.
    while (now() < this.#endsAtMs) {
      const resumesAtMs = this.#endsAtMs + SPREAD * random() * (this.#endsAtMs - this.#startedAtMs);
      if (resumesAtMs >= deadline.endsAtMs) throw new ContactsError('UPSTREAM_RATE_LIMITED', source);
      await sleep(resumesAtMs - now(), deadline.signal);
    }
  }
}

/** Milliseconds from seconds or a date; 0 for anything else. */
function waitMs(retryAfter: unknown): number {
  if (typeof retryAfter !== 'string') return 0;
  if (/^\s*\d+\s*$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  // Only a full date: Date.parse accepts almost anything.
  const date = /^\s*[A-Z][a-z]+, .+ GMT\s*$/.test(retryAfter) ? Date.parse(retryAfter) : NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
