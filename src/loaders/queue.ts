import { Aborter, type Deadline, type Signal } from '../deadline.js';
import type { UpstreamCall } from '../recording.js';
import type { Outcomes } from './resource.js';

/** The ids of one call, and everybody who waits for it. It is also the deadline of that call. */
export class Chunk<R> implements Deadline {
  readonly ids: string[] = [];
  /** Bytes the ids take in the path, commas included. */
  idBytes = 0;
  readonly outcomes: Outcomes<R> = new Map();
  /** Whether every id has its outcome. */
  isSettled = false;
  isQueued = true;
  /** The request whose chunk it is, if that is large. */
  large: LargeRequest<R> | undefined;
  /** The ids of its present call, if these are not all. */
  #calledIds: ReadonlySet<string> | undefined;
  /** When the first attempt of its present call left; undefined while it waits for that. */
  attemptedAtMs: number | undefined;
  /** How many requests wait for it, and the latest of their deadlines. */
  waiters = 0;
  endsAtMs = 0;
  index: Index<R> | undefined;
  /** Whether later requests for its ids make a new call. */
  isForgotten = false;
  /** The trace of the operation that asked first. */
  traceparent: string | undefined;
  readonly calls: UpstreamCall[] = [];
  readonly #aborter = new Aborter();
  #listeners: (() => boolean)[] = [];

  constructor(readonly relationships: boolean) {}

  get signal(): Signal {
    return this.#aborter;
  }

  add(id: string): void {
    this.idBytes += id.length + (this.ids.length === 0 ? 0 : 1);
    this.ids.push(id);
  }

  join(endsAtMs: number, traceparent: string | undefined): void {
    this.waiters++;
    this.traceparent ??= traceparent;
    this.endsAtMs = Math.max(this.endsAtMs, endsAtMs);
  }

  /** A call for these ids begins. */
  begin(ids: readonly string[]): void {
    this.attemptedAtMs = undefined;
    this.#calledIds = ids.length < this.ids.length ? new Set(ids) : undefined;
  }

  onAttempt(): void {
    this.attemptedAtMs ??= performance.now();
  }

  /** Whether its present or its latest call asks for this id. What an answer lacked is asked for again. */
  asksFor(id: string): boolean {
    return this.#calledIds?.has(id) ?? true;
  }

  /** Calls `isDone` after each call, and when it is settled, until that returns true. Calls it at once if there are outcomes already. */
  onOutcomes(isDone: () => boolean): void {
    if (this.outcomes.size === 0 || !isDone()) this.#listeners.push(isDone);
  }

  /** Tells that a call has ended, and more will follow. */
  tell(): void {
    this.#listeners = this.#listeners.filter((isDone) => !isDone());
  }

  settle(): void {
    this.isSettled = true;
    this.tell();
  }

  /** Ends the call. */
  abort(reason: Error): void {
    this.#aborter.abort(reason);
  }
}

/** Maps ids to the chunks that fetch them. Dropped with its last chunk. */
interface Index<R> {
  readonly chunkOf: Map<string, Chunk<R>>;
  openChunks: number;
}

/** An index with this many ids takes no further chunk. */
const MANY_IDS = 1_000;

/**
 * Finds the chunk in which an id is queued or being fetched. Its Maps are dropped after a while instead of emptied: the tables
 * that a permanent Map outgrows keep all they refer to alive until V8's next full collection (docs/performance.md).
 */
export class PendingChunks<R> {
  /** One or two, unless an upstream is slow. */
  readonly #indexes: Index<R>[] = [];

  /** A chunk that has this id and may be joined. `mayJoin` may forget the one that it looks at. */
  find(id: string, mayJoin: (chunk: Chunk<R>, id: string) => boolean): Chunk<R> | undefined {
    for (let i = this.#indexes.length - 1; i >= 0; i--) {
      const chunk = this.#indexes[i]!.chunkOf.get(id);
      if (chunk && !chunk.isForgotten && mayJoin(chunk, id)) return chunk;
    }
    return undefined;
  }

