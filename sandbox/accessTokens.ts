import { randomUUID } from 'node:crypto';

/** The access tokens that one sandbox system has issued. */
export class AccessTokens {
  /** The lifetime of tokens issued from now on. At 0 they have already expired. Fractions are allowed. */
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

/** The token of an `Authorization` header. Ignores the case of the scheme, because CAS 360 writes it in lower case. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
}
