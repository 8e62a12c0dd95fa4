import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { reasonOf } from '../doctor/reasons.js';
import { NoAnswer } from '../upstream/oauth2/noAnswer.js';
import { requestToken, type TokenOutcome } from '../upstream/oauth2/tokenEndpoint.js';
import type { KeptGrant } from '../upstream/oauth2/refreshToken/state.js';
import { ConnectError, stopped } from './connectError.js';
import type { ConnectSettings } from './settings.js';

export interface CodeToExchange {
  readonly cas360: ConnectSettings['cas360'];
  readonly dispatcher: Dispatcher;
  readonly code: string;
  readonly redirectUri: string;
  /** How long a code that did not leave is tried again. */
  readonly codeLifetimeMs?: number;
  /** Ends the tries. The one under way is finished. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export interface Exchanged {
  readonly refreshToken: string;
  readonly grant: KeptGrant | undefined;
}

const TIMEOUT_MS = 60_000;
const CODE_LIFETIME_MS = 60_000;
const PAUSE_MS = 1_000;

/** Exchanges the code for tokens (RFC 6749, 4.1.3), with the parameters in the query string. Throws ConnectError. */
export async function exchangeCode({ cas360, dispatcher, code, redirectUri, codeLifetimeMs = CODE_LIFETIME_MS, signal, say }: CodeToExchange): Promise<Exchanged> {
  const { tokenUrl, clientId, clientSecret, scope } = cas360;
  const url = new URL(tokenUrl);
  const parameters = { grant_type: 'authorization_code', code, scope, redirect_uri: redirectUri };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const endsAtMs = performance.now() + codeLifetimeMs;
  for (let tries = 1; ; tries++) {
    const outcome = await requestToken({ url, clientId, clientSecret, timeoutMs: TIMEOUT_MS, dispatcher });
    if (outcome.kind === 'granted' && outcome.refreshToken !== undefined) return exchanged(outcome.refreshToken, outcome.grant);
    if (outcome.kind !== 'unsent' || performance.now() + PAUSE_MS > endsAtMs) throw new ConnectError(`${whyNot(outcome)} Nothing was stored.`);
    if (tries === 1) say(`CAS360_TOKEN_URL cannot be reached: ${reasonOf(outcome.cause)}. The code has not left: trying again while it is good.`);
    await sleep(PAUSE_MS);
    if (signal.aborted) throw stopped();
  }
}

type Granted = Extract<TokenOutcome, { kind: 'granted' }>;

function exchanged(refreshToken: string, grant: Granted['grant']): Exchanged {
  return { refreshToken, grant: grant && { accessToken: grant.accessToken, expiresAtMs: Date.now() + grant.lifetimeSeconds * 1_000 } };
}

function whyNot(outcome: TokenOutcome): string {
  if (outcome.kind === 'granted') return 'CAS 360 granted no refresh token. Ask BGL whether the client may have one with the scope in CAS360_SCOPE.';
  if (outcome.kind === 'unsent') return `CAS360_TOKEN_URL cannot be reached: ${reasonOf(outcome.cause)}. Correct that, and run this again.`;
  if (outcome.kind === 'unknown') {
    return `The code was sent, and CAS 360 gave no usable answer: ${outcome.cause instanceof NoAnswer ? reasonOf(outcome.cause) : outcome.cause.message}. A token may have been granted and lost. Run this again: a new approval gives a new token.`;
  }
  return whyRefused(outcome);
}

function whyRefused({ status, reason }: Extract<TokenOutcome, { kind: 'refused' }>): string {
  // CAS 360's own description writes blanks.
  const error = reason.replaceAll(' ', '_');
  if (error === 'invalid_grant') return 'CAS 360 does not accept the code: it is too old, was used before, or belongs to another redirect address. Run this again.';
  // CAS 360 answers `unauthorized` to a client id that it does not know.
  if (['invalid_client', 'unauthorized'].includes(error) || (status === 401 && error !== 'invalid_token')) return 'CAS 360 does not accept CAS360_CLIENT_ID with CAS360_CLIENT_SECRET. Correct them, and run this again.';
  if (error === 'invalid_scope') return 'CAS 360 does not accept CAS360_SCOPE. Correct it, and run this again.';
  if (error === 'unsupported_grant_type') return 'The endpoint at CAS360_TOKEN_URL does not take authorization codes: is the address right?';
  return `The token endpoint answered ${status}. Run this again${status === 429 || status >= 500 ? ' later' : '; is CAS360_TOKEN_URL right?'}.`;
}
