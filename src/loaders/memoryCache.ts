import { LRUCache } from 'lru-cache';
import type { Cache } from './cachedRequests.js';

export interface MemoryCacheOptions {
  readonly ttlMs: number;
  readonly maxEntries: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly onLookup: (outcome: 'hit' | 'miss', count: number) => void;
}

/** Keeps what this process has read; the least used goes first. */
export class MemoryCache<T extends object> implements Cache<T> {
  readonly #options: MemoryCacheOptions;
  readonly #entries: LRUCache<string, { readonly thing: T; readonly full: boolean }>;
  /** Read once for all ids of a call. */
  #nowMs = 0;

  constructor(options: MemoryCacheOptions) {
    this.#options = options;
    this.#entries = new LRUCache({ max: options.maxEntries, ttl: options.ttlMs, ttlResolution: 0, perf: { now: () => this.#nowMs } });
  }

  find(ids: readonly string[], full: boolean): Map<string, T> {
    this.#nowMs = this.#options.now();
    const found = new Map<string, T>();
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry && (entry.full || !full)) found.set(id, entry.thing);
    }
    this.#options.onLookup('hit', found.size);
    this.#options.onLookup('miss', ids.length - found.size);
    return found;
  }

  keep(things: ReadonlyMap<string, T>, full: boolean): void {
    this.#nowMs = this.#options.now();
    for (const [id, thing] of things) {
      // A plain call may return after one in full, for the same id, that went out later.
      if (full || !this.#entries.peek(id)?.full) this.#entries.set(id, { thing, full });
    }
  }
}
