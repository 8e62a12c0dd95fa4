import { createHmac, generateKeyPairSync, sign, type JsonWebKey, type KeyObject } from 'node:crypto';
import { listen, send } from '../../../sandbox/http.js';

type Claims = Record<string, unknown>;
export type Signer = (input: string) => Buffer;

const KEY_PAIRS = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  p521: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: () => generateKeyPairSync('ed25519'),
};
export type KeyName = keyof typeof KEY_PAIRS;

/** Signs tokens as an identity provider does, and as one does who is none. */
export interface Issuer {
  readonly url: string;
  readonly settings: Record<string, string>;
  readonly publicKeys: Readonly<Record<KeyName, KeyObject>>;
  readonly privateKeys: Readonly<Record<KeyName, KeyObject>>;
  /** Claims that are good for an hour, with others laid over them; undefined takes one away. */
  claims(others?: Claims): Claims;
  /** A good token but for what is laid over it. */
  token(others?: Claims, header?: Claims): string;
  stop(): Promise<void>;
}

export const base64url = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Any header and payload, signed by whatever is given. A text stands in its place as it is. */
export function compact(header: unknown, payload: unknown, signer: Signer): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  return `${input}.${signer(input).toString('base64url')}`;
}

export const es256 = (key: KeyObject): Signer => (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
export const rs256 = (key: KeyObject): Signer => (input) => sign('sha256', Buffer.from(input), key);
export const hmac = (secret: string | Buffer, hash = 'sha256'): Signer => (input) => createHmac(hash, secret).update(input).digest();
export const nothing: Signer = () => Buffer.alloc(0);

/** Publishes a public key of each family, named by its key id. */
export async function startIssuer(): Promise<Issuer> {
  const names = Object.keys(KEY_PAIRS) as KeyName[];
  const pairs = names.map((name) => [name, KEY_PAIRS[name]()] as const);
  const publicKeys = Object.fromEntries(pairs.map(([name, { publicKey }]) => [name, publicKey])) as Record<KeyName, KeyObject>;
  const privateKeys = Object.fromEntries(pairs.map(([name, { privateKey }]) => [name, privateKey])) as Record<KeyName, KeyObject>;
  const jwks = names.map((name): JsonWebKey => ({ ...publicKeys[name].export({ format: 'jwk' }), kid: name, use: 'sig' }));
  const server = await listen(0, (_request, response) => send(response, { status: 200, body: { keys: jwks } }));
  const claims = (others: Claims = {}): Claims => {
    const now = Math.floor(Date.now() / 1_000);
    return { iss: server.url, aud: 'contacts', sub: 'somebody', iat: now, exp: now + 3_600, scope: 'contact:identity contact:access', ...others };
  };
  return {
    url: server.url,
    settings: { AUTH_JWKS_URL: `${server.url}/jwks.json`, AUTH_ISSUER: server.url, AUTH_AUDIENCE: 'contacts' },
    publicKeys,
    privateKeys,
    claims,
    token: (others, header = {}) => compact({ alg: 'ES256', kid: 'p256', typ: 'JWT', ...header }, claims(others), es256(privateKeys.p256)),
    stop: server.stop,
  };
}
