import { randomUUID } from 'node:crypto';

/** A person's approval. All tokens that come of it are void if it is. */
export interface Approval {
  isVoid: boolean;
}

/** Whether a token has the form of those that a sandbox issues. */
export function isOfSandbox(token: string): boolean {
  return /^refresh-[0-9a-f-]{36}$/.test(token);
}

/** Refresh tokens that are valid for one use, like those of CAS 360, or for any number. */
export class RefreshTokens {
  /** Whether a use voids the token and returns the next one. */
  rotates = true;
  /** How often a used token was sent again. */
  spentUses = 0;
  readonly #issued = new Map<string, { isSpent: boolean; readonly from: Approval }>();

  issue(from: Approval = { isVoid: false }): string {
    const token = `refresh-${randomUUID()}`;
    this.#issued.set(token, { isSpent: false, from });
    return token;
  }

  /** Returns the token for the next use: a new one, which voids this one, or the same. Undefined if it is used, void or unknown. */
  exchange(token: string): string | undefined {
    const issued = this.#issued.get(token);
    if (issued?.isSpent) this.spentUses++;
    if (!issued || issued.isSpent || issued.from.isVoid) return undefined;
    if (!this.rotates) return token;
    issued.isSpent = true;
    return this.issue(issued.from);
  }

  /** The approval of which the token came. */
  approvalOf(token: string): Approval | undefined {
    return this.#issued.get(token)?.from;
  }
}
