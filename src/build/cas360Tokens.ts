import type { Dispatcher } from 'undici';
import type { Cas360Config } from '../config.js';
import type { Redis } from '../shared/redis.js';
import { tokenFailure, type Log } from '../telemetry/log.js';
import { cas360Grant } from '../upstream/cas360/token.js';
import { inFile, inMemory } from '../upstream/oauth2/refreshToken.js';
import { SharedRefreshToken } from '../upstream/oauth2/sharedRefreshToken.js';
import type { TokenSourceOptions } from '../upstream/oauth2/tokenSource.js';

/** The Redis key of the tokens. */
export const CAS360_TOKEN_KEY = 'contacts:{cas360}:token';

/** Keeps CAS 360's refresh token in Redis for all replicas, else in the file, else in memory. */
export async function createCas360Tokens(
  config: Cas360Config,
  timeoutMs: number,
  { log, redis, dispatcher }: { readonly log: Log; readonly redis: Redis | undefined; readonly dispatcher?: Dispatcher },
): Promise<Pick<TokenSourceOptions, 'request' | 'initial'>> {
  const cas360 = { ...config, dispatcher };
  const onUnkept = (error: unknown): void =>
    log.error('The refresh token could not be written: it is in memory only until a write succeeds.', { source: 'CAS360', reason: tokenFailure(error) });
  if (redis) {
    // One renewal, with a margin for a slow replica.
    const shared = new SharedRefreshToken({ redis, key: CAS360_TOKEN_KEY, initial: cas360.refreshToken, useMs: timeoutMs + 1_000 });
    return { request: () => shared.grant((store) => cas360Grant(cas360, store, timeoutMs, onUnkept)()) };
  }
  if (!cas360.tokenFile) {
    log.warn('CAS360_TOKEN_FILE is not set: the refresh token is kept in memory only, and CAS 360 voids the one in the environment once it is used.');
  }
  const store = cas360.tokenFile ? await inFile(cas360.tokenFile, cas360.refreshToken) : inMemory(cas360.refreshToken);
  if (store.current() === undefined) {
    log.error('The refresh token of CAS 360 is void, or may be: an earlier process ended while using it. Approve the connection again and set CAS360_REFRESH_TOKEN.');
  }
  const kept = store.grant();
  return {
    request: cas360Grant(cas360, store, timeoutMs, onUnkept),
    initial: kept && { accessToken: kept.accessToken, lifetimeSeconds: (kept.expiresAtMs - Date.now()) / 1_000 },
  };
}
