import type { Dispatcher } from 'undici';
import type { Grant } from '../oauth2/tokenSource.js';
import { requestToken, type TokenRequest } from '../oauth2/tokenEndpoint.js';
import { TokenUnavailable, unavailable } from '../oauth2/tokenUnavailable.js';

export interface PmsCredentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  /** Sends the request: see TokenRequest. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** The PMS grants by client credentials: there is no user, and no refresh token. Throws TokenUnavailable. */
export function pmsGrant(credentials: PmsCredentials, timeoutMs: number): () => Promise<Grant> {
  const { tokenUrl: url, clientId, clientSecret, scope, dispatcher } = credentials;
  const form = { grant_type: 'client_credentials', ...(scope && { scope }) };
  const asked: TokenRequest = { url, clientId, clientSecret, form, timeoutMs, dispatcher };
  return async () => {
    const outcome = await requestToken(asked);
    if (outcome.kind !== 'granted') throw unavailable(outcome);
    if (!outcome.grant) throw new TokenUnavailable('the token endpoint answered without a usable access_token', { isTransient: false });
    return outcome.grant;
  };
}
