import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Settings } from './settings.js';

/** The proxies of outgoing calls. */
export interface ProxiesConfig {
  /** For http addresses, and for https ones. Undefined: no proxy. May hold a password. */
  readonly http: URL | undefined;
  readonly https: URL | undefined;
  /** The hosts that are called without a proxy, as given in `NO_PROXY`. */
  readonly noProxy: string;
}

/** A client's certificate for TLS, with its key, in PEM. */
export interface CertificateConfig {
  readonly cert: string;
  readonly key: string;
}

/** Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. Their lower-case forms win, as in curl. */
export function readProxies(settings: Settings): ProxiesConfig {
  return {
    http: readProxy(settings, 'HTTP_PROXY'),
    https: readProxy(settings, 'HTTPS_PROXY'),
    noProxy: settings.text('no_proxy') ?? settings.text('NO_PROXY') ?? '',
  };
}

function readProxy(settings: Settings, upperCase: string): URL | undefined {
  const lowerCase = upperCase.toLowerCase();
  const name = settings.text(lowerCase) === undefined ? upperCase : lowerCase;
  const text = settings.text(name);
  if (text === undefined) return undefined;
  // As in curl, `proxy.example:3128` is enough.
  const href = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol) && url.pathname === '/' && !url.search && !url.hash && isDecodable(url)) return url;
  settings.fault(name, 'must be the address of an http or https proxy, with user and password percent-encoded if it needs them');
  return undefined;
}

/** Reads `REDIS_URL`. What its client cannot parse is a fault. */
export function readRedisUrl(settings: Settings): string | undefined {
  // A secret: it may hold a password.
  const text = settings.secret('REDIS_URL');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['redis:', 'rediss:'].includes(url.protocol) && /^(\/\d*)?$/.test(url.pathname) && isDecodable(url)) return text;
  settings.fault('REDIS_URL', 'must be a redis or rediss address. Its path can only be the number of a database, and user and password must be percent-encoded if they need it');
  return undefined;
}

function isDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

/** Reads `<prefix>_CLIENT_CERT_FILE` and `<prefix>_CLIENT_KEY_FILE`. Undefined if neither is set, or one has a fault. */
export function readCertificate(settings: Settings, prefix: string): CertificateConfig | undefined {
  const certName = `${prefix}_CLIENT_CERT_FILE`;
  const keyName = `${prefix}_CLIENT_KEY_FILE`;
  if (settings.text(certName) === undefined && settings.text(keyName) === undefined) return undefined;
  const cert = settings.required(certName, settings.file(certName), `${keyName} is set`);
  const key = settings.required(keyName, settings.file(keyName), `${certName} is set`);
  const leaf = parsed(cert?.includes('-----BEGIN CERTIFICATE-----') ? cert : undefined, (pem) => new X509Certificate(pem));
  const privateKey = parsed(key, (pem) => createPrivateKey(pem));
  if (cert !== undefined && !leaf) settings.fault(certName, 'holds no certificate in PEM');
  if (key !== undefined && !privateKey) settings.fault(keyName, 'holds no private key in PEM without a passphrase');
  if (!leaf || !privateKey) return undefined;
  if (leaf.checkPrivateKey(privateKey)) return { cert: cert!, key: key! };
  settings.fault(keyName, `does not belong to the first certificate of ${certName}`);
  return undefined;
}

function parsed<T>(pem: string | undefined, parse: (pem: string) => T): T | undefined {
  try {
    return pem === undefined ? undefined : parse(pem);
  } catch {
    return undefined;
  }
}
