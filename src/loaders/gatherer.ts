import { ContactsError, type Outcome } from '../errors.js';
import type { Life } from '../life.js';
import type { Source } from '../model.js';
import type { Signal } from '../signal.js';
import type { Batch } from './batch.js';
import { Pending } from './pending.js';
import { Queue } from './queue.js';
import type { Watch } from '../watch.js';

export interface GathererOptions<T> {
  readonly source: Source;
  readonly resource: string;
  /** Asks the upstream about the ids of one chunk; every id must be among the outcomes. */
  readonly fetch: (ids: readonly string[], full: boolean, life: Life) => Promise<ReadonlyMap<string, Outcome<T>>>;
  /** How many ids, and how many bytes of them with their commas, one call may name. */
  readonly maxIds: number;
  readonly maxIdBytes: number;
  /** How many calls may be under way at once. */
  readonly maxCalls: number;
  /** How many ids may wait; beyond that, requests are refused at once. */
  readonly maxWaitingIds: number;
  /** The longest that one chunk may take. */
  readonly timeoutMs: number;
}

/** Who wants to know of what a request waits for, and the fields that do. */
export interface Watching {
  readonly watch: Watch;
  readonly fields: ReadonlySet<string>;
}

/**
 * Shares an upstream's calls between all operations of the process. While fewer than `maxCalls` calls are under way, ids
 * go out at the end of the event loop's turn, those of all operations that it brought together; ids that are wanted
 * meanwhile wait, and leave together at the end of the turn in which a call returns. An id that waits or is being fetched already, with what is
 * wanted of it, is joined instead of asked for again. Nobody waits for a timer.
 *
 * It holds only what the service's own credentials may read, only while it is on the wire, and no error beyond its
 * call. It thinks in chunks, not in ids: a promise and a closure for each of 500 ids would cost more than the rest.
 */
export class Gatherer<T> {
  readonly #options: GathererOptions<T>;
  readonly #queue: Queue<T>;
  readonly #plain = new Pending<T>();
  readonly #full = new Pending<T>();
  #underWay = 0;
  #sendsSoon = false;

  constructor(options: GathererOptions<T>) {
    this.#options = options;
    this.#queue = new Queue(options);
  }

  /**
   * What the upstream says of `ids`, with everything it can tell if `full`. Never rejects, and ends when `life` does:
   * ids about which nothing is known by then are not among the outcomes.
   */
  async request(ids: ReadonlySet<string>, full: boolean, life: Life, watching?: Watching): Promise<ReadonlyMap<string, Outcome<T>>> {
    if (life.signal.aborted) return new Map();
    const batches = new Set<Batch<T>>();
    const missing: string[] = [];
    for (const id of ids) {
      const joined = this.#full.get(id) ?? (full ? undefined : this.#plain.get(id));
      if (joined) batches.add(joined);
      else missing.push(id);
    }
    const refused = this.#queue.waitingIds + missing.length > this.#options.maxWaitingIds;
    if (!refused) for (const batch of this.#queue.add(missing, full, full ? this.#full : this.#plain)) batches.add(batch);
    for (const batch of batches) batch.join(life);
    if (watching) this.#watch(ids, missing, full, watching);
    this.#sendSoon();
    const settled = await outcomesOf(batches, life.signal);

    const [only] = settled.values();
    if (!refused && only && batches.size === 1) return only;
    const outcomes = new Map<string, Outcome<T>>();
    for (const batch of batches) {
      const some = settled.get(batch);
      if (some) for (const [id, outcome] of some) outcomes.set(id, outcome);
      else this.#leave(batch);
    }
    if (refused) for (const id of missing) outcomes.set(id, new ContactsError('OVERLOADED', this.#options.source));
    return outcomes;
  }

  /** How much waits, and how much is under way. */
  get load(): { readonly waitingIds: number; readonly callsUnderWay: number } {
    return { waitingIds: this.#queue.waitingIds, callsUnderWay: this.#underWay };
  }

  #watch(ids: ReadonlySet<string>, missing: readonly string[], full: boolean, { watch, fields }: Watching): void {
    const { source, resource } = this.#options;
    const isMissing = new Set(missing);
    const batches = new Map<Batch<T>, { sent: string[]; joined: string[] }>();
    for (const id of ids) {
      const batch = this.#full.get(id) ?? (full ? undefined : this.#plain.get(id));
      if (!batch) continue;
      const of = batches.get(batch) ?? { sent: [], joined: [] };
      batches.set(batch, of);
      of[isMissing.has(id) ? 'sent' : 'joined'].push(id);
    }
    for (const [batch, of] of batches) {
      for (const kind of ['sent', 'joined'] as const) {
        if (of[kind].length > 0) watch.batches.push({ source, resource, ids: of[kind], full: batch.full, kind, fields, calls: batch.calls, startedAtMs: performance.now() });
      }
    }
  }

  /** Once whatever else this turn of the loop brings is here too. */
  #sendSoon(): void {
    if (this.#sendsSoon || this.#underWay >= this.#options.maxCalls) return;
    this.#sendsSoon = true;
    setImmediate(() => {
      this.#sendsSoon = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#underWay < this.#options.maxCalls) {
      const batch = this.#queue.next();
      if (!batch) return;
      this.#underWay++;
      void this.#fetch(batch);
    }
  }

  async #fetch(batch: Batch<T>): Promise<void> {
    const { fetch, source, timeoutMs } = this.#options;
    const timer = setTimeout(() => batch.call.abort(new ContactsError('UPSTREAM_TIMEOUT', source)), timeoutMs);
    const latestMs = performance.now() + timeoutMs;
    const life: Life = {
      signal: batch.call,
      // Read when it matters: somebody with more time may join while the call is under way.
      get endsAtMs() {
        return Math.min(batch.endsAtMs, latestMs);
      },
      calls: batch.calls,
      traceparent: batch.traceparent,
    };
    let outcomes: ReadonlyMap<string, Outcome<T>>;
    try {
      outcomes = await fetch(batch.ids, batch.full, life);
    } catch (error) {
      const known = error instanceof ContactsError ? error : new ContactsError('INTERNAL_SERVER_ERROR', source, { cause: error });
      outcomes = new Map(batch.ids.map((id) => [id, known]));
    }
    clearTimeout(timer);
    this.#underWay--;
    this.#forget(batch);
    batch.settle(outcomes);
    // Not at once: while a breaker is open, ten thousand calls would fail in one turn of the loop.
    this.#sendSoon();
  }

  /** A waiter gives up; what nobody waits for any more is not sent, or cut off. */
  #leave(batch: Batch<T>): void {
    if (--batch.waiters > 0) return;
    this.#forget(batch);
    if (!this.#queue.remove(batch)) batch.call.abort();
  }

  #forget(batch: Batch<T>): void {
    (batch.full ? this.#full : this.#plain).forget(batch);
  }
}

type OutcomesOf<T> = Map<Batch<T>, ReadonlyMap<string, Outcome<T>>>;

/** What became of each batch, once all are settled, or of those that are when `signal` says that it is too late. */
function outcomesOf<T>(batches: ReadonlySet<Batch<T>>, signal: Signal): Promise<OutcomesOf<T>> {
  const settled: OutcomesOf<T> = new Map();
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve(settled);
    };
    if (batches.size === 0) return resolve(settled);
    signal.addEventListener('abort', end);
    for (const batch of batches) {
      batch.onSettled((outcomes) => {
        settled.set(batch, outcomes);
        if (settled.size === batches.size) end();
      });
    }
  });
}
