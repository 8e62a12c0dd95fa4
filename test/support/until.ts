import { setTimeout as sleep } from 'node:timers/promises';

/** Longer than anything here takes on a busy machine, and shorter than Jest waits for a test. */
const PATIENCE_MS = 20_000;

/** A clock that tests replace would never end the wait, or end it at once. */
const nowMs = performance.now.bind(performance);

/** Waits until `isSo` returns something true, and returns that. After twenty seconds it fails with a message that names `what` did not come. */
export async function until<T>(what: string, isSo: () => T | Promise<T>, patienceMs = PATIENCE_MS): Promise<Exclude<T, false | null | undefined>> {
  const startedAt = nowMs();
  for (;;) {
    const is = await isSo();
    if (is) return is as Exclude<T, false | null | undefined>;
    const waitedMs = nowMs() - startedAt;
    if (waitedMs > patienceMs) throw new Error(`Waited ${patienceMs / 1_000} s in vain until ${what}.`);
    await sleep(waitedMs < 100 ? 1 : 10);
  }
}
