import type { Outcome } from '../errors.js';

/** The ids of one call to an upstream: those that wait to be sent, or are on the wire. */
export class Batch<T> {
  readonly ids: string[];
  /** Set once the call is over. */
  outcomes: ReadonlyMap<string, Outcome<T>> | undefined;
  /** How many requests need this call. */
  waiters = 0;
  /** Ends the call. */
  readonly call = new AbortController();
  readonly #listeners: (() => void)[] = [];
  #bytes: number;

  constructor(
    first: string,
    /** Whether everything is asked for that the upstream can tell. */
    readonly full: boolean,
  ) {
    this.ids = [first];
    this.#bytes = first.length;
  }

  /** Takes one more id if there is room: at most `maxIds` ids, and `maxBytes` bytes with their commas. */
  add(id: string, maxIds: number, maxBytes: number): boolean {
    const bytes = this.#bytes + 1 + id.length;
    if (this.ids.length >= maxIds || bytes > maxBytes) return false;
    this.ids.push(id);
    this.#bytes = bytes;
    return true;
  }

  onSettled(listener: () => void): void {
    this.#listeners.push(listener);
  }

  settle(outcomes: ReadonlyMap<string, Outcome<T>>): void {
    this.outcomes = outcomes;
    for (const listener of this.#listeners) listener();
  }
}
