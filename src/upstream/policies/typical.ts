/** How much one value can change it. An average would follow the few calls that are very slow. */
const STEP = 0.05;
/** The first values are those of cold connections and code, and say little. */
const FEW = 20;

/** The typical value, about the median, of those that came lately. 0 while few are known. */
export class Typical {
  #count = 0;
  #value = 0;

  add(value: number): void {
    this.#count++;
    const most = Math.max(STEP, 1 / this.#count) * this.#value;
    this.#value += this.#count === 1 ? value : Math.min(most, Math.max(-most, value - this.#value));
  }

  get value(): number {
    return this.#count < FEW ? 0 : this.#value;
  }
}