  set(id: string, chunk: Chunk<R>): void {
    chunk.index ??= this.#open();
    chunk.index.chunkOf.set(id, chunk);
  }

  forget(chunk: Chunk<R>): void {
    if (chunk.isForgotten || !chunk.index) return;
    chunk.isForgotten = true;
    if (--chunk.index.openChunks === 0) this.#indexes.splice(this.#indexes.indexOf(chunk.index), 1);
  }

  #open(): Index<R> {
    let index = this.#indexes.at(-1);
    if (!index || index.chunkOf.size >= MANY_IDS) this.#indexes.push((index = { chunkOf: new Map(), openChunks: 0 }));
    index.openChunks++;
    return index;
  }
}

/** A request of many chunks. */
interface LargeRequest<R> {
  readonly chunks: Chunk<R>[];
  /** How many of them still wait. */
  waiting: number;
  /** When its last chunk left, or it came. */
  lastTurnAtMs: number;
}

/** How many chunks of small requests may go before each chunk of a large one. */
const MAX_OVERTAKING = 8;

/** How many ids, and how many bytes of ids and commas, a chunk may have. */
export interface ChunkLimits {
  readonly maxIds: number;
  readonly maxIdBytes: number;
}

export interface QueueOptions extends ChunkLimits {
  /** A request with more chunks is large. */
  readonly smallChunks: number;
  /** How long a large request may wait between its chunks. */
  readonly maxWaitMs: number;
}

/**
 * The chunks that wait to be sent. New ids fill chunks that have room before they make new ones. Small requests go before
 * large ones, so that they are not starved, but only a limited number, so that large ones are not starved either. Large
 * requests go in the order of their arrival, since none would be served sooner if they took turns. Each of them still gets a
 * turn after `maxWaitMs`.
 */
export class Queue<R> {
  readonly #options: QueueOptions;
  /** The next one first. */
  // Stryker disable next-line ArrayDeclaration: what is not a queued chunk is skipped
  #small: Chunk<R>[] = [];
  #large: LargeRequest<R>[] = [];
  /** About how many of `#small` were removed. They are skipped when their turn comes. */
  #removed = 0;
  #overtaking = 0;
  waitingIds = 0;
  waitingChunks = 0;
  /** How many chunks of small requests wait. */
  waitingSmall = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get largeRequests(): number {
    return this.#large.length;
  }

  /** Whether a request for so many ids is small. */
  isSmall(ids: number): boolean {
    return ids <= this.#options.smallChunks * this.#options.maxIds;
  }

