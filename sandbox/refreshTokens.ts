import { randomUUID } from 'node:crypto';

/** Refresh tokens that are good for one use, as those of CAS 360, or for any number of uses. */
export class RefreshTokens {
  /** Whether a use voids the token and brings the next one. */
  rotates = true;
  /** How often a token came that had been used before. */
  spentUses = 0;
  readonly #spent = new Map<string, boolean>();

  issue(): string {
    const token = `refresh-${randomUUID()}`;
    this.#spent.set(token, false);
    return token;
  }

  /** The token to use next time: another one, which voids this, or the same; undefined for one that is spent or was never given out. */
  exchange(token: string): string | undefined {
    const spent = this.#spent.get(token);
    if (spent) this.spentUses++;
    if (spent !== false) return undefined;
    if (!this.rotates) return token;
    this.#spent.set(token, true);
    return this.issue();
  }
}
