import type { UpstreamCall } from './recording.js';

/** When an operation, or a call to an upstream, must end. */
export interface Deadline {
  /** Aborts when it must end, with the reason: the time is up, or the caller left. */
  readonly signal: Signal;
  /** The latest end, in milliseconds of `performance.now()`. It moves while callers join, so read it when you need it. */
  readonly endsAtMs: number;
  /** When an operation first waited for each system, in milliseconds of `performance.now()`. */
  readonly waitsSince?: Record<string, number>;
  /** Called when an attempt leaves for the upstream: it may have waited for its turn until then. */
  onAttempt?(): void;
  /** Records every call to an upstream made meanwhile. */
  readonly calls?: UpstreamCall[];
  /** The trace that these calls belong to (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** The part of AbortSignal that this program uses. Every AbortSignal fits. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: Error | undefined;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * An AbortController and its signal in one object. The platform's are EventTargets, which cost a tenth of a call to an
 * upstream (docs/performance.md).
 */
export class Aborter implements Signal {
  aborted = false;
  reason: Error | undefined;
  #listeners: (() => void)[] = [];

  /** Only the first call counts. */
  abort(reason = new Error('No longer wanted.')): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (const listener of this.#listeners.splice(0)) listener();
  }

  /** As with an AbortSignal, a listener added after the abort is not called. */
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const place = this.#listeners.indexOf(listener);
    if (place >= 0) this.#listeners.splice(place, 1);
  }
}

/**
 * Waits for a promise that others may wait for too. Rejects with the signal's reason as soon as `signal` aborts; the
 * promise itself goes on.
 */
export function waitFor<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason!);
    // Before anything else: a rejection without a listener ends the process.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give);
  });
}

/**
 * Like `setTimeout`. `end` gives up waiting for an answer. A process that was frozen for longer than `timeoutMs` first reads what
 * has arrived. `end` may still run once after `clearTimeout`, and must then do nothing.
 */
export function setPatientTimeout(end: () => void, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => setImmediate(end), timeoutMs);
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export async function sleep(ms: number, signal: Signal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await waitFor(new Promise<void>((resolve) => (timer = setTimeout(resolve, ms))), signal);
  } finally {
    clearTimeout(timer);
  }
}
