import { isRecord } from '../record.js';
import { CLIENT_CERTIFICATE_REFUSED } from '../upstream/oauth2/noAnswer.js';

/** Why a call brought nothing usable. Names are part of the JSON output: they stay. docs/doctor.md explains each. */
export const REASONS = [
  'dns', 'dns-unavailable', 'refused', 'unreachable', 'timeout', 'cut', 'proxy', 'tls-none', 'tls-expired', 'tls-not-yet-valid',
  'tls-other-host', 'tls-unknown-authority', 'tls-client-certificate', 'tls-version', 'tls-certificate', 'tls', 'not-http', 'redirect',
  'credentials', 'unauthorized', 'forbidden', 'path', 'rate-limit', 'unavailable', 'status', 'page', 'empty', 'not-json', 'too-large',
  'wrong-content', 'store', 'other',
] as const;
export type Reason = (typeof REASONS)[number];

export interface Why {
  readonly reason: Reason;
  /** What is wrong, and what to do. Follows the name of a setting and a colon. */
  readonly text: string;
}

/** By the codes and names of errors. The first that matches counts. Other programs' messages are not used: they may quote what was sent. */
const NAMED: readonly (readonly [RegExp, Reason, string])[] = [
  [/^atProxy$/, 'proxy', 'the proxy cannot be reached: look at host and port of HTTPS_PROXY or HTTP_PROXY, and at NO_PROXY'],
  [/^ENOTFOUND$/, 'dns', 'its host name is not known here: look for a slip in the address, and at the DNS'],
  [/^EAI_AGAIN$/, 'dns-unavailable', 'its host name is not known here, because the DNS does not answer: look at the network and at the DNS'],
  [/^ECONNREFUSED$/, 'refused', 'the connection was refused: nobody listens at that host and port'],
  [/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'unreachable', 'no connection came about: look at firewalls, network policies and proxies'],
  [/^CERT_HAS_EXPIRED$/, 'tls-expired', 'its TLS certificate has expired: who runs it must renew it; or the clock here is wrong'],
  [/^CERT_NOT_YET_VALID$/, 'tls-not-yet-valid', 'its TLS certificate is not valid yet: look at the clock here'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'tls-other-host', 'its TLS certificate is of another host: look for a slip in the address, and at a proxy in between'],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED|INVALID_CA)$/,
    'tls-unknown-authority',
    'the authority of its TLS certificate is not known here: give its certificate in NODE_EXTRA_CA_CERTS, or look at a proxy in between',
  ],
  [/^(CERT_|UNABLE_TO_|ERR_TLS_CERT)/, 'tls-certificate', 'its TLS certificate is not trusted: it was revoked, or is not made for this'],
  [CLIENT_CERTIFICATE_REFUSED, 'tls-client-certificate', 'it ended the TLS handshake: it wants a client certificate, or another one than ours (…_CLIENT_CERT_FILE and …_CLIENT_KEY_FILE)'],
  [/^ERR_SSL_(UNSUPPORTED_PROTOCOL|.*ALERT_PROTOCOL_VERSION|NO_CIPHERS_AVAILABLE|DH_KEY_TOO_SMALL)$/, 'tls-version', 'it speaks only versions of TLS that are too old: who runs it must allow TLS 1.2 or newer'],
  [/^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_HTTP_REQUEST|ERR_TLS_HANDSHAKE)/, 'tls-none', 'no TLS is spoken there: is the address rather http than https, or the port another one?'],
  [/^ERR_(SSL|TLS)_/, 'tls', 'no TLS connection came about: look at its TLS settings, and at a proxy in between'],
  [/^(HPE_|HTTPParserError$)/, 'not-http', 'what it says is no HTTP: is the address rather https than http?'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'cut', 'it cut the connection: is the address rather https than http, does it want a client certificate (…_CLIENT_CERT_FILE), or is a proxy in between?'],
  [/^ProxyRefused$/, 'proxy', 'the proxy refused to lead there: look at HTTPS_PROXY, the user and password in it, what it allows, and NO_PROXY'],
  [/^UnreadableBody$/, 'too-large', 'what it answers is too large, or in an encoding that nobody asked for'],
  [/^RedisUnavailable$/, 'store', 'Redis does not answer, and without it no refresh token is sent'],
  [/^(TimeoutError|AbortError|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/, 'timeout', 'it did not answer in time: look at its load, and at a proxy in between'],
];

/** Why there was no answer, in our own words. Searches the error, its causes, and the members of an AggregateError. */
export function whyNoAnswer(error: unknown, otherwise = 'the call failed in a way that is not known here'): Why {
  for (const name of namesOf(error)) {
    const known = NAMED.find(([pattern]) => pattern.test(name));
    if (known) return { reason: known[1], text: known[2] };
  }
  return { reason: 'other', text: otherwise };
}

/** The text of `whyNoAnswer`. */
export function reasonOf(error: unknown, otherwise?: string): string {
  return whyNoAnswer(error, otherwise).text;
}

function namesOf(error: unknown): string[] {
  // No `instanceof`: a test has another class Error than Node's own modules.
  if (!isRecord(error)) return [];
  const { code, name, errors, cause, atProxy } = error;
  const inner = [...(Array.isArray(errors) ? (errors as unknown[]) : []), cause];
  return [atProxy && 'atProxy', code, name].filter((each) => typeof each === 'string').concat(inner.flatMap(namesOf));
}
