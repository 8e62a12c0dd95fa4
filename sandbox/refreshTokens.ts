import { randomUUID } from 'node:crypto';

/** Refresh tokens that are valid for one use, like those of CAS 360, or for any number. */
export class RefreshTokens {
  /** Whether a use voids the token and returns the next one. */
  rotates = true;
  /** How often a used token was sent again. */
  spentUses = 0;
  readonly #spent = new Map<string, boolean>();

  issue(): string {
    const token = `refresh-${randomUUID()}`;
    this.#spent.set(token, false);
    return token;
  }

  /** Returns the token for the next use: a new one, which voids this one, or the same. Undefined if it is used or unknown. */
  exchange(token: string): string | undefined {
    const spent = this.#spent.get(token);
    if (spent) this.spentUses++;
    if (spent !== false) return undefined;
    if (!this.rotates) return token;
    this.#spent.set(token, true);
    return this.issue();
  }
}
