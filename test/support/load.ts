import { setTimeout as sleep } from 'node:timers/promises';

/** Over once `ms` have passed from now. */
export function after(ms: number): () => boolean {
  const endsAt = performance.now() + ms;
  return () => performance.now() >= endsAt;
}

/**
 * Begins `perSecond` things a second until `isOver`, whether those before are done or not, as independent callers do.
 * Resolves once all are done.
 */
export async function openLoop(perSecond: number, isOver: () => boolean, begin: (n: number) => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const begun: Promise<void>[] = [];
  while (!isOver()) {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000) + 1;
    while (begun.length < due) begun.push(begin(begun.length));
    await sleep(1);
  }
  await Promise.all(begun);
}

/** Does `count` things, `atOnce` at a time: each of as many callers waits for its answer and asks again. */
export async function closedLoop(count: number, atOnce: number, one: (n: number, worker: number) => Promise<void>): Promise<void> {
  let begun = 0;
  const work = async (worker: number): Promise<void> => {
    while (begun < count) await one(begun++, worker);
  };
  await Promise.all(Array.from({ length: atOnce }, (_, worker) => work(worker)));
}
