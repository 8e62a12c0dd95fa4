/** Numbers that look random, the same for the same seed: faster than fast-check where there have to be a million. */
export class Draw {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to, and without, `below` (mulberry32). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Text of `length` characters out of these. */
  text(length: number, characters: string): string {
    return Array.from({ length }, () => characters[this.below(characters.length)]).join('');
  }
}

/** A draw whose seed is printed. `DRAW_SEED` repeats it. */
export function newDraw(subject: string): Draw {
  const draw = new Draw(Number(process.env.DRAW_SEED ?? Date.now()) >>> 0);
  process.stdout.write(`  ${subject}: seed ${draw.seed}\n`);
  return draw;
}
