import type { Signal } from './signal.js';
import type { UpstreamCall } from './watch.js';

/** How long an operation, or a call, may go on. */
export interface Life {
  /** Ends it, with the reason. */
  readonly signal: Signal;
  /** When it ends at the latest, in milliseconds of `performance.now()`. */
  readonly endsAtMs: number;
  /** Takes down every call that is made meanwhile. */
  readonly calls?: UpstreamCall[];
  /** The trace that calls made meanwhile belong to (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/**
 * Waits for a promise that others wait for too, but no longer than `signal` allows; then rejects with the signal's
 * reason, and the promise goes on for the others.
 */
export function waitFor<T>(promise: Promise<T>, signal: Signal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason!);
    // First of all: a promise that nobody listens to ends the process when it rejects.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give);
  });
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
