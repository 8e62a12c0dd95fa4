import { LRUCache } from 'lru-cache';

/** The entry of one name. */
interface Place<T> {
  readonly label: string;
  readonly kept: T;
  /** How often the name was used. Halved with each period. */
  uses: number;
}

interface Options<T> {
  readonly make: () => T;
  /** Called with the value of a name that loses its place. */
  readonly forget: (kept: T) => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

const MAX_NAMES = 100;
const MAX_NAME_LENGTH = 100;
/** Names without a place whose uses are counted too. */
const MAX_CANDIDATES = 10_000;
const PERIOD_MS = 300_000;

/**
 * Keeps a value for each of the 100 most used operation names; all others share one. Callers choose the names and can invent
 * any number of them. A name replaces the least used one when it has more uses, and at least two. So names that are used
 * once replace nothing, and names that are no longer used are replaced in time.
 */
export class OperationNames<T> {
  readonly #options: Options<T>;
  readonly #now: () => number;
  readonly #anonymous: Place<T>;
  readonly #other: Place<T>;
  readonly #places = new Map<string, Place<T>>();
  readonly #candidates = new LRUCache<string, number>({ max: MAX_CANDIDATES });
  #periodBeganAt: number;

  constructor(options: Options<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#periodBeganAt = this.#now();
    this.#anonymous = { label: 'anonymous', kept: options.make(), uses: 0 };
    this.#other = { label: 'other', kept: options.make(), uses: 0 };
  }

  /** The entry of a name; `null` is an operation without one. */
  find(name: string | null): Place<T> {
    if (name === null || name === 'anonymous') return this.#anonymous;
    const place = this.#places.get(name) ?? this.#admit(name);
    place.uses++;
    return place;
  }

  #admit(given: string): Place<T> {
    if (given.length > MAX_NAME_LENGTH || given === 'other') return this.#other;
    // A copy: a substring keeps its whole document in memory.
    const name = Buffer.from(given).toString();
    this.#age();
    if (this.#places.size < MAX_NAMES) return this.#add(name, 0);
    const uses = (this.#candidates.get(name) ?? 0) + 1;
    const weakest = uses > 1 ? this.#weakest() : undefined;
    if (!weakest || uses <= weakest.uses) {
      this.#candidates.set(name, uses);
      return this.#other;
    }
    this.#candidates.delete(name);
    this.#places.delete(weakest.label);
    this.#options.forget(weakest.kept);
    return this.#add(name, uses - 1);
  }

  #add(label: string, uses: number): Place<T> {
    const place = { label, kept: this.#options.make(), uses };
    this.#places.set(label, place);
    return place;
  }

  #weakest(): Place<T> {
    return [...this.#places.values()].reduce((weakest, place) => (place.uses < weakest.uses ? place : weakest));
  }

  /** Halves the counts for each period that has ended. Only new names compare counts, so it runs only for them. */
  #age(): void {
    const periods = Math.floor((this.#now() - this.#periodBeganAt) / PERIOD_MS);
    if (periods === 0) return;
    this.#periodBeganAt += periods * PERIOD_MS;
    for (const place of this.#places.values()) place.uses = Math.floor(place.uses / 2 ** periods);
    this.#candidates.clear();
  }
}
