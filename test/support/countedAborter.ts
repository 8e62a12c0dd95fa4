import { Aborter } from '../../src/deadline.js';

/** An aborter that tells how many listeners it holds. */
export class CountedAborter extends Aborter {
  readonly #listeners = new Set<() => void>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  override abort(reason?: Error): void {
    super.abort(reason);
    // An AbortSignal lets go of its listeners too.
    this.#listeners.clear();
  }

  override addEventListener(type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
    super.addEventListener(type, listener);
  }

  override removeEventListener(type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
    super.removeEventListener(type, listener);
  }
}
