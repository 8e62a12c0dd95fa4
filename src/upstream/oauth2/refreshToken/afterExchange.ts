import type { TokenOutcome } from '../tokenEndpoint.js';
import type { Kept } from './state.js';

/** The endpoint's errors that concern the refresh token (RFC 6749, 5.2, and CAS 360's own). No other error does. */
const VOID = /^invalid[_ ](?:grant|token)$/;

export interface Exchange {
  /** The state in which the process had its turn. */
  readonly taken: Kept;
  readonly outcome: TokenOutcome;
  readonly name: string;
  readonly client: string;
  /** When the token was sent, and what the time is, by the store's clock. */
  readonly askedAtMs: number;
  readonly nowMs: number;
}

/** The state after the token was sent. */
export function afterExchange({ taken, outcome, name, client, askedAtMs, nowMs }: Exchange): Kept {
  const returned = { ...taken, count: taken.count + 1, turn: undefined };
  const next = { ...returned, restsUntilMs: 0 };
  if (outcome.kind === 'granted') {
    const { refreshToken = taken.refreshToken, grant } = outcome;
    const kept = grant && { accessToken: grant.accessToken, expiresAtMs: askedAtMs + grant.lifetimeSeconds * 1_000 };
    return { ...next, refreshToken, grant: kept, mark: 'usable', refusedWith: '', leader: name, leaderSeenMs: nowMs };
  }
  if (outcome.kind === 'unknown') return { ...next, mark: 'unknown' };
  if (isVoid(outcome)) return { ...next, mark: 'refused', refusedWith: `${taken.refusedWith} ${client}`.trim() };
  return rested(returned, outcome, nowMs);
}

/** The same state, with the time for which the endpoint asked to be left alone. */
export function rested(kept: Kept, outcome: TokenOutcome, nowMs: number): Kept {
  if (outcome.kind !== 'refused' || isVoid(outcome) || outcome.retryAfterMs === undefined) return kept;
  return { ...kept, restsUntilMs: nowMs + outcome.retryAfterMs };
}

// Stryker disable next-line ConditionalExpression: no other outcome has a reason
const isVoid = (outcome: TokenOutcome): boolean => outcome.kind === 'refused' && VOID.test(outcome.reason);
