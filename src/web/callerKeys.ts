import { createLocalJWKSet, errors, type JSONWebKeySet, type JWK, type JWTVerifyGetKey } from 'jose';
import { request, type Dispatcher } from 'undici';
import { setPatientTimeout } from '../deadline.js';
import { readText } from '../readBody.js';

export interface CallerKeysOptions {
  readonly jwksUrl: URL;
  /** Fetches the keys; undefined: undici's own, which knows no proxy. */
  readonly dispatcher: Dispatcher | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called for each fetch that failed. */
  readonly onFailure: (error: unknown) => void;
}

export interface CallerKeys {
  /** For jose's `jwtVerify`. */
  readonly find: JWTVerifyGetKey;
  /** Fetches the keys again, unless the last fetch was too recent. */
  renew(): Promise<void>;
}

/** There are no usable keys at the moment: the key server does not give any. */
export class NoKeys extends Error {}

/** Older keys are fetched again in the background, and stay in use meanwhile. */
const FRESH_MS = 600_000;
/** Older keys are not used: a withdrawn key must not stay valid while its server is down. */
const USABLE_MS = 3_600_000;
/** Between two fetches, even if callers invent key ids. */
const COOLDOWN_MS = 30_000;
/** Between two fetches while there are no usable keys and every caller waits. */
const URGENT_COOLDOWN_MS = 1_000;
/** For the whole answer. */
const TIMEOUT_MS = 3_000;
const MAX_SET_BYTES = 1_048_576;

/**
 * The keys that a key server publishes. A token with a known key does not wait for the server, unless the keys are older than
 * an hour. A token with an unknown key waits for one fetch, unless the last one was too recent. jose's remote set drops keys
 * that it cannot renew, and calls a server that is down once per caller.
 */
export function createCallerKeys({ jwksUrl, dispatcher, now, onFailure }: CallerKeysOptions): CallerKeys {
  let keys: JWTVerifyGetKey | undefined;
  let fetchedAtMs = -Infinity;
  let triedAtMs = -Infinity;
  let attempt: Promise<void> | undefined;

  // If the clock is set back by hours, keys must not stay in use for longer by as much.
  const isWithin = (ms: number, sinceMs: number): boolean => Math.abs(now() - sinceMs) < ms;
  const areYoungerThan = (ageMs: number): boolean => isWithin(ageMs, fetchedAtMs);
  const renew = async (): Promise<void> => {
    triedAtMs = now();
    try {
      keys = await fetchKeys(jwksUrl, dispatcher);
      fetchedAtMs = triedAtMs;
    } catch (error) {
      onFailure(error);
    } finally {
      attempt = undefined;
    }
  };
  /** Waits for the fetch under way, or for a new one unless the last was too recent. */
  const renewAtMostEvery = async (cooldownMs: number): Promise<void> => {
    if (!attempt && !isWithin(cooldownMs, triedAtMs)) attempt = renew();
    await attempt;
  };

  const find: JWTVerifyGetKey = async (header, token) => {
    if (!areYoungerThan(USABLE_MS)) await renewAtMostEvery(URGENT_COOLDOWN_MS);
    else if (!areYoungerThan(FRESH_MS)) void renewAtMostEvery(COOLDOWN_MS);
    if (!keys || !areYoungerThan(USABLE_MS)) throw new NoKeys();
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

/** jose looks at each key for each token, and compares each operation of a key with every other one. */
const MAX_KEYS = 100;
const MAX_OPERATIONS = 20;

function hasManyOperations({ key_ops: operations }: JWK): boolean {
  return Array.isArray(operations) && operations.length > MAX_OPERATIONS;
}

/** Rejects an unreadable or empty key set, and one that takes long to search: it is a fault of the server, not a withdrawal of all keys. Follows no redirect. */
async function fetchKeys(url: URL, dispatcher: Dispatcher | undefined): Promise<JWTVerifyGetKey> {
  const set = JSON.parse(await fetchText(url, dispatcher)) as JSONWebKeySet;
  const keys = createLocalJWKSet(set);
  if (set.keys.length === 0 || set.keys.length > MAX_KEYS || set.keys.some(hasManyOperations)) throw new errors.JWKSInvalid();
  return keys;
}

async function fetchText(url: URL, dispatcher: Dispatcher | undefined): Promise<string> {
  const ending = new AbortController();
  const timer = setPatientTimeout(() => ending.abort(new DOMException('late', 'TimeoutError')), TIMEOUT_MS);
  try {
    const { statusCode, body } = await request(url, { signal: ending.signal, headers: { accept: 'application/json' }, ...(dispatcher && { dispatcher }) });
    const text = await readText(body, MAX_SET_BYTES);
    if (statusCode !== 200) throw new errors.JWKSInvalid();
    return text;
  } finally {
    clearTimeout(timer);
  }
}
