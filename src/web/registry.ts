/** An entry of at most one registry. */
export interface Entry {
  /** Its index in the registry. */
  place: number;
}

/**
 * Unordered entries that come and go with each request. A Set or a Map is slow here: V8 gives it a new table after every few
 * changes, and each old table refers to the next one. Once a table is in the old generation, all later ones stay alive with
 * what they hold until the next full collection (docs/performance.md).
 */
export class Registry<T extends Entry> {
  readonly #entries: T[] = [];

  /** A copy: entries may come and go while you iterate. */
  all(): T[] {
    return [...this.#entries];
  }

  add(entry: T): void {
    entry.place = this.#entries.push(entry) - 1;
  }

  /** False if the registry does not hold it. */
  delete(entry: T): boolean {
    if (this.#entries[entry.place] !== entry) return false;
    const last = this.#entries.pop()!;
    if (last !== entry) {
      this.#entries[entry.place] = last;
      last.place = entry.place;
    }
    return true;
  }
}
