import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Outcome } from '../../src/errors.js';
import type { Life } from '../../src/life.js';
import { Gatherer, type GathererOptions } from '../../src/loaders/gatherer.js';
import type { Signal } from '../../src/signal.js';

interface Call {
  readonly ids: readonly string[];
  readonly full: boolean;
  readonly signal: Signal;
  /** The call's own deadline, which may change while it is under way. */
  readonly life: Life;
  /** Ends the call: with `id!` for each id (`id!!` in full), or with an error. */
  answer(error?: Error): void;
}

/** A gatherer whose calls wait until the test answers them. */
export function gathererOverDouble(options: Partial<GathererOptions<string>> = {}): { gatherer: Gatherer<string>; calls: Call[] } {
  const calls: Call[] = [];
  const gatherer = new Gatherer<string>({
    source: 'CAS360',
    resource: 'contacts',
    maxIds: 3,
    maxIdBytes: 100,
    maxCalls: 2,
    maxWaitingIds: 1_000,
    timeoutMs: 1_000,
    fetch: (ids, full, life) =>
      new Promise<ReadonlyMap<string, Outcome<string>>>((resolve, reject) => {
        const answer = (error?: Error): void => (error ? reject(error) : resolve(new Map(ids.map((id) => [id, full ? `${id}!!` : `${id}!`]))));
        const { signal } = life;
        signal.addEventListener('abort', () => answer(signal.reason));
        calls.push({ ids: [...ids], full, signal, life, answer });
      }),
    ...options,
  });
  return { gatherer, calls };
}

/** A life that `signal` ends. */
export const endedBy = (signal: Signal): Life => ({ signal, endsAtMs: Infinity });

/** A life that does not end. */
export const FOREVER = endedBy(new AbortController().signal);

/** Two turns of the event loop: everything that is already settled has its effect, and what waits for that goes out. */
export const settle = async (): Promise<void> => {
  await nextTurn();
  await nextTurn();
};
