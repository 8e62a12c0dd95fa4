import { waitFor, type Signal } from '../../deadline.js';

interface Waiting {
  readonly wake: () => void;
  readonly isRefused: () => boolean;
}

/**
 * Lets calls wait for their turn, in the order in which they came. `waitMs` says how long the next one has to wait; Infinity:
 * until `changed` is called.
 */
export class Slots {
  readonly #waitMs: () => number;
  #waiting: Waiting[] = [];
  #listener = (): void => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(waitMs: () => number) {
    this.#waitMs = waitMs;
  }

  /** Whether a call may leave now. If not, the listener is called as soon as one may. */
  get isFree(): boolean {
    if (this.#waiting.length === 0 && this.#waitMs() === 0) return true;
    this.#callLater();
    return false;
  }

  /** Called when a call may leave, and none waits here. */
  onFree(listener: () => void): void {
    this.#listener = listener;
  }

  /**
   * Resolves when it is this call's turn, or when it is refused, or rejects with the signal's reason. The call must begin or
   * end at once.
   */
  async enter(signal: Signal, isRefused: () => boolean): Promise<void> {
    let own: Waiting | undefined;
    const turn = new Promise<void>((wake) => this.#waiting.push((own = { wake, isRefused })));
    this.#callLater();
    try {
      await waitFor(turn, signal);
    } finally {
      this.#waiting = this.#waiting.filter((one) => one !== own);
      // This call may have been refused meanwhile, or there is room for more than one.
      this.#callLater();
    }
  }

  /** Call it when a call has ended: then another may leave, or must be refused. */
  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { wake, isRefused } of this.#waiting) if (isRefused()) wake();
    if (this.#waitMs() > 0) return this.#callLater();
    const [next] = this.#waiting;
    if (next) next.wake();
    else this.#listener();
  }

  /** Stops the timer. Calls that wait go on waiting. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #callLater(): void {
    if (this.#timer) return;
    const ms = this.#waitMs();
    if (ms !== Infinity) this.#timer = setTimeout(() => this.changed(), ms);
  }
}
