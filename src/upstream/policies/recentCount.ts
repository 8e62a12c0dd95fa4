const SLOTS = 10;

/** Counts what happened within the last `windowMs` milliseconds, to a tenth of that. Adding takes constant time. */
export class RecentCount {
  readonly #slotMs: number;
  readonly #slots: number[] = new Array<number>(SLOTS).fill(0);
  #lastSlot = 0;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  add(nowMs: number): void {
    this.#advance(nowMs);
    this.#slots[this.#lastSlot % SLOTS]! += 1;
  }

  total(nowMs: number): number {
    this.#advance(nowMs);
    let sum = 0;
    for (const count of this.#slots) sum += count;
    return sum;
  }

  /** Empties the slots whose time is over. */
  #advance(nowMs: number): void {
    const slot = Math.floor(nowMs / this.#slotMs);
    const passed = Math.min(SLOTS, slot - this.#lastSlot);
    for (let n = 1; n <= passed; n++) this.#slots[(slot - n + 1) % SLOTS] = 0;
    this.#lastSlot = slot;
  }
}
