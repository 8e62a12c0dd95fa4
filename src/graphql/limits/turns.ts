/** How many fields all operations together may resolve before other work gets its turn. graphql-js takes some 5 ms for them. */
export const FIELDS_A_TURN = 5_000;

/** With more fields waiting, the next ones would have to wait for half a second. */
const MANY_WAITING_FIELDS = 100 * FIELDS_A_TURN;

/**
 * Shares the event loop between all operations of the process. Resolving a field takes no call, so that nothing else would
 * interrupt an answer of 250,000 fields: half a second in which nobody is served, not even a health check. Lists ask for a
 * turn before they are resolved, and wait for the next one where this one is used up. They go on in the order of asking.
 */
export class Turns {
  readonly #waiting: { readonly fields: number; readonly go: () => void }[] = [];
  #waitingFields = 0;
  #left = FIELDS_A_TURN;
  #renewsSoon = false;

  /** Whether so many fields wait that it is better to refuse an operation than to answer it late. */
  get areCrowded(): boolean {
    return this.#waitingFields > MANY_WAITING_FIELDS;
  }

  /** Undefined where `fields` may be resolved at once, or a promise of the turn in which they may. */
  take(fields: number): Promise<void> | undefined {
    this.#renewSoon();
    if (this.#left > 0 && this.#waiting.length === 0) {
      this.#left -= fields;
      return undefined;
    }
    this.#waitingFields += fields;
    return new Promise((go) => this.#waiting.push({ fields, go }));
  }

  /** Once the event loop has looked after its connections. */
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
      this.#waitingFields -= FIELDS_A_TURN - this.#left;
      for (const { go } of this.#waiting.splice(0, granted)) go();
    });
  }
}
