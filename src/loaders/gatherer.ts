import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Deadline, Signal } from '../deadline.js';
import { ContactsError, isFound, type Outcome } from '../errors.js';
import { getOrAdd } from '../getOrAdd.js';
import type { CallRecording } from '../recording.js';
import { Admission } from './admission.js';
import { Cancelled } from '../upstream/callErrors.js';
import { PendingChunks, Queue, type Chunk } from './queue.js';
import { reconcile, type AnswerDrift } from './reconcile.js';
import type { Outcomes, Records, Resource, UpstreamRecord } from './resource.js';

/** A request is small if its calls are at most this share of those that may be under way at once. */
const SMALL_SHARE = 1 / 4;

export interface GathererOptions<R extends UpstreamRecord> {
  readonly resource: Omit<Resource<R, unknown>, 'toModel'>;
  /** How many ids may be queued. A request beyond that is refused with OVERLOADED at once. */
  readonly maxWaitingIds: number;
  /** How long an operation waits at most for this system, so that it has time left to answer with the rest. */
  readonly patienceMs: number;
  /** How long a request may wait for others before its first call, and between its calls. */
  readonly maxWaitMs: number;
  /** A call that has been under way for longer is not joined by further requests. */
  readonly attemptTimeoutMs: number;
  readonly onDrift: (kind: AnswerDrift) => void;
  /** Receives the records of each chunk once. */
  readonly keep?: ((records: ReadonlyMap<string, R>, relationships: boolean) => void) | undefined;
}

interface RequestedIds<R> {
  readonly ids: ReadonlySet<string>;
  /** Those that no chunk had before. */
  readonly missing: ReadonlySet<string>;
  /** Those that are taken from chunks that were sent before. */
  readonly joinedIds: ReadonlyMap<Chunk<R>, readonly string[]> | undefined;
}

/**
 * Shares the calls for one resource between all operations of the process. Ids leave at the end of the event loop's turn,
 * together with those of all other operations in that turn. While the gate is closed or `maxCalls` calls are under way, further
 * ids wait, and leave together at the end of the turn in which a call may leave again. A request for an id that is queued or
 * being fetched joins that chunk.
 *
 * It holds only what the service's own credentials may read, only while it is being fetched. Errors are not shared beyond
 * their call. There is one promise per chunk, not per id: a promise for each of 500 ids would cost more than all else.
 */
export class Gatherer<R extends UpstreamRecord> implements Records<R> {
  readonly #options: GathererOptions<R>;
  readonly #queue: Queue<R>;
  readonly #admission: Admission;
  readonly #pending = { plain: new PendingChunks<R>(), relationships: new PendingChunks<R>() };
  readonly #withRelationships = [this.#pending.relationships];
  readonly #all = [this.#pending.relationships, this.#pending.plain];
  #callsUnderWay = 0;
  #sendsSoon = false;

