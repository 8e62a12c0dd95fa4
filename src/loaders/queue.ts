import { Chunk, type PendingChunks } from './chunk.js';
import type { Resource } from './resource.js';

/** How many later requests may overtake each further chunk of a large request. */
const MOST_OVERTAKING = 8;

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
    made.forEach((chunk, i) => this.#insert(chunk, this.#requests + (made.length === 1 ? 0 : MOST_OVERTAKING * (i + 1))));
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
