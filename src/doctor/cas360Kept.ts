import type { Cas360Config } from '../config.js';
import { CAS360_TOKEN_KEY } from '../build/cas360Tokens.js';
import { hashOf, readKept } from '../upstream/oauth2/refreshToken.js';
import { withRedis } from './redis.js';

/**
 * What the service has kept, read without touching it: a service may be at work with it.
 * `new`: nobody began with the token of the environment yet. `inUse`: somebody is using it now, or ended while at it.
 */
export interface KeptTokens {
  readonly state: 'usable' | 'new' | 'inUse' | 'void';
  /** An access token that still lives. */
  readonly accessToken: string | undefined;
  readonly lifetimeSeconds: number;
}

/** Less than this is over before the checks are. */
const LEAST_LIFE_MS = 30_000;

export async function keptInFile(path: string, { refreshToken }: Cas360Config): Promise<KeptTokens> {
  const kept = await readKept(path);
  if (kept?.beganWith !== hashOf(refreshToken)) return keptTokens('new', '', 0);
  const state = kept.inUse ? 'inUse' : kept.refreshToken === undefined ? 'void' : 'usable';
  return keptTokens(state, kept.grant?.accessToken ?? '', kept.grant?.expiresAtMs ?? 0);
}

/** The fields are those of SHARED_REFRESH_TOKEN_SCRIPT. */
export async function keptInRedis(url: string, { refreshToken }: Cas360Config): Promise<KeptTokens> {
  const { began = '', token = '', access = '', expires, usedBy = '' } = await withRedis(url, (client) => client.hGetAll(CAS360_TOKEN_KEY));
  if (!began.split(' ').includes(hashOf(refreshToken))) return keptTokens('new', '', 0);
  const state = token === '' ? 'void' : usedBy === '' ? 'usable' : 'inUse';
  return keptTokens(state, access, Number(expires));
}

function keptTokens(state: KeptTokens['state'], accessToken: string, expiresAtMs: number): KeptTokens {
  const lifeMs = expiresAtMs - Date.now();
  return { state, accessToken: accessToken !== '' && lifeMs > LEAST_LIFE_MS ? accessToken : undefined, lifetimeSeconds: lifeMs / 1_000 };
}
