import type { Outcome } from '../errors.js';
import type { Life } from '../life.js';
import { Aborter } from '../signal.js';
import type { UpstreamCall } from '../watch.js';
import type { Index } from './pending.js';

/** The ids of one call to an upstream: those that wait to be sent, or are on the wire. */
export class Batch<T> {
  readonly ids: string[] = [];
  /** Of the ids with commas between them. */
  idBytes = 0;
  /** Its place in the queue: the lower goes first. */
  turn = 0;
  /** How many requests need this call, and when the last of them gives up. */
  waiters = 0;
  endsAtMs = 0;
  /** Where its ids are found, and whether they may be asked for anew. */
  index: Index<T> | undefined;
  isForgotten = false;
  /** Whether it is in the queue. */
  isWaiting = false;
  /** The trace of the operation that asked first. */
  traceparent: string | undefined;
  /** Every call that was made for it: again after a failure, or in parts. */
  readonly calls: UpstreamCall[] = [];
  /** Ends the call. */
  readonly call = new Aborter();
  readonly #listeners: ((outcomes: ReadonlyMap<string, Outcome<T>>) => void)[] = [];

  constructor(
    /** Whether everything is asked for that the upstream can tell. */
    readonly full: boolean,
  ) {}

  add(id: string): void {
    this.idBytes += id.length + (this.ids.length === 0 ? 0 : 1);
    this.ids.push(id);
  }

  join(life: Life): void {
    this.waiters++;
    this.traceparent ??= life.traceparent;
    this.endsAtMs = Math.max(this.endsAtMs, life.endsAtMs);
  }

  onSettled(listener: (outcomes: ReadonlyMap<string, Outcome<T>>) => void): void {
    this.#listeners.push(listener);
  }

  /** Tells those who wait, and keeps nothing of it. */
  settle(outcomes: ReadonlyMap<string, Outcome<T>>): void {
    for (const listener of this.#listeners.splice(0)) listener(outcomes);
  }
}
