/**
 * Waits for a promise that others wait for too, but no longer than `signal` allows; then rejects with the signal's
 * reason, and the promise goes on for the others.
 */
export function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(signal.reason as Error);
    if (signal.aborted) return give();
    signal.addEventListener('abort', give);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