  /** Queues the ids of one request, each of them once. Registers each id in `pending`; returns the chunks used. */
  add(ids: readonly string[], relationships: boolean, pending: Pick<PendingChunks<R>, 'set'>, nowMs: number): ReadonlySet<Chunk<R>> {
    const { maxIds } = this.#options;
    const open = maxIds === 1 ? [] : this.#small.filter((chunk) => chunk.isQueued && chunk.relationships === relationships && chunk.ids.length < maxIds);
    const made: Chunk<R>[] = [];
    const used = new Set<Chunk<R>>();
    let last: Chunk<R> | undefined;
    for (const id of ids) {
      // Stryker disable next-line ConditionalExpression,EqualityOperator: only spares work, for each id
      let chunk = (open.length > 0 && open.find((one) => this.#fits(one, id))) || made.at(-1);
      if (!chunk || !this.#fits(chunk, id)) made.push((chunk = new Chunk<R>(relationships)));
      chunk.add(id);
      pending.set(id, chunk);
      // Stryker disable next-line ConditionalExpression: a Set has each once; this spares asking it for each id
      if (chunk !== last) used.add((last = chunk));
    }
    this.waitingIds += ids.length;
    this.waitingChunks += made.length;
    // A chunk that has room for other requests goes with the small ones.
    const hasRoom = made.length > 0 && made.at(-1)!.ids.length < maxIds;
    const small = made.length > this.#options.smallChunks ? made.splice(hasRoom ? -1 : made.length) : made.splice(0);
    this.#small.push(...small);
    this.waitingSmall += small.length;
    if (made.length > 0) this.#addLarge({ chunks: made, waiting: made.length, lastTurnAtMs: nowMs });
    return used;
  }

  #addLarge(request: LargeRequest<R>): void {
    for (const chunk of request.chunks) chunk.large = request;
    this.#large.push(request);
  }

  next(nowMs: number): Chunk<R> | undefined {
    const isTurn = this.waitingSmall === 0 || this.#overtaking >= MAX_OVERTAKING || (this.#overtaking > 0 && this.#isLargeDue(nowMs));
    const large = isTurn ? this.#nextLarge(nowMs) : undefined;
    const chunk = large ?? this.#nextOf(this.#small);
    this.#overtaking = large ? 0 : this.#overtaking + 1;
    if (chunk) this.#take(chunk);
    return chunk;
  }

  #isLargeDue(nowMs: number): boolean {
    return this.#large.some(({ lastTurnAtMs }) => nowMs - lastTurnAtMs >= this.#options.maxWaitMs);
  }

  /** The next chunk of the request that has waited too long, or of the first one. */
  #nextLarge(nowMs: number): Chunk<R> | undefined {
    let next = this.#large[0];
    for (const request of this.#large) {
      if (nowMs - request.lastTurnAtMs >= this.#options.maxWaitMs && request.lastTurnAtMs < next!.lastTurnAtMs) next = request;
    }
    if (!next) return undefined;
    next.lastTurnAtMs = nowMs;
    return this.#nextOf(next.chunks, next);
  }

  #nextOf(chunks: Chunk<R>[], large?: LargeRequest<R>): Chunk<R> | undefined {
    let chunk = chunks.shift();
    while (chunk && !(chunk.isQueued && chunk.large === large)) chunk = chunks.shift();
    return chunk;
  }

  /** A small request waits for this chunk of a large one too, so it goes with the small ones. */
  promote(chunk: Chunk<R>): void {
    const { large } = chunk;
    if (!large || !chunk.isQueued) return;
    this.#leaveLarge(large);
    chunk.large = undefined;
    this.#small.push(chunk);
    this.waitingSmall++;
  }

  /** Returns whether the chunk was still queued. */
  remove(chunk: Chunk<R>): boolean {
    if (!chunk.isQueued) return false;
    this.#take(chunk);
    // Searching for its place would be slow where ten thousand chunks are removed together.
    if (!chunk.large && ++this.#removed > this.#small.length / 2) {
      this.#small = this.#small.filter(({ isQueued }) => isQueued);
      this.#removed = 0;
    }
    return true;
  }

  #take(chunk: Chunk<R>): void {
    chunk.isQueued = false;
    this.waitingIds -= chunk.ids.length;
    this.waitingChunks--;
    const { large } = chunk;
    if (large) this.#leaveLarge(large);
    else this.waitingSmall--;
  }

  #leaveLarge(large: LargeRequest<R>): void {
    if (--large.waiting === 0) this.#large = this.#large.filter((request) => request !== large);
  }

  #fits(chunk: Chunk<R>, id: string): boolean {
    const { maxIds, maxIdBytes } = this.#options;
    return chunk.ids.length < maxIds && chunk.idBytes + 1 + id.length <= maxIdBytes;
  }
}

/** The ids of each chunk in which a request leaves that is alone. */
export function chunksOf(ids: Iterable<string>, limits: ChunkLimits): string[][] {
  const queue = new Queue({ ...limits, smallChunks: Infinity, maxWaitMs: 0 });
  // Stryker disable next-line BooleanLiteral: relationships change nothing for a request that is alone
  return [...queue.add([...ids], false, { set: () => {} }, 0)].map((chunk) => chunk.ids);
}
