/** How many fields all operations together may resolve in one turn of the event loop. graphql-js takes some 5 ms for them. */
export const FIELDS_A_TURN = 5_000;

/** With more fields under way, the next operation is refused. graphql-js takes a second for them, and some 100 MB. */
export const MAX_FIELDS_UNDER_WAY = 1_000_000;

/**
 * Shares the event loop between all operations of the process. graphql-js would resolve 250,000 fields without a pause, and
 * block the loop for a quarter of a second. So each list asks before it is resolved, and waits for a later turn of the loop
 * once this one is used up. Who asks first goes first.
 */
export class Turns {
  readonly #waiting: { readonly fields: number; readonly go: () => void }[] = [];
  #left = FIELDS_A_TURN;
  #renewsSoon = false;
  #underWay = 0;

  /** Counts the fields of an operation that begins. False if too many are under way, unless it is a small one; then nothing is counted. */
  begin(fields: number): boolean {
    if (fields > FIELDS_A_TURN && this.#underWay + fields > Math.max(fields, MAX_FIELDS_UNDER_WAY)) return false;
    this.#underWay += fields;
    return true;
  }

  /** The operation has ended. */
  end(fields: number): void {
    this.#underWay -= fields;
  }

  /** Undefined where `fields` may be resolved at once, or a promise of the turn in which they may. */
  take(fields: number): Promise<void> | undefined {
    this.#renewSoon();
    if (this.#left > 0 && this.#waiting.length === 0) {
      this.#left -= fields;
      return undefined;
    }
    return new Promise((go) => this.#waiting.push({ fields, go }));
  }

  /** In the next `setImmediate`, after pending input and output. */
  #renewSoon(): void {
    if (this.#renewsSoon) return;
    this.#renewsSoon = true;
    setImmediate(() => {
      this.#renewsSoon = false;
      this.#left = FIELDS_A_TURN;
      if (this.#waiting.length === 0) return;
      this.#renewSoon();
      // As many as fit, the last one of them in part.
      let granted = 0;
      while (granted < this.#waiting.length && this.#left > 0) this.#left -= this.#waiting[granted++]!.fields;
      for (const { go } of this.#waiting.splice(0, granted)) go();
    });
  }
}
