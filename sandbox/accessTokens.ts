import { randomUUID } from 'node:crypto';

/** The access tokens that one sandbox system has given out. */
export class AccessTokens {
  /** How long a token given out from now on lives. 0 is already over; fractions are fine. */
  lifetimeSeconds = 3600;
  readonly #endings = new Map<string, number>();

  issue(): { access_token: string; expires_in: number } {
    const token = `access-${randomUUID()}`;
    this.#endings.set(token, Date.now() + this.lifetimeSeconds * 1000);
    return { access_token: token, expires_in: this.lifetimeSeconds };
  }

  isValid(token: string): boolean {
    return (this.#endings.get(token) ?? 0) > Date.now();
  }

  revokeAll(): void {
    this.#endings.clear();
  }
}

/** The token of an `Authorization` header; the scheme counts in any case, as CAS 360 prints it in lower case. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
}
