import type { Dispatcher } from 'undici';
import type { RefreshTokenStore } from '../oauth2/refreshToken.js';
import { requestToken, TokenRefused } from '../oauth2/tokenEndpoint.js';
import type { Grant } from '../oauth2/tokenSource.js';

export interface Cas360Credentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
  /** Sends the request: see TokenRequest. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** The endpoint's errors for a void refresh token (RFC 6749, 5.2, and CAS 360's own). */
const VOID = /^invalid[_ ](?:grant|token)$/;

/**
 * CAS 360 grants by refresh token, with the parameters in the query string. Stores the new refresh token before the access
 * token is used. If that fails, calls `onUnkept` and goes on: the old one is void either way.
 */
export function cas360Grant(
  credentials: Cas360Credentials,
  store: RefreshTokenStore,
  timeoutMs: number,
  onUnkept: (error: unknown) => void,
): () => Promise<Grant> {
  const { tokenUrl, clientId, clientSecret, scope, dispatcher } = credentials;
  return async () => {
    const refreshToken = store.current();
    if (refreshToken === undefined) throw new Error('the refresh token is void, or may be: set another CAS360_REFRESH_TOKEN');
    const url = new URL(tokenUrl);
    url.searchParams.set('grant_type', 'refresh_token');
    url.searchParams.set('refresh_token', refreshToken);
    if (scope) url.searchParams.set('scope', scope);
    await store.aboutToUse().catch(onUnkept);
    let grant;
    try {
      grant = await requestToken({ url, clientId, clientSecret, timeoutMs, dispatcher });
    } catch (error) {
      // Without an answer the token may be spent, so it stays marked for the next start. This process may try it again.
      if (error instanceof TokenRefused) await (VOID.test(error.reason) ? store.isVoid() : store.notUsed()).catch(onUnkept);
      throw error;
    }
    const { accessToken, lifetimeSeconds } = grant;
    await store.replace(grant.refreshToken ?? refreshToken, { accessToken, expiresAtMs: Date.now() + lifetimeSeconds * 1_000 }).catch(onUnkept);
    return grant;
  };
}
