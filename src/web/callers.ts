import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import type { AuthConfig } from '../config.js';
import { ContactsError, type ErrorFacts } from '../errors.js';
import { createCallerKeys, NoKeys, type CallerKeys, type CallerKeysOptions } from './callerKeys.js';

/** Reads an `Authorization` header and returns the caller's scopes. Throws UNAUTHENTICATED for a bad token. */
export type Callers = (authorization: string | undefined) => Promise<ReadonlySet<string>>;

const ANONYMOUS: ReadonlySet<string> = new Set();

/** Only asymmetric algorithms: with HS256, an attacker could sign with the public key as the secret. */
export const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];

/** The `typ` of an access token (RFC 9068) or of a general JWT. Others, such as logout tokens, are refused. */
const TYPE = /^(application\/)?(at\+)?jwt$/i;

/** How far an issuer's clock may be from ours. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** How many keys are tried for one token. */
const MAX_KEYS = 10;

type Parts = Partial<Pick<CallerKeysOptions, 'now' | 'onFailure' | 'dispatcher'>>;

/** Identifies callers by tokens that `auth` verifies. Without it, every caller is anonymous. */
export function createCallers(auth: AuthConfig | undefined, { now = Date.now, onFailure = () => {}, dispatcher }: Parts = {}): Callers {
  if (!auth) return async () => ANONYMOUS;
  const keys = createCallerKeys({ jwksUrl: auth.jwksUrl, dispatcher, now, onFailure });
  const checks = { algorithms: ALGORITHMS, issuer: auth.issuer, audience: auth.audience, requiredClaims: ['exp'], clockTolerance: CLOCK_TOLERANCE_SECONDS };
  return async (authorization) => {
    if (authorization === undefined) return ANONYMOUS;
    const token = /^bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
    if (token === undefined) throw new ContactsError('UNAUTHENTICATED', undefined, { fault: 'token' });
    try {
      const { payload, protectedHeader } = await verifyWithNewKeys(token, keys, { ...checks, currentDate: new Date(now()) });
      const typ: unknown = protectedHeader.typ;
      if (typ !== undefined && !(typeof typ === 'string' && TYPE.test(typ))) throw new errors.JWTInvalid();
      return scopesIn(payload);
    } catch (cause) {
      throw new ContactsError('UNAUTHENTICATED', undefined, { cause, ...reasonFor(cause) });
    }
  };
}

/** What callers are told. jose looks at the expiry of a token after its signature, so only its holder learns that it has expired. */
function reasonFor(cause: unknown): ErrorFacts {
  if (cause instanceof NoKeys) return { fault: 'unverifiedToken', isTransient: true };
  return { fault: cause instanceof errors.JWTExpired ? 'expiredToken' : 'token' };
}

/** Verifies a token. If one without a `kid` fits no key, its key may be new: fetches the keys and tries again. */
async function verifyWithNewKeys(token: string, keys: CallerKeys, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await verify(token, keys.find, options);
  } catch (error) {
    if (!(error instanceof errors.JWSSignatureVerificationFailed) || decodeProtectedHeader(token).kid !== undefined) throw error;
    await keys.renew();
    return verify(token, keys.find, options);
  }
}

/** Verifies a token. Without a `kid` several keys may match, and are tried in turn. */
async function verify(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tried = 0;
    for await (const key of error) {
      if (++tried > MAX_KEYS) break;
      try {
        return await jwtVerify(token, key, options);
      } catch (failure) {
        // The signature is valid, so this is the right key.
        if (failure instanceof errors.JWTExpired || failure instanceof errors.JWTClaimValidationFailed) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** `scope` is a text with spaces (RFC 8693). Some issuers send `scp`, a text or a list. */
function scopesIn({ scope, scp }: JWTPayload): ReadonlySet<string> {
  const scopes = [scope, scp].flat().flatMap((claim) => (typeof claim === 'string' ? claim.split(' ') : []));
  return new Set(scopes.filter((one) => one !== ''));
}