  constructor(options: GathererOptions<R>) {
    const { resource, maxWaitMs } = options;
    this.#options = options;
    this.#queue = new Queue({ ...resource, maxWaitMs, smallChunks: Math.max(1, resource.maxCalls * SMALL_SHARE) });
    this.#admission = new Admission(maxWaitMs, resource.gate);
    resource.gate.onFree(() => this.#sendSoon());
  }

  async request(ids: ReadonlySet<string>, relationships: boolean, deadline: Deadline, recording?: CallRecording): Promise<ReadonlyMap<string, Outcome<R>>> {
    if (deadline.signal.aborted) return new Map();
    const { resource, patienceMs } = this.#options;
    const nowMs = performance.now();
    const { waitsSince = {} } = deadline;
    const endsAtMs = Math.min(deadline.endsAtMs, (waitsSince[resource.source] ??= nowMs) + patienceMs);
    if (endsAtMs <= nowMs) return new Map();
    const chunks = new Set<Chunk<R>>();
    const missing: string[] = [];
    let joinedIds: Map<Chunk<R>, string[]> | undefined;
    for (const id of ids) {
      const joined = this.#joinable(id, relationships);
      if (!joined) missing.push(id);
      else {
        chunks.add(joined);
        if (!joined.isQueued) getOrAdd((joinedIds ??= new Map<Chunk<R>, string[]>()), joined, () => []).push(id);
      }
    }
    if (chunks.size > 0 && this.#queue.isSmall(ids.size)) this.#promote(chunks);
    const refused = missing.splice(this.#admitted(missing.length, endsAtMs, nowMs));
    if (missing.length > 0) for (const chunk of this.#enqueue(missing, relationships, nowMs)) chunks.add(chunk);
    for (const chunk of chunks) chunk.join(endsAtMs, deadline.traceparent);
    if (recording) this.#record({ ids, missing: new Set(missing), joinedIds }, chunks, recording);
    this.#sendSoon();
    const isKnown = (chunk: Chunk<R>): boolean => (joinedIds?.get(chunk) ?? chunk.ids).every((id) => chunk.outcomes.has(id) || !ids.has(id));
    await allDone(chunks, isKnown, deadline.signal, endsAtMs - nowMs);

    const [only] = chunks;
    if (refused.length === 0 && only?.isSettled && chunks.size === 1) return only.outcomes;
    const outcomes: Outcomes<R> = new Map();
    for (const chunk of chunks) {
      // An id may have failed in one chunk, and its record may have come with another.
      for (const [id, outcome] of chunk.outcomes) if (!(outcome instanceof ContactsError && outcomes.has(id))) outcomes.set(id, outcome);
      if (!chunk.isSettled) this.#leave(chunk);
    }
    let overloaded: ContactsError | undefined;
    for (const id of refused) if (!outcomes.has(id)) outcomes.set(id, (overloaded ??= new ContactsError('OVERLOADED', resource.source)));
    return outcomes;
  }

  #enqueue(ids: readonly string[], relationships: boolean, nowMs: number): ReadonlySet<Chunk<R>> {
    const before = this.#queue.waitingSmall;
    const chunks = this.#queue.add(ids, relationships, this.#pendingFor(relationships), nowMs);
    this.#admission.queued(this.#queue.waitingSmall - before);
    return chunks;
  }

  /** A small request does not wait for all that a large one asks for. It moves a few chunks if there is room among the small ones. */
  #promote(joined: ReadonlySet<Chunk<R>>): void {
    if (joined.size > this.#options.resource.maxCalls || !this.#admission.mayPromote(this.#queue)) return;
    const before = this.#queue.waitingSmall;
    for (const chunk of joined) this.#queue.promote(chunk);
    this.#admission.queued(this.#queue.waitingSmall - before);
  }

  /** How many of a request's ids can be answered in time. */
  #admitted(ids: number, endsAtMs: number, nowMs: number): number {
    const { resource, maxWaitingIds } = this.#options;
    if (this.#queue.waitingIds + ids > maxWaitingIds) return 0;
    // Then calls are refused at once, with an error that says more.
    if (ids === 0 || resource.gate.isOpen) return ids;
    const chunks = Math.ceil(ids / resource.maxIds);
    const admitted = this.#queue.isSmall(ids) ? this.#admission.small(chunks, this.#queue, nowMs, endsAtMs - nowMs) : this.#admission.large(chunks, this.#queue, endsAtMs - nowMs);
    return Math.min(ids, admitted * resource.maxIds);
  }

  /** How much is queued and under way. */
  get load(): { readonly waitingIds: number; readonly callsUnderWay: number } {
    return { waitingIds: this.#queue.waitingIds, callsUnderWay: this.#callsUnderWay };
  }

  #pendingFor(relationships: boolean): PendingChunks<R> {
    return relationships ? this.#pending.relationships : this.#pending.plain;
  }

  /** The chunk that brings this id. A record with relationships serves plain requests too. */
  #joinable(id: string, relationships: boolean): Chunk<R> | undefined {
    for (const pending of relationships ? this.#withRelationships : this.#all) {
      const chunk = pending.find(id, this.#mayJoin);
      if (chunk) return chunk;
    }
    return undefined;
  }

  /** Not if its call seems to hang, has failed for this id, or asks for its other ids first. */
  readonly #mayJoin = (chunk: Chunk<R>, id: string): boolean => {
    const { resource, attemptTimeoutMs } = this.#options;
    const outcome = chunk.outcomes.get(id);
    if (outcome !== undefined) return !(outcome instanceof ContactsError);
    if (chunk.isQueued) return true;
    // While a breaker is open, this one call tries. Whoever waited for it would not be told at once.
    if (resource.gate.isOpen || !chunk.asksFor(id)) return false;
    const isOverdue = chunk.attemptedAtMs !== undefined && performance.now() - chunk.attemptedAtMs > attemptTimeoutMs;
    if (isOverdue) this.#pendingFor(chunk.relationships).forget(chunk);
    return !isOverdue;
  };

  #record({ ids, missing, joinedIds }: RequestedIds<R>, chunks: ReadonlySet<Chunk<R>>, { waits, fields }: CallRecording): void {
    const { source, name } = this.#options.resource;
    for (const chunk of chunks) {
      const { relationships, calls } = chunk;
      const own = joinedIds?.get(chunk) ?? chunk.ids.filter((id) => ids.has(id));
      for (const kind of ['sent', 'joined'] as const) {
        const some = own.filter((id) => missing.has(id) === (kind === 'sent'));
        if (some.length > 0) waits.push({ source, resource: name, ids: some, relationships, kind, fields, calls, startedAtMs: performance.now() });
      }
    }
  }

  /** At the end of this turn of the event loop, so that everything it brings leaves together. */
  #sendSoon(): void {
    if (this.#sendsSoon || this.#queue.waitingIds === 0 || !this.#mayCall()) return;
    this.#sendsSoon = true;
    setImmediate(() => {
      this.#sendsSoon = false;
      this.#send();
    });
  }

  #mayCall(): boolean {
    const { maxCalls, gate } = this.#options.resource;
    return this.#callsUnderWay < maxCalls && (gate.isOpen || gate.isPaused || gate.isFree);
  }

