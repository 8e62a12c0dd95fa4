import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { addressOf, listen, send } from './http.js';

export interface TokenOrder {
  /** The subgraph uses `contact:identity` and `contact:access`. */
  scopes: string[];
  subject?: string;
  /** Negative for an expired token. */
  expiresInSeconds?: number;
}

/** A stand-in for the company's identity provider. */
export interface Identity {
  /** Also the issuer of its tokens. */
  url: string;
  audience: string;
  token(order: TokenOrder): Promise<string>;
  stop(): Promise<void>;
}

const audience = 'contacts';
const keyId = 'sandbox';
const usualLifetimeSeconds = 3600;

/**
 * Starts it with a new ES256 key. `GET /jwks.json` publishes the key (RFC 7517).
 * `GET /token?scope=contact:identity+contact:access` gives a token to anybody, which only a sandbox may do.
 */
export async function startIdentity(port: number): Promise<Identity> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const key = { ...(await exportJWK(publicKey)), kid: keyId, alg: 'ES256', use: 'sig' };

  const token = ({ scopes, subject = 'sandbox-user', expiresInSeconds = usualLifetimeSeconds }: TokenOrder) => {
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ scope: scopes.join(' ') })
      .setProtectedHeader({ alg: 'ES256', kid: keyId })
      .setIssuer(server.url)
      .setAudience(audience)
      .setSubject(subject)
      .setIssuedAt(now)
      .setExpirationTime(now + expiresInSeconds)
      .sign(privateKey);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = addressOf(request);
    if (pathname === '/jwks.json') return send(response, { status: 200, body: { keys: [key] } });
    if (pathname !== '/token') {
      return send(response, { status: 404, body: { message: 'There are /jwks.json and /token?scope=' } });
    }
    const scope = searchParams.get('scope') ?? '';
    const accessToken = await token({ scopes: scope.split(' ') });
    const body = { access_token: accessToken, token_type: 'Bearer', expires_in: usualLifetimeSeconds, scope };
    send(response, { status: 200, body });
  };

  const server = await listen(port, handle);
  return { url: server.url, audience, token, stop: server.stop };
}
