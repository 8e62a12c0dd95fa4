import { LRUCache } from 'lru-cache';
import type { Cache } from './cachedRecords.js';

export interface MemoryCacheOptions {
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly onLookup: (outcome: 'hit' | 'miss', count: number) => void;
}

/** The records that this process has read. The least recently used go first. */
export class MemoryCache<R extends object> implements Cache<R> {
  readonly #options: MemoryCacheOptions;
  readonly #entries: LRUCache<string, { readonly record: R; readonly relationships: boolean }>;
  /** Read once for all ids of a call. */
  #nowMs = 0;

  constructor(options: MemoryCacheOptions) {
    this.#options = options;
    this.#entries = new LRUCache({ max: options.maxEntries, ttl: options.ttlMs, ttlResolution: 0, perf: { now: () => this.#nowMs } });
  }

  find(ids: readonly string[], relationships: boolean): Map<string, R> {
    this.#nowMs = this.#options.now();
    const found = new Map<string, R>();
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry && (entry.relationships || !relationships)) found.set(id, entry.record);
    }
    this.#options.onLookup('hit', found.size);
    this.#options.onLookup('miss', ids.length - found.size);
    return found;
  }

  keep(records: ReadonlyMap<string, R>, relationships: boolean): void {
    this.#nowMs = this.#options.now();
    for (const [id, record] of records) {
      // A plain call can return after a later one with relationships for the same id.
      if (relationships || !this.#entries.peek(id)?.relationships) this.#entries.set(id, { record, relationships });
    }
  }
}