  #send(): void {
    while (this.#mayCall()) {
      const nowMs = performance.now();
      const chunk = this.#queue.next(nowMs);
      if (!chunk) return;
      if (!chunk.large) this.#admission.sent();
      this.#callsUnderWay++;
      void this.#fetch(chunk);
    }
  }

  async #fetch(chunk: Chunk<R>): Promise<void> {
    const { resource, patienceMs, onDrift, keep } = this.#options;
    const { ids, relationships, outcomes } = chunk;
    // The answer would hardly come in time. Its ids have no outcome then, like any that are late.
    const isTooLate = chunk.endsAtMs - performance.now() < Math.min(resource.gate.callMs, patienceMs) / 2;
    let isFirst = true;
    const fetch = async (some: readonly string[]): Promise<readonly (R | undefined)[]> => {
      if (!isFirst) await this.#tell(chunk);
      isFirst = false;
      chunk.begin(some);
      return resource.fetch(some, relationships, chunk);
    };
    try {
      if (!isTooLate) await reconcile(resource.source, ids, outcomes, fetch, chunk.signal, onDrift);
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

  /** Whoever has all that it waits for leaves. Rejects if nobody is left, so that no call is made for them. */
  async #tell(chunk: Chunk<R>): Promise<void> {
    chunk.tell();
    await nextTurn();
    if (chunk.signal.aborted) throw chunk.signal.reason!;
  }

  /** A request stops waiting. A chunk that nobody waits for is not sent, or its call is ended. */
  #leave(chunk: Chunk<R>): void {
    if (--chunk.waiters > 0) return;
    this.#pendingFor(chunk.relationships).forget(chunk);
    if (!this.#queue.remove(chunk)) chunk.abort(new Cancelled(this.#options.resource.source));
  }
}

function recordsIn<R extends UpstreamRecord>(outcomes: ReadonlyMap<string, Outcome<R>>): Map<string, R> {
  const records = new Map<string, R>();
  for (const [id, outcome] of outcomes) if (isFound(outcome)) records.set(id, outcome);
  return records;
}

/** Resolves when each chunk is settled or brought all that is wanted of it, after `timeoutMs`, or when the caller leaves. */
function allDone<R>(chunks: ReadonlySet<Chunk<R>>, isKnown: (chunk: Chunk<R>) => boolean, signal: Signal, timeoutMs: number): Promise<void> {
  let open = chunks.size;
  if (open === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, timeoutMs);
    signal.addEventListener('abort', end);
    for (const chunk of chunks) {
      chunk.onOutcomes(() => {
        const isDone = chunk.isSettled || isKnown(chunk);
        if (isDone && --open === 0) end();
        return isDone;
      });
    }
  });
}
