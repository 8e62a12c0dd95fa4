import { jwtVerify, type JWTPayload } from 'jose';
import type { AuthConfig } from '../config.js';
import { ContactsError } from '../errors.js';
import { createCallerKeys, type CallerKeysOptions } from './callerKeys.js';

/** Reads an `Authorization` header and tells the caller's scopes. Throws UNAUTHENTICATED for a bad token. */
export type Callers = (authorization: string | undefined) => Promise<ReadonlySet<string>>;

const ANONYMOUS: ReadonlySet<string> = new Set();

/** Signatures by a key pair only: with a shared secret among them, the public key itself could sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

type Parts = Partial<Pick<CallerKeysOptions, 'now' | 'onFailure'>>;

/** Callers known by tokens that `auth` verifies; without it, everybody is anonymous. */
export function createCallers(auth: AuthConfig | undefined, { now = Date.now, onFailure = () => {} }: Parts = {}): Callers {
  if (!auth) return async () => ANONYMOUS;
  const keys = createCallerKeys({ jwksUrl: auth.jwksUrl, now, onFailure });
  const checks = { algorithms: ALGORITHMS, issuer: auth.issuer, audience: auth.audience, requiredClaims: ['exp'] };
  return async (authorization) => {
    if (authorization === undefined) return ANONYMOUS;
    const token = /^bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw new ContactsError('UNAUTHENTICATED');
    try {
      const { payload } = await jwtVerify(token, keys, { ...checks, currentDate: new Date(now()) });
      return scopesIn(payload);
    } catch (cause) {
      throw new ContactsError('UNAUTHENTICATED', undefined, { cause });
    }
  };
}

/** `scope` as RFC 8693 has it, one text with spaces; `scp` as others do, a text or a list. */
function scopesIn({ scope, scp }: JWTPayload): ReadonlySet<string> {
  const scopes = [scope, scp].flat().flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : []));
  return new Set(scopes.filter((one) => one !== ''));
}
