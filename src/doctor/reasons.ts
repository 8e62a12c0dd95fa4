/** Why there was no answer, in our own words. Other programs' messages may quote what was sent. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(ENOTFOUND|EAI_AGAIN)$/, 'its host name is not known here: look for a slip in the address, and at the DNS'],
  [/^ECONNREFUSED$/, 'the connection was refused: nobody listens at that host and port'],
  [/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'no connection came about: look at firewalls, network policies and proxies'],
  [/^(EPROTO|ERR_SSL_|ERR_TLS_HANDSHAKE)/, 'no TLS is spoken there: is the address rather http than https, or the port another one?'],
  [/^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT)/, 'its TLS certificate is not trusted: expired, of another host, or of an authority not known here (NODE_EXTRA_CA_CERTS)'],
  [/^HPE_/, 'what it says is no HTTP: is the address rather https than http?'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'it cut the connection: is the address rather https than http, or a proxy in between?'],
  [/^ProxyRefused$/, 'the proxy refused to lead there: look at HTTPS_PROXY, the user and password in it, what it allows, and NO_PROXY'],
  [/^UnreadableBody$/, 'what it answers is too large, or in an encoding that nobody asked for'],
  [/^RedisUnavailable$/, 'Redis does not answer, and without it no refresh token is sent'],
  [/^(TimeoutError|AbortError|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/, 'it did not answer in time'],
];

/** Searches the error, its causes, and the members of an AggregateError. */
export function reasonOf(error: unknown, otherwise = 'the call failed in a way that is not known here'): string {
  for (const name of namesOf(error)) {
    const known = REASONS.find(([pattern]) => pattern.test(name));
    if (known) return known[1];
  }
  return otherwise;
}

function namesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const inner = [...(error instanceof AggregateError ? (error.errors as unknown[]) : []), error.cause];
  return [(error as NodeJS.ErrnoException).code, error.name].filter((name) => typeof name === 'string').concat(inner.flatMap(namesOf));
}
