import type { RefreshTokenStore } from '../oauth2/refreshToken.js';
import { requestToken } from '../oauth2/tokenEndpoint.js';
import type { Grant } from '../oauth2/tokenSource.js';

export interface Cas360Credentials {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
}

/**
 * CAS 360 grants by refresh token, its parameters in the query string. The new refresh token is kept before the access
 * token is used. If it cannot be kept, `onUnkept` hears of it and we go on: the old one is void either way.
 */
export function cas360Grant(
  credentials: Cas360Credentials,
  store: RefreshTokenStore,
  timeoutMs: number,
  onUnkept: (error: unknown) => void,
): () => Promise<Grant> {
  const { tokenUrl, clientId, clientSecret, scope } = credentials;
  return async () => {
    const url = new URL(tokenUrl);
    url.searchParams.set('grant_type', 'refresh_token');
    url.searchParams.set('refresh_token', store.current());
    if (scope) url.searchParams.set('scope', scope);
    const grant = await requestToken({ url, clientId, clientSecret, timeoutMs });
    if (grant.refreshToken) await store.replace(grant.refreshToken).catch(onUnkept);
    return grant;
  };
}
