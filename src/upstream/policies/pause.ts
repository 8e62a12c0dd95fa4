import { ContactsError, type ErrorCode } from '../../errors.js';
import type { Source } from '../../model.js';
import { retryAfterMs } from '../retryAfter.js';

export interface PauseOptions {
  readonly source: Source;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** No pause lasts longer. */
  readonly maxMs: number;
  /** Called when `begin` starts or extends a pause, with its milliseconds from now. */
  readonly onBegin?: (forMs: number, status: PausingStatus) => void;
}

/** The statuses whose `Retry-After` is obeyed. */
export type PausingStatus = 429 | 503;

/** Replicas do not resume all at once: each does so within this share of the pause's length after its end, and within this time. */
const SPREAD = { share: 0.2, maxMs: 500 };
/** Tolerates the round trip to Redis, by which a known pause seems longer. */
const SAME_PAUSE_MS = 300;

const CODES = { 429: 'UPSTREAM_RATE_LIMITED', 503: 'UPSTREAM_UNAVAILABLE' } as const satisfies Record<PausingStatus, ErrorCode>;

/**
 * The pause that an upstream requested for one endpoint (`Retry-After`, RFC 9110, 10.2.3). No call leaves earlier, unless it
 * asks for more than the maximum: values of years occur. After the pause one call tries, and the others leave when it was
 * answered.
 */
export class Pause {
  readonly #options: PauseOptions;
  #status: PausingStatus = 429;
  #endsAtMs = 0;
  /** With the spread. */
  #resumesAtMs = 0;
  /** From the begin of a pause until a call after it was answered. */
  #hasBegun = false;
  #isTrying = false;
  /** The call that tried was told to wait again. */
  #isRepeated = false;

  constructor(options: PauseOptions) {
    this.#options = options;
  }

  /** Starts or extends the pause that an answer asks for. Returns whether it asks for one: a malformed header and a time in the past do not. */
  begin(status: PausingStatus, retryAfter: unknown): boolean {
    const { maxMs, onBegin } = this.#options;
    const forMs = Math.min(maxMs, retryAfterMs(retryAfter));
    if (this.#extend(forMs, 0, status)) onBegin?.(forMs, status);
    return forMs > 0;
  }

  /** Joins the pause of another replica, which lasts this long from now. */
  join(forMs: number, status: PausingStatus): void {
    this.#extend(Math.min(this.#options.maxMs, forMs), SAME_PAUSE_MS, status);
  }

  /** Returns whether the pause became longer by more than the margin. */
  #extend(forMs: number, marginMs: number, status: PausingStatus): boolean {
    const { now, random } = this.#options;
    const endsAtMs = now() + forMs;
    if (endsAtMs <= Math.max(now(), this.#endsAtMs + marginMs)) return false;
    this.#endsAtMs = endsAtMs;
    this.#resumesAtMs = endsAtMs + random() * Math.min(SPREAD.share * forMs, SPREAD.maxMs);
    this.#status = status;
    this.#hasBegun = true;
    return true;
  }

  /** How long no call may leave; 0: one may leave now; Infinity: until the call that tries has ended. */
  get waitMs(): number {
    // Stryker disable next-line ConditionalExpression: only spares work, for each call
    if (!this.#hasBegun) return 0;
    if (this.isOn) return this.#resumesAtMs - this.#options.now();
    return this.#isTrying ? Infinity : 0;
  }

  /** Whether no call may leave yet. */
  get isOn(): boolean {
    return this.#hasBegun && this.#options.now() < this.#resumesAtMs;
  }

  /** How long the pause still lasts, without the spread. */
  get leftMs(): number {
    return this.#hasBegun ? Math.max(0, this.#endsAtMs - this.#options.now()) : 0;
  }

  /**
   * The error of a call that would have to leave by `endsAtMs`; undefined if the pause ends earlier. If the upstream asked for
   * a pause again when one had just ended, nobody waits: it may do so for ever.
   */
  refusal(endsAtMs: number): ContactsError | undefined {
    if (!this.isOn || (this.#resumesAtMs < endsAtMs && !this.#isRepeated)) return undefined;
    return new ContactsError(CODES[this.#status], this.#options.source, { retryAfterSeconds: Math.max(1, Math.ceil(this.leftMs / 1_000)) });
  }

  /** Call it before each attempt. Returns whether this one tries. */
  tries(): boolean {
    if (!this.#hasBegun) return false;
    this.#isTrying = true;
    return true;
  }

  /** Call it when the attempt that tried has ended. */
  tried(isAnswered: boolean): void {
    this.#isTrying = false;
    this.#isRepeated = this.isOn;
    // It may have been extended meanwhile.
    if (isAnswered && !this.isOn) this.#hasBegun = false;
  }
}
