import { Batch } from './batch.js';

export interface QueueOptions {
  /** How many ids, and how many bytes of them with their commas, one batch may have. */
  readonly maxIds: number;
  readonly maxIdBytes: number;
}

/** How many later requests may overtake each further batch of a large one. */
const PATIENCE = 8;

/**
 * The batches that wait to be sent. Ids fill up batches that have room before they make new ones. A request of one batch
 * goes before the batches of larger ones that came a little earlier, so that small ones are not starved; and since only
 * so many may overtake, neither are large ones.
 */
export class Queue<T> {
  readonly #options: QueueOptions;
  /** The next first. */
  #batches: Batch<T>[] = [];
  /** How many of them have been removed, about: they are skipped when their turn comes. */
  #removed = 0;
  #requests = 0;
  waitingIds = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Takes the ids of one request in, each of them once. `pending` learns the batch of each; the batches are handed back. */
  add(ids: readonly string[], full: boolean, pending: { set(id: string, batch: Batch<T>): unknown }): ReadonlySet<Batch<T>> {
    const waiting = this.#batches.filter((batch) => batch.isWaiting && batch.full === full && batch.ids.length < this.#options.maxIds);
    const made: Batch<T>[] = [];
    const used = new Set<Batch<T>>();
    let last: Batch<T> | undefined;
    for (const id of ids) {
      let batch = (waiting.length > 0 && waiting.find((one) => this.#fits(one, id))) || made.at(-1);
      if (!batch || !this.#fits(batch, id)) made.push((batch = new Batch<T>(full)));
      batch.add(id);
      pending.set(id, batch);
      if (batch !== last) used.add((last = batch));
    }
    this.waitingIds += ids.length;
    // The last one first: it has room for others.
    made.unshift(...made.splice(-1));
    this.#requests++;
    made.forEach((batch, i) => this.#insert(batch, this.#requests + (made.length === 1 ? 0 : PATIENCE * (i + 1))));
    return used;
  }

  next(): Batch<T> | undefined {
    let batch = this.#batches.shift();
    while (batch && !batch.isWaiting) batch = this.#batches.shift();
    if (batch) this.#leave(batch);
    return batch;
  }

  /** Whether the batch was still waiting. */
  remove(batch: Batch<T>): boolean {
    if (!batch.isWaiting) return false;
    this.#leave(batch);
    // To look for its place would take long where ten thousand of them are given up together.
    if (++this.#removed > this.#batches.length / 2) {
      this.#batches = this.#batches.filter(({ isWaiting }) => isWaiting);
      this.#removed = 0;
    }
    return true;
  }

  #leave(batch: Batch<T>): void {
    batch.isWaiting = false;
    this.waitingIds -= batch.ids.length;
  }

  #fits(batch: Batch<T>, id: string): boolean {
    return batch.ids.length === 0 || (batch.ids.length < this.#options.maxIds && batch.idBytes + 1 + id.length <= this.#options.maxIdBytes);
  }

  #insert(batch: Batch<T>, turn: number): void {
    batch.turn = turn;
    batch.isWaiting = true;
    const place = this.#batches.findLastIndex((other) => other.turn <= turn);
    this.#batches.splice(place + 1, 0, batch);
  }
}
