/**
 * A small random generator (a mixed 32-bit counter). The same seed always gives the same sequence. For invented data, not for
 * secrets.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return scramble(this.#state) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)] as T;
  }

  /** `yyyy-MM-dd`, with the year in the range. Days end at 28, because every month has 28. */
  date(firstYear: number, lastYear: number): string {
    const part = (value: number) => String(value).padStart(2, '0');
    return `${this.between(firstYear, lastYear)}-${part(this.between(1, 12))}-${part(this.between(1, 28))}`;
  }

  digits(count: number): string {
    return this.#draw(count, 10);
  }

  /** A UUID of version 4. */
  uuid(): string {
    const hex = (count: number) => this.#draw(count, 16);
    return `${hex(8)}-${hex(4)}-4${hex(3)}-${this.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
  }

  /** Without an array, which would take three times as long: each sandbox draws tens of thousands of digits. */
  #draw(count: number, radix: number): string {
    let digits = '';
    for (let n = 0; n < count; n++) digits += this.between(0, radix - 1).toString(radix);
    return digits;
  }
}

/** A 32-bit hash of a 32-bit number. */
export function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
