import type { Deadline, Signal } from '../deadline.js';
import { ContactsError, isFound, type Outcome } from '../errors.js';
import type { CallRecording } from '../recording.js';
import { Cancelled } from '../upstream/callErrors.js';
import { PendingChunks, Queue, type Chunk } from './queue.js';
import { reconcile, type AnswerDrift } from './reconcile.js';
import type { Outcomes, Records, Resource, UpstreamRecord } from './resource.js';

export interface GathererOptions<R extends UpstreamRecord> {
  readonly resource: Omit<Resource<R, unknown>, 'toModel'>;
  /** How many ids may be queued. A request beyond that is refused with OVERLOADED at once. */
  readonly maxWaitingIds: number;
  /** How long a request waits at most, so that its operation has time left for what depends on the other records. */
  readonly patienceMs: number;
  /** A call that has been under way for longer is not joined by further requests. */
  readonly attemptTimeoutMs: number;
  readonly onDrift: (kind: AnswerDrift) => void;
  /** Receives the records of each chunk once. */
  readonly keep?: ((records: ReadonlyMap<string, R>, relationships: boolean) => void) | undefined;
}

/**
 * Shares the calls for one resource between all operations of the process. Ids leave at the end of the event loop's turn,
 * together with those of all other operations in that turn. While `maxCalls` calls are under way, further ids wait and leave
 * together at the end of the turn in which a call returns. A request for an id that is queued or being fetched joins that
 * chunk. No timer delays anything.
 *
 * It holds only what the service's own credentials may read, only while it is being fetched. Errors are not shared beyond
 * their call. There is one promise per chunk, not per id: a promise for each of 500 ids would cost more than all else.
 */
export class Gatherer<R extends UpstreamRecord> implements Records<R> {
  readonly #options: GathererOptions<R>;
  readonly #queue: Queue<R>;
  readonly #pending = { plain: new PendingChunks<R>(), relationships: new PendingChunks<R>() };
  readonly #withRelationships = [this.#pending.relationships];
  readonly #all = [this.#pending.relationships, this.#pending.plain];
  #callsUnderWay = 0;
  #sendsSoon = false;

  constructor(options: GathererOptions<R>) {
    this.#options = options;
    this.#queue = new Queue(options.resource);
  }

  async request(ids: ReadonlySet<string>, relationships: boolean, deadline: Deadline, recording?: CallRecording): Promise<ReadonlyMap<string, Outcome<R>>> {
    if (deadline.signal.aborted) return new Map();
    const { resource, maxWaitingIds, patienceMs } = this.#options;
    const nowMs = performance.now();
    const chunks = new Set<Chunk<R>>();
    const missing: string[] = [];
    for (const id of ids) {
      const joined = this.#joinable(id, relationships, nowMs);
      if (joined) chunks.add(joined);
      else missing.push(id);
    }
    const isRefused = this.#queue.waitingIds + missing.length > maxWaitingIds;
    if (!isRefused) for (const chunk of this.#queue.add(missing, relationships, this.#pendingFor(relationships))) chunks.add(chunk);
    for (const chunk of chunks) chunk.join(Math.min(deadline.endsAtMs, nowMs + patienceMs), deadline.traceparent);
    if (recording) this.#record(ids, new Set(missing), chunks, recording);
    this.#sendSoon();
    const isTooLate = await allSettled(chunks, deadline.signal, patienceMs);

    const [only] = chunks;
    if (!isRefused && only?.isSettled && chunks.size === 1) return only.outcomes;
    const outcomes: Outcomes<R> = new Map();
    for (const chunk of chunks) {
      for (const [id, outcome] of chunk.outcomes) outcomes.set(id, outcome);
      if (!chunk.isSettled) this.#leave(chunk, isTooLate);
    }
    if (isRefused) for (const id of missing) outcomes.set(id, new ContactsError('OVERLOADED', resource.source));
    return outcomes;
  }

  /** How much is queued and under way. */
  get load(): { readonly waitingIds: number; readonly callsUnderWay: number } {
    return { waitingIds: this.#queue.waitingIds, callsUnderWay: this.#callsUnderWay };
  }

  #pendingFor(relationships: boolean): PendingChunks<R> {
    return relationships ? this.#pending.relationships : this.#pending.plain;
  }

  /**
   * The chunk that will bring this id, unless its call seems to hang or has failed for this id. A record with relationships
   * serves plain requests too.
   */
  #joinable(id: string, relationships: boolean, nowMs: number): Chunk<R> | undefined {
    for (const pending of relationships ? this.#withRelationships : this.#all) {
      const chunk = pending.get(id);
      if (!chunk || chunk.outcomes.get(id) instanceof ContactsError) continue;
      if (!this.#isOverdue(chunk, nowMs)) return chunk;
      pending.forget(chunk);
    }
    return undefined;
  }

  #isOverdue({ calledAtMs }: Chunk<R>, nowMs: number): boolean {
    return calledAtMs !== undefined && nowMs - calledAtMs > this.#options.attemptTimeoutMs;
  }

