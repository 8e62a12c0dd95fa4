/** Lets steps of several actors happen one at a time, in an order that is drawn. */
export class Stage {
  readonly #waiting: (() => void)[] = [];
  readonly #draw: () => number;
  #working = 0;

  /** `draw` gives a whole number from 0 on. */
  constructor(draw: () => number) {
    this.#draw = draw;
  }

  /** Resolves when this step's turn has come. */
  step(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Something real, during which nobody else moves. */
  async work<T>(begin: () => Promise<T>): Promise<T> {
    this.#working++;
    try {
      return await begin();
    } finally {
      this.#working--;
    }
  }

  /** Resolves once nobody waits for a turn any more. */
  async play(): Promise<void> {
    for (;;) {
      do await new Promise((resolve) => setImmediate(resolve));
      while (this.#working > 0);
      if (this.#waiting.length === 0) return;
      this.#waiting.splice(this.#draw() % this.#waiting.length, 1)[0]!();
    }
  }
}
