import type { Cas360Config } from '../config.js';
import { CAS360_TOKEN_KEY } from '../build/cas360Tokens.js';
import { hashOf, readKept } from '../upstream/oauth2/refreshToken.js';
import { withRedis } from './redis.js';

/**
 * The tokens that the service keeps. Read only: a service may be running.
 * `new`: the environment's token was never used. `inUse`: a process is sending it, or ended while doing so.
 */
export interface KeptTokens {
  readonly state: 'usable' | 'new' | 'inUse' | 'void';
  /** Only if it is still valid. */
  readonly accessToken: string | undefined;
  readonly lifetimeSeconds: number;
}

/** A shorter life would end during the checks. */
const MIN_LIFE_MS = 30_000;

export async function keptInFile(path: string, { refreshToken }: Cas360Config): Promise<KeptTokens> {
  const kept = await readKept(path);
  if (kept?.beganWith !== hashOf(refreshToken)) return keptTokens('new', '', 0);
  const state = kept.inUse ? 'inUse' : kept.refreshToken === undefined ? 'void' : 'usable';
  return keptTokens(state, kept.grant?.accessToken ?? '', kept.grant?.expiresAtMs ?? 0);
}

/** Reads the fields that SHARED_REFRESH_TOKEN_SCRIPT writes. */
export async function keptInRedis(url: string, { refreshToken }: Cas360Config): Promise<KeptTokens> {
  const { began = '', token = '', access = '', expires, usedBy = '' } = await withRedis(url, (client) => client.hGetAll(CAS360_TOKEN_KEY));
  if (!began.split(' ').includes(hashOf(refreshToken))) return keptTokens('new', '', 0);
  const state = token === '' ? 'void' : usedBy === '' ? 'usable' : 'inUse';
  return keptTokens(state, access, Number(expires));
}

function keptTokens(state: KeptTokens['state'], accessToken: string, expiresAtMs: number): KeptTokens {
  const lifeMs = expiresAtMs - Date.now();
  return { state, accessToken: accessToken !== '' && lifeMs > MIN_LIFE_MS ? accessToken : undefined, lifetimeSeconds: lifeMs / 1_000 };
}