  #record(ids: ReadonlySet<string>, missing: ReadonlySet<string>, chunks: ReadonlySet<Chunk<R>>, { waits, fields }: CallRecording): void {
    const { source, name } = this.#options.resource;
    for (const { ids: inChunk, relationships, calls } of chunks) {
      const own = inChunk.filter((id) => ids.has(id));
      for (const kind of ['sent', 'joined'] as const) {
        const some = own.filter((id) => missing.has(id) === (kind === 'sent'));
        if (some.length > 0) waits.push({ source, resource: name, ids: some, relationships, kind, fields, calls, startedAtMs: performance.now() });
      }
    }
  }

  /** At the end of this turn of the event loop, so that everything it brings leaves together. */
  #sendSoon(): void {
    if (this.#sendsSoon || this.#callsUnderWay >= this.#options.resource.maxCalls) return;
    this.#sendsSoon = true;
    setImmediate(() => {
      this.#sendsSoon = false;
      this.#send();
    });
  }

  #send(): void {
    while (this.#callsUnderWay < this.#options.resource.maxCalls) {
      const chunk = this.#queue.next();
      if (!chunk) return;
      this.#callsUnderWay++;
      void this.#fetch(chunk);
    }
  }

  async #fetch(chunk: Chunk<R>): Promise<void> {
    const { resource, onDrift, keep } = this.#options;
    const { ids, relationships, outcomes } = chunk;
    const fetch = (some: readonly string[]): Promise<readonly (R | undefined)[]> => {
      chunk.calledAtMs = performance.now();
      return resource.fetch(some, relationships, chunk);
    };
    try {
      await reconcile(resource.source, ids, outcomes, fetch, chunk.signal, onDrift);
    } catch (cause) {
      const fault = new ContactsError('INTERNAL_SERVER_ERROR', resource.source, { cause });
      for (const id of ids) if (!outcomes.has(id)) outcomes.set(id, fault);
    }
    this.#callsUnderWay--;
    this.#pendingFor(relationships).forget(chunk);
    keep?.(recordsIn(outcomes), relationships);
    chunk.settle();
    // At the end of the turn: while a breaker is open, ten thousand calls would otherwise fail in this one.
    this.#sendSoon();
  }

  /** A request stops waiting. A chunk that nobody waits for is not sent, or its call is ended. */
  #leave(chunk: Chunk<R>, isTooLate: boolean): void {
    if (--chunk.waiters > 0) return;
    this.#pendingFor(chunk.relationships).forget(chunk);
    if (this.#queue.remove(chunk)) return;
    // Only a call that had its time says something about the upstream.
    const hasHung = isTooLate && this.#isOverdue(chunk, performance.now());
    const { source } = this.#options.resource;
    chunk.abort(hasHung ? new ContactsError('UPSTREAM_TIMEOUT', source) : new Cancelled(source));
  }
}

function recordsIn<R extends UpstreamRecord>(outcomes: ReadonlyMap<string, Outcome<R>>): Map<string, R> {
  const records = new Map<string, R>();
  for (const [id, outcome] of outcomes) if (isFound(outcome)) records.set(id, outcome);
  return records;
}

/** Resolves when all chunks are settled, or at the deadline. Returns whether the time was up before the caller left. */
function allSettled(chunks: ReadonlySet<Chunk<unknown>>, signal: Signal, timeoutMs: number): Promise<boolean> {
  let open = chunks.size;
  if (open === 0) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (isTooLate: boolean): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      resolve(isTooLate);
    };
    const cancel = (): void => end(false);
    const timer = setTimeout(() => end(true), timeoutMs);
    signal.addEventListener('abort', cancel);
    for (const chunk of chunks) chunk.onSettled(() => --open === 0 && end(false));
  });
}
