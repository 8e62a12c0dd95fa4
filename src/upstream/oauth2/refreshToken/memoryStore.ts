import type { Kept } from './state.js';
import type { Change, StateStore } from './store.js';

/** Keeps the state in memory only. The next start begins anew. */
export class MemoryStore implements StateStore {
  #kept: Kept | undefined;

  async update(change: Change): Promise<Kept | undefined> {
    return (this.#kept = change(this.#kept, Date.now()));
  }

  isGone(): boolean {
    return false;
  }
}
