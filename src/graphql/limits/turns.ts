/** How many fields all operations together may resolve in one turn of the event loop. That many take graphql-js about 5 ms. */
export const FIELDS_A_TURN = 5_000;

/** With more fields under way, the next operation is refused. A million take graphql-js a second and about 100 MB. */
export const MAX_FIELDS_UNDER_WAY = 1_000_000;

/**
 * Shares the event loop between all operations of the process, since graphql-js resolves any number of fields without a pause
 * (docs/performance.md). Each list takes its turn before it is resolved. Once this turn of the event loop is used up, lists
 * wait for a later one, first come, first served.
 */
export class Turns {
  readonly #waiting: { readonly fields: number; readonly go: () => void }[] = [];
  #left = FIELDS_A_TURN;
  #renewsSoon = false;
  #underWay = 0;

  /** Counts the fields of an operation that starts. False, and not counted, if too many are under way. Small ones always pass. */
  begin(fields: number): boolean {
    if (fields > FIELDS_A_TURN && this.#underWay + fields > Math.max(fields, MAX_FIELDS_UNDER_WAY)) return false;
    this.#underWay += fields;
    return true;
  }

  /** Call it when the operation has ended. */
  end(fields: number): void {
    this.#underWay -= fields;
  }

  /** Undefined if `fields` may be resolved at once, otherwise a promise that resolves in their turn. */
  take(fields: number): Promise<void> | undefined {
    this.#renewSoon();
    // Nobody waits while something is left.
    if (this.#left > 0) {
      this.#left -= fields;
      return undefined;
    }
    return new Promise((go) => this.#waiting.push({ fields, go }));
  }

  /** In the next `setImmediate`, after pending I/O. */
  #renewSoon(): void {
    if (this.#renewsSoon) return;
    this.#renewsSoon = true;
    setImmediate(() => {
      this.#renewsSoon = false;
      this.#left = FIELDS_A_TURN;
      if (this.#waiting.length === 0) return;
      this.#renewSoon();
      // Grants until the turn is used up. The last one may exceed it.
      let granted = 0;
      while (granted < this.#waiting.length && this.#left > 0) this.#left -= this.#waiting[granted++]!.fields;
      for (const { go } of this.#waiting.splice(0, granted)) go();
    });
  }
}
