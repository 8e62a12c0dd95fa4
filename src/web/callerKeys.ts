import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { request } from 'undici';
import { readText } from '../readBody.js';

export interface CallerKeysOptions {
  readonly jwksUrl: URL;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told of each attempt that brought no keys. */
  readonly onFailure: (error: unknown) => void;
}

export interface CallerKeys {
  /** For jose's `jwtVerify`. */
  readonly find: JWTVerifyGetKey;
  /** Resolves once the keys have been asked for again, or at once if it is too early for that. */
  renew(): Promise<void>;
}

/** Keys older than this are asked for again, while callers go on with those there are. */
const FRESH_MS = 600_000;
/** Keys older than this are used no more: one that was withdrawn must not live for as long as its server is down. */
const USABLE_MS = 3_600_000;
/** Between two attempts, whatever key ids callers make up. */
const COOLDOWN_MS = 30_000;
/** Between two attempts while there are no keys at all, and every caller waits. */
const URGENT_COOLDOWN_MS = 1_000;
/** For a whole answer. */
const TIMEOUT_MS = 3_000;
const MAX_SET_BYTES = 1_048_576;

/**
 * The keys that a key server publishes. A token of a known key never waits for the server, unless
 * the keys are older than an hour; one of an unknown key waits for one attempt, if it is time for one. jose's own remote
 * set does not serve here: it forgets keys that it cannot renew, and asks a server that is down as often as callers come.
 */
export function createCallerKeys({ jwksUrl, now, onFailure }: CallerKeysOptions): CallerKeys {
  let keys: JWTVerifyGetKey | undefined;
  let fetchedAtMs = -Infinity;
  let triedAtMs = -Infinity;
  let attempt: Promise<void> | undefined;

  const areYoungerThan = (ageMs: number): boolean => now() - fetchedAtMs < ageMs;
  const renew = async (): Promise<void> => {
    triedAtMs = now();
    try {
      keys = await fetchKeys(jwksUrl);
      fetchedAtMs = triedAtMs;
    } catch (error) {
      onFailure(error);
    } finally {
      attempt = undefined;
    }
  };
  /** Resolves when the attempt under way is over, or at once if it is too early for another. */
  const renewAtMostEvery = async (cooldownMs: number): Promise<void> => {
    if (!attempt && now() - triedAtMs >= cooldownMs) attempt = renew();
    await attempt;
  };

  const find: JWTVerifyGetKey = async (header, token) => {
    if (!areYoungerThan(USABLE_MS)) await renewAtMostEvery(URGENT_COOLDOWN_MS);
    else if (!areYoungerThan(FRESH_MS)) void renewAtMostEvery(COOLDOWN_MS);
    if (!keys || !areYoungerThan(USABLE_MS)) throw new errors.JWKSNoMatchingKey();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await renewAtMostEvery(COOLDOWN_MS);
      return keys(header, token);
    }
  };
  return { find, renew: () => renewAtMostEvery(COOLDOWN_MS) };
}

/**
 * Rejects an unreadable or empty key set: a server that sends one is in trouble, and has not withdrawn all keys.
 * Follows no redirect.
 */
async function fetchKeys(url: URL): Promise<JWTVerifyGetKey> {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'application/json' } });
  const text = await readText(body, MAX_SET_BYTES);
  if (statusCode !== 200) throw new errors.JWKSInvalid();
  const set = JSON.parse(text) as JSONWebKeySet;
  const keys = createLocalJWKSet(set);
  if (set.keys.length === 0) throw new errors.JWKSInvalid();
  return keys;
}
