import type { Dispatcher } from 'undici';
import type { Grant } from '../oauth2/tokenSource.js';
import { requestToken } from '../oauth2/tokenEndpoint.js';

export interface PmsCredentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  /** Sends the request: see TokenRequest. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** The PMS grants by client credentials: there is no user, and no refresh token. */
export function pmsGrant(credentials: PmsCredentials, timeoutMs: number): () => Promise<Grant> {
  const { tokenUrl: url, clientId, clientSecret, scope, dispatcher } = credentials;
  const form = { grant_type: 'client_credentials', ...(scope && { scope }) };
  return () => requestToken({ url, clientId, clientSecret, form, timeoutMs, dispatcher });
}
