import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { Cas360Config } from '../config.js';
import type { Redis } from '../shared/redis.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { exchangeRefreshToken } from '../upstream/cas360/token.js';
import { MemoryStore } from '../upstream/oauth2/refreshToken/memoryStore.js';
import { newProcessName } from '../upstream/oauth2/refreshToken/processName.js';
import { RefreshToken } from '../upstream/oauth2/refreshToken/refreshToken.js';
import { BEAT_MS, hashOf } from '../upstream/oauth2/refreshToken/state.js';
import { StoreFailure } from '../upstream/oauth2/refreshToken/store.js';
import type { TokenSourceOptions } from '../upstream/oauth2/tokenSource.js';
import { adviceOn } from './storeAdvice.js';
import { openTokenStore } from './tokenStore.js';

/** A renewal has a time of its own: an answer that comes too late costs the refresh token. */
export const EXCHANGE_MS = 60_000;

export interface Cas360TokensOptions {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'watchRefreshToken'>;
  readonly redis: Redis | undefined;
  readonly dispatcher?: Dispatcher;
  /** Nothing is lost with them: no warning where they are kept in memory. */
  readonly mayLoseTokens?: boolean;
  /** EXCHANGE_MS unless given. */
  readonly exchangeMs?: number;
}

/** CAS 360's tokens, kept in Redis for all replicas, else in the file, else in memory. */
export interface Cas360Tokens extends Pick<TokenSourceOptions, 'request' | 'hasOther' | 'initial'> {
  readonly refreshToken: RefreshToken;
  stopBeats(): void;
}

/** Identifies the client and the endpoint: a token that was refused for others may be sent once more. */
export function clientOf({ tokenUrl, clientId }: Pick<Cas360Config, 'tokenUrl' | 'clientId'>): string {
  return hashOf(`${tokenUrl.href} ${clientId}`);
}

/** Throws an Error that says what to do if the file cannot be used. */
export async function createCas360Tokens(config: Cas360Config, { log, metrics, redis, dispatcher, mayLoseTokens = false, exchangeMs = EXCHANGE_MS }: Cas360TokensOptions): Promise<Cas360Tokens> {
  const store = openTokenStore({ cas360: config }, redis);
  if (!store && !mayLoseTokens) {
    log.warn('CAS360_TOKEN_FILE is not set: the refresh token is kept in memory only, and CAS 360 voids the one in the environment once it is used.');
  }
  let wasUnusable = false;
  const refreshToken = new RefreshToken({
    store: store ?? new MemoryStore(),
    name: newProcessName(),
    initial: config.refreshToken,
    client: clientOf(config),
    exchange: (token) => exchangeRefreshToken({ ...config, dispatcher }, token, exchangeMs),
    exchangeMs,
    now: () => performance.now(),
    sleep,
    othersMayKnow: redis !== undefined,
    onStore: (problem) => {
      if (problem === undefined) log.info('The store of the refresh token can be used again: it holds the latest one.', { source: 'CAS360' });
      else log.error('The store of the refresh token cannot be used. The service goes on while its access token is valid.', { source: 'CAS360', reason: problem });
    },
    onState: (state) => {
      if (state !== 'usable') log.error('The refresh token cannot be used: a person must approve the connection again (npm run connect).', { source: 'CAS360', reason: state });
      else if (wasUnusable) log.info('The refresh token can be used again.', { source: 'CAS360' });
      wasUnusable = state !== 'usable';
    },
  });
  metrics.watchRefreshToken(refreshToken);
  const initial = redis ? undefined : await refreshToken.open().catch(explain);
  const beat = (): Promise<void> => refreshToken.beat();
  const beats = redis ? undefined : setInterval(() => void beat(), BEAT_MS).unref();
  redis?.onBeat(beat);
  return { request: () => refreshToken.renew(), hasOther: () => refreshToken.hasOther, initial, refreshToken, stopBeats: () => clearInterval(beats) };
}

function explain(error: unknown): never {
  throw error instanceof StoreFailure ? new Error(`CAS360_TOKEN_FILE: ${adviceOn(error.problem, 'CAS360_TOKEN_FILE')}.`, { cause: error }) : error;
}
