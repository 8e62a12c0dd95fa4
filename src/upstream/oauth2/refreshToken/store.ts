import type { Kept } from './state.js';

/** Returns the state that the store shall hold. It may run more than once, so it changes nothing else. Undefined: nothing is kept. */
export type Change = (kept: Kept | undefined, nowMs: number) => Kept | undefined;

/** Where processes share the state of a refresh token: memory, a file, or Redis. */
export interface StateStore {
  /**
   * Reads the state, applies `change`, and writes the result if it is another object: no process writes in between. Returns
   * what the store then holds. `nowMs` is the time in milliseconds since 1970 by a clock that all processes share. Resolves
   * only after the state is durable. Throws StoreFailure.
   */
  update(change: Change): Promise<Kept | undefined>;
  /** Whether the process with this name has ended for certain. False if that cannot be known. */
  isGone(holder: string): boolean;
}

/** What is wrong with a store, in words for an operator. */
export type StoreProblem =
  | 'away'
  | 'slow'
  | 'missing'
  | 'no permission'
  | 'read-only'
  | 'full'
  | 'a folder'
  | 'a mount of its own'
  | 'failing'
  | 'wrong password'
  | 'wrong database'
  | 'broken';

/** A store could not be read or written. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';

  /**
   * `seen` is what the store holds, where it can be read but not written by anybody at the moment. Undefined: another process
   * may be able to write.
   */
  constructor(
    readonly problem: StoreProblem,
    readonly seen?: { readonly kept: Kept | undefined; readonly nowMs: number },
    options?: ErrorOptions,
  ) {
    super(`the store of the refresh token: ${problem}`, options);
  }
}
