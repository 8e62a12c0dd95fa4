import { randomUUID } from 'node:crypto';
import type { Approval } from './refreshTokens.js';

export const USUAL_LIFETIME_SECONDS = 3600;

/** The access tokens that one sandbox system has issued. */
export class AccessTokens {
  /** The lifetime of tokens issued from now on. At 0 they have already expired. Fractions are allowed. */
  lifetimeSeconds = USUAL_LIFETIME_SECONDS;
  readonly #issued = new Map<string, { readonly endsAtMs: number; readonly from: Approval | undefined }>();

  /** The token is void once `from` is. */
  issue(from?: Approval): { access_token: string; expires_in: number } {
    const token = `access-${randomUUID()}`;
    this.#issued.set(token, { endsAtMs: Date.now() + this.lifetimeSeconds * 1000, from });
    return { access_token: token, expires_in: this.lifetimeSeconds };
  }

  isValid(token: string): boolean {
    const issued = this.#issued.get(token);
    return issued !== undefined && issued.endsAtMs > Date.now() && !issued.from?.isVoid;
  }

  revokeAll(): void {
    this.#issued.clear();
  }
}

/** The token of an `Authorization` header. Ignores the case of the scheme, because CAS 360 writes it in lower case. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
}
