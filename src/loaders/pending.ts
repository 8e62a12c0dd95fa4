import type { Batch } from './batch.js';

/** Where some batches find their ids. It goes when the last of them is forgotten. */
export interface Index<T> {
  readonly batchOf: Map<string, Batch<T>>;
  openBatches: number;
}

/** How many ids an index has when the next batches get another one. */
const MANY_IDS = 1_000;

/**
 * Which batch an id waits in, or is being fetched by. In Maps that come and go: from one for ever, ids would have to be
 * deleted, and each table that it outgrows or shrinks out of lies among V8's old objects until the next large collection,
 * with all that it ever referred to. That took a sixth of the time, and stalled everybody for 50 ms again and again.
 */
export class Pending<T> {
  /** One or two, unless upstreams are slow. */
  readonly #indexes: Index<T>[] = [];

  get(id: string): Batch<T> | undefined {
    for (const { batchOf } of this.#indexes) {
      const batch = batchOf.get(id);
      if (batch && !batch.isForgotten) return batch;
    }
    return undefined;
  }

  set(id: string, batch: Batch<T>): void {
    batch.index ??= this.#open();
    batch.index.batchOf.set(id, batch);
  }

  /** From here on the ids of this batch are in none. */
  forget(batch: Batch<T>): void {
    if (batch.isForgotten || !batch.index) return;
    batch.isForgotten = true;
    if (--batch.index.openBatches === 0) this.#indexes.splice(this.#indexes.indexOf(batch.index), 1);
  }

  #open(): Index<T> {
    let index = this.#indexes.at(-1);
    if (!index || index.batchOf.size >= MANY_IDS) this.#indexes.push((index = { batchOf: new Map(), openBatches: 0 }));
    index.openBatches++;
    return index;
  }
}
