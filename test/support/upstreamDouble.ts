import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Deadline, Signal } from '../../src/deadline.js';
import { isFound, type Outcome } from '../../src/errors.js';
import { Gatherer, type GathererOptions } from '../../src/loaders/gatherer.js';
import type { Gate, Resource, UpstreamRecord } from '../../src/loaders/resource.js';
import type { CallRecording } from '../../src/recording.js';

interface Call {
  readonly ids: readonly string[];
  readonly relationships: boolean;
  readonly signal: Signal;
  /** The call's own deadline, which may change while it is under way. */
  readonly deadline: Deadline;
  /** Ends the call: with a record named `id!` for each id (`id!!` with relationships), or with an error. */
  answer(error?: Error): void;
}

interface Named extends UpstreamRecord {
  readonly name: string;
}

/** A gatherer, and its outcomes with names in the place of records. */
export interface GathererOverDouble {
  readonly gatherer: {
    request(ids: ReadonlySet<string>, relationships: boolean, deadline: Deadline, recording?: CallRecording): Promise<ReadonlyMap<string, Outcome<string>>>;
    readonly load: Gatherer<Named>['load'];
  };
  readonly calls: Call[];
}

/** An endpoint that lets every call pass. */
export const OPEN_GATE: Gate = { isFree: true, isOpen: false, isPaused: false, onFree: () => {}, callMs: 0, perCallMs: 0 };

/** Longer than any test takes: on a busy machine a thread can stand still for seconds. */
const LONG_MS = 60_000;

type Options = Partial<Omit<Resource<Named, unknown>, 'toModel'> & Omit<GathererOptions<Named>, 'resource'>>;

/** A gatherer whose calls wait until the test answers them. */
export function gathererOverDouble({ maxWaitingIds = 1_000, patienceMs = LONG_MS, maxWaitMs = 500, attemptTimeoutMs = LONG_MS, keep, onDrift = () => {}, ...resource }: Options = {}): GathererOverDouble {
  const calls: Call[] = [];
  const gatherer = new Gatherer<Named>({
    resource: {
      source: 'CAS360',
      name: 'contacts',
      maxIds: 3,
      maxIdBytes: 100,
      maxCalls: 2,
      gate: OPEN_GATE,
      fetch: (ids, relationships, deadline) =>
        new Promise((resolve, reject) => {
          const answer = (error?: Error): void => (error ? reject(error) : resolve(ids.map((id) => ({ id, name: relationships ? `${id}!!` : `${id}!` }))));
          const { signal } = deadline;
          deadline.onAttempt?.();
          signal.addEventListener('abort', () => answer(signal.reason));
          calls.push({ ids: [...ids], relationships, signal, deadline, answer });
        }),
      ...resource,
    },
    maxWaitingIds,
    patienceMs,
    maxWaitMs,
    attemptTimeoutMs,
    onDrift,
    keep,
  });
  return {
    gatherer: {
      request: async (...args) => new Map(Array.from(await gatherer.request(...args), ([id, outcome]) => [id, isFound(outcome) ? outcome.name : outcome])),
      get load() {
        return gatherer.load;
      },
    },
    calls,
  };
}

/** A deadline that `signal` ends. */
export const endedBy = (signal: Signal): Deadline => ({ signal, endsAtMs: Infinity });

/** A deadline that never comes. */
export const FOREVER = endedBy(new AbortController().signal);

/** Two turns of the event loop: everything that is already settled has its effect, and what waits for that goes out. */
export const settle = async (): Promise<void> => {
  await nextTurn();
  await nextTurn();
};
