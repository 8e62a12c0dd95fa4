import type { Dispatcher } from 'undici';
import { clientOf, createCas360Tokens, type Cas360Tokens } from '../build/cas360Tokens.js';
import type { Cas360Config, Config } from '../config.js';
import { Redis } from '../shared/redis.js';
import type { Kept } from '../upstream/oauth2/refreshToken/state.js';
import { StoreFailure } from '../upstream/oauth2/refreshToken/store.js';
import { milliseconds, type Findings } from './findings.js';
import type { Why } from './reasons.js';
import { whyNoToken } from './tokenReasons.js';
import { MIN_LIFE_MS, reportTokenState, type TokenState } from './tokenState.js';
import { readTokenStore, storeFault, withTokenStore } from './tokenStore.js';
import { uninterrupted } from './uninterrupted.js';
import { tokenLife } from './upstreamReport.js';

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** Renews as a process of the service does, and takes its turn among them. Says what it does before. Returns the access token. */
export async function renew(config: Config, cas360: Cas360Config, state: TokenState, dispatcher: Dispatcher, found: Findings): Promise<string | undefined> {
  found.note(
    'cas360.renewal',
    `--renew takes its turn, and sends the refresh token to CAS 360${state === 'refused' ? ' once more' : ''}, which voids it. The next one goes to ` +
      `${config.redisUrl === undefined ? 'the file of CAS360_TOKEN_FILE' : 'Redis'}. A service that runs goes on, and adopts the new one`,
  );
  await found.watched;
  const redis = config.redisUrl === undefined ? undefined : new Redis({ url: config.redisUrl, onHealth: () => {} });
  try {
    if (state === 'refused') await withTokenStore(config, cas360, (store) => store.update((kept) => allowedAgain(kept, clientOf(cas360))));
    const tokens = await createCas360Tokens(cas360, { log: SILENT, metrics: { watchRefreshToken: () => {} }, redis, dispatcher });
    const accessToken = await uninterrupted(tokens.refreshToken, found, () => obtain(tokens, found)).finally(tokens.stopBeats);
    found.ok('cas360.renewal', 'the next refresh token is kept');
    return accessToken;
  } catch (error) {
    const stored = await withTokenStore(config, cas360, readTokenStore).catch(() => undefined);
    const now = stored && reportTokenState(stored, cas360, found);
    if (now === 'refused') return undefined;
    const { text, reason } = whyNotRenewed(error, config);
    found.fault('cas360.renewal', text, reason);
    return undefined;
  } finally {
    redis?.close();
  }
}

/** The state in which the token may be sent once more for `client`, although it was refused for it. */
function allowedAgain(kept: Kept | undefined, client: string): Kept | undefined {
  if (kept?.mark !== 'refused' || kept.turn) return kept;
  const others = kept.refusedWith.split(' ').filter((other) => other !== client);
  return { ...kept, count: kept.count + 1, refusedWith: others.join(' ') };
}

async function obtain({ request, initial, refreshToken }: Cas360Tokens, found: Findings): Promise<string> {
  const startedAtMs = performance.now();
  try {
    // Another process may have renewed since the state was read.
    const { accessToken, lifetimeSeconds } = initial && initial.lifetimeSeconds > MIN_LIFE_MS / 1_000 ? initial : await request();
    found.ok('cas360.accessToken', `token granted in ${milliseconds(startedAtMs)}; ${tokenLife(lifetimeSeconds)}`);
    return accessToken;
  } finally {
    if (refreshToken.isUnkept) found.warning('cas360.renewal', 'what came of the refresh token is not kept yet: this tries again until it is. Do not end it');
    await refreshToken.close();
  }
}

function whyNotRenewed(error: unknown, config: Config): Why {
  const cause = error instanceof Error && error.cause instanceof StoreFailure ? error.cause : error;
  if (cause instanceof StoreFailure) return { reason: 'store', text: storeFault(cause, config) };
  return whyNoToken(error, 'CAS360', 'the refresh token, or CAS360_SCOPE');
}
