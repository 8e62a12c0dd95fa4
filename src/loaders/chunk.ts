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
  /** Its place in the queue: the lowest goes first. */
  turn = 0;
  isQueued = false;
  /** Undefined while it is queued. */
  sentAtMs: number | undefined;
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
  abort(reason?: Error): void {
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
