import { Aborter, type Deadline, type Signal } from '../deadline.js';
import type { UpstreamCall } from '../recording.js';
import type { Outcomes, Resource } from './resource.js';

/** The ids of one call, and everybody who waits for it. It is also the deadline of that call. */
export class Chunk<R> implements Deadline {
  readonly ids: string[] = [];
  /** Bytes the ids take in the path, commas included. */
  idBytes = 0;
  readonly outcomes: Outcomes<R> = new Map();
  /** Whether every id has its outcome. */
  isSettled = false;
  /** Its place in the queue: the lowest goes first. */
  turn = 0;
  isQueued = false;
  /** When its latest call began; undefined while it is queued. */
  calledAtMs: number | undefined;
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
  readonly #listeners: (() => void)[] = [];

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

  onSettled(listener: () => void): void {
    this.#listeners.push(listener);
  }

  settle(): void {
    this.isSettled = true;
    for (const listener of this.#listeners.splice(0)) listener();
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

  get(id: string): Chunk<R> | undefined {
    for (const { chunkOf } of this.#indexes) {
      const chunk = chunkOf.get(id);
      if (chunk && !chunk.isForgotten) return chunk;
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

/** How many later requests may overtake each further chunk of a large request. */
const MAX_OVERTAKING = 8;

/**
 * The chunks that wait to be sent. New ids fill chunks that have room before they make new ones. A request of one chunk goes
 * before the chunks of larger requests that came shortly before it, so that small requests are not starved. Only a limited
 * number may overtake, so that large ones are not starved either.
 */
export class Queue<R> {
  readonly #limits: Pick<Resource<never, unknown>, 'maxIds' | 'maxIdBytes'>;
  /** The next one first. */
  #chunks: Chunk<R>[] = [];
  /** About how many of them were removed. They are skipped when their turn comes. */
  #removed = 0;
  #requests = 0;
  waitingIds = 0;

  constructor(limits: Pick<Resource<never, unknown>, 'maxIds' | 'maxIdBytes'>) {
    this.#limits = limits;
  }

  /** Queues the ids of one request, each of them once. Registers each id in `pending`; returns the chunks used. */
  add(ids: readonly string[], relationships: boolean, pending: Pick<PendingChunks<R>, 'set'>): ReadonlySet<Chunk<R>> {
    const open = this.#chunks.filter((chunk) => chunk.isQueued && chunk.relationships === relationships && chunk.ids.length < this.#limits.maxIds);
    const made: Chunk<R>[] = [];
    const used = new Set<Chunk<R>>();
    let last: Chunk<R> | undefined;
    for (const id of ids) {
      let chunk = (open.length > 0 && open.find((one) => this.#fits(one, id))) || made.at(-1);
      if (!chunk || !this.#fits(chunk, id)) made.push((chunk = new Chunk<R>(relationships)));
      chunk.add(id);
      pending.set(id, chunk);
      if (chunk !== last) used.add((last = chunk));
    }
    this.waitingIds += ids.length;
    // The last one goes first: it has room for other requests.
    made.unshift(...made.splice(-1));
    this.#requests++;
    made.forEach((chunk, i) => this.#insert(chunk, this.#requests + (made.length === 1 ? 0 : MAX_OVERTAKING * (i + 1))));
    return used;
  }

  next(): Chunk<R> | undefined {
    let chunk = this.#chunks.shift();
    while (chunk && !chunk.isQueued) chunk = this.#chunks.shift();
    if (chunk) this.#take(chunk);
    return chunk;
  }

  /** Returns whether the chunk was still queued. */
  remove(chunk: Chunk<R>): boolean {
    if (!chunk.isQueued) return false;
    this.#take(chunk);
    // Searching for its place would be slow where ten thousand chunks are removed together.
    if (++this.#removed > this.#chunks.length / 2) {
      this.#chunks = this.#chunks.filter(({ isQueued }) => isQueued);
      this.#removed = 0;
    }
    return true;
  }

  #take(chunk: Chunk<R>): void {
    chunk.isQueued = false;
    this.waitingIds -= chunk.ids.length;
  }

  #fits(chunk: Chunk<R>, id: string): boolean {
    return chunk.ids.length === 0 || (chunk.ids.length < this.#limits.maxIds && chunk.idBytes + 1 + id.length <= this.#limits.maxIdBytes);
  }

  #insert(chunk: Chunk<R>, turn: number): void {
    chunk.turn = turn;
    chunk.isQueued = true;
    const place = this.#chunks.findLastIndex((other) => other.turn <= turn);
    this.#chunks.splice(place + 1, 0, chunk);
  }
}
