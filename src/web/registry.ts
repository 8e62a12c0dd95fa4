/** What a registry holds. It belongs to one registry at most. */
export interface Entry {
  /** Where the registry holds it. */
  place: number;
}

/**
 * Entries that come and go with each request, in no order. A Set or a Map would do the same, but is dear in this place: V8
 * gives it a new table after every few changes, and each old table refers to the next one. Once one of them is in the old
 * generation, all later ones stay alive with what they hold until the next full collection. That tripled the time that
 * garbage collection takes.
 */
export class Registry<T extends Entry> {
  readonly #entries: T[] = [];

  /** A copy: entries may come and go while you look at it. */
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
