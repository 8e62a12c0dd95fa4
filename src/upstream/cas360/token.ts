import type { Dispatcher } from 'undici';
import { requestToken, type TokenOutcome } from '../oauth2/tokenEndpoint.js';

export interface Cas360Credentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  /** Sends the request: see TokenRequest. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** Exchanges a refresh token of CAS 360, with the parameters in the query string. Takes at most `timeoutMs`. Never throws. */
export function exchangeRefreshToken({ tokenUrl, scope, ...client }: Cas360Credentials, refreshToken: string, timeoutMs: number): Promise<TokenOutcome> {
  const url = new URL(tokenUrl);
  url.searchParams.set('grant_type', 'refresh_token');
  url.searchParams.set('refresh_token', refreshToken);
  if (scope) url.searchParams.set('scope', scope);
  return requestToken({ ...client, url, timeoutMs });
}
