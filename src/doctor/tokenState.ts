import { clientOf } from '../build/cas360Tokens.js';
import type { Cas360Config } from '../config.js';
import { hashOf, LEADER_STALE_MS, verdictOn, type KeptGrant } from '../upstream/oauth2/refreshToken/state.js';
import type { Findings, Level } from './findings.js';
import type { Stored } from './tokenStore.js';
import { duration, tokenLife } from './upstreamReport.js';

/** What an operator has to know of the refresh token. `elsewhere`: it was refused for another client only. */
export type TokenState = 'usable' | 'new' | 'elsewhere' | 'inUse' | 'rest' | 'unknown' | 'refused' | 'absent';

/** A shorter life would end during the checks. */
export const MIN_LIFE_MS = 30_000;

export const CONNECT = 'Run npm run connect, or set another CAS360_REFRESH_TOKEN';

const SENTENCES: Readonly<Record<Exclude<TokenState, 'rest'>, readonly [Level, string]>> = {
  usable: ['ok', 'the refresh token is kept, and can be used'],
  new: ['note', 'CAS360_REFRESH_TOKEN was never used yet: the service begins with it'],
  elsewhere: ['warning', 'CAS 360 refused the refresh token for another CAS360_CLIENT_ID or CAS360_TOKEN_URL: it will be sent once for these'],
  inUse: ['warning', 'a process is using the refresh token at this moment: run this again in a minute'],
  unknown: ['fault', `the refresh token was sent, and no answer was kept: it may be spent, and is not sent again. ${CONNECT}`],
  refused: ['fault', `CAS 360 refused the refresh token: the service does not send it again. ${CONNECT}. --renew sends it once more`],
  absent: ['fault', 'there is no refresh token: run npm run connect, or set CAS360_REFRESH_TOKEN'],
};

/** Reports the state of the refresh token. `mayRenew`: a refused one is sent once more. */
export function reportTokenState(stored: Stored, cas360: Cas360Config, found: Findings, mayRenew = false): TokenState {
  const state = tokenState(stored, cas360);
  if (state === 'rest') {
    found.warning('cas360.refreshToken', `CAS 360’s token endpoint asked to be left alone until ${new Date(stored.kept!.restsUntilMs).toISOString()}: the refresh token is not sent before`);
  } else {
    const [level, text] = SENTENCES[state];
    found.add(state === 'refused' && mayRenew ? 'warning' : level, 'cas360.refreshToken', text);
  }
  return state;
}

/** Returns the access token that is kept, and reports how long it lives. Undefined: there is none that outlives the checks. */
export function reportAccessToken(grant: KeptGrant | undefined, nowMs: number, found: Findings): string | undefined {
  if (!grant || grant.expiresAtMs - nowMs <= MIN_LIFE_MS) return undefined;
  found.ok('cas360.accessToken', `an access token is kept: ${tokenLife((grant.expiresAtMs - nowMs) / 1_000)} from now`);
  return grant.accessToken;
}

function tokenState({ kept, nowMs, isGone }: Stored, cas360: Cas360Config): TokenState {
  if (cas360.refreshToken !== undefined && !kept?.began.includes(hashOf(cas360.refreshToken))) return 'new';
  if (!kept) return 'absent';
  // As if its access token had expired and a leader were there.
  const wanted = { ...kept, grant: undefined, leader: kept.leader || 'any' };
  const verdict = verdictOn(wanted, { given: '', client: clientOf(cas360), isGone }, nowMs);
  if (verdict === 'wait') return 'inUse';
  if (verdict === 'send' || verdict === 'adopt') return kept.mark === 'refused' ? 'elsewhere' : 'usable';
  return verdict;
}

/** Reports whether a process of the service is there. */
export function reportLeader({ kept, nowMs }: Stored, found: Findings): void {
  if (!kept) return;
  const { leader, leaderSeenMs } = kept;
  const silentMs = nowMs - leaderSeenMs;
  if (leader === '') found.note('cas360.leader', 'no process of the service is running, or the leader has just ended');
  else if (silentMs > LEADER_STALE_MS) found.note('cas360.leader', `the leading process last wrote ${duration(silentMs / 1_000)} ago: it has ended, or cannot write`);
  else found.ok('cas360.leader', 'a process of the service is running: it leads, and has just written');
}
