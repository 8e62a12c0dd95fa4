/** A clock that moves only when nothing can happen before: seconds pass in microseconds, always in the same order. */
export class VirtualTime {
  nowMs = 0;
  readonly #timers: { readonly atMs: number; readonly go: () => void }[] = [];

  sleep(forMs: number): Promise<void> {
    return new Promise((go) => this.at(this.nowMs + forMs, go));
  }

  at(atMs: number, go: () => void): void {
    const place = this.#timers.findLastIndex((timer) => timer.atMs <= atMs) + 1;
    this.#timers.splice(place, 0, { atMs, go });
  }

  /** Lets everything happen that happens by `untilMs`. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      // Promises that can go on do so first.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#timers.length === 0 || this.#timers[0]!.atMs > untilMs) break;
      const { atMs, go } = this.#timers.shift()!;
      this.nowMs = Math.max(this.nowMs, atMs);
      go();
    }
    this.nowMs = untilMs;
  }
}
