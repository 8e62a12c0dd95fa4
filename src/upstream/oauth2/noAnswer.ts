import { ProxyRefused } from '../proxy.js';

/** The codes of the alerts with which a server refuses a client's certificate, or demands one. They end the TLS handshake. */
export const CLIENT_CERTIFICATE_REFUSED =
  /^ERR_SSL_(TLSV1\d?|SSLV3|SSL\/TLS)_ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(EXPIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)$/;

/** There was no answer, or only a part. Holds only a name, a code and our own words: errors of the network may quote what was sent or received. */
export class NoAnswer extends Error {
  override readonly name: string;
  /** Of the system or of undici: `ECONNREFUSED`. */
  readonly code: string | undefined;

  constructor(error: unknown) {
    // A DOMException's code is a number.
    const { name, code } = error as { readonly name: string; readonly code?: unknown };
    super(error instanceof ProxyRefused ? error.message : name === 'TimeoutError' ? 'the token endpoint did not answer in time' : 'the token endpoint did not answer');
    this.name = name;
    this.code = typeof code === 'string' ? code : undefined;
  }
}

/** The endpoint answered 2xx, and nothing usable. The message is ours: the body may hold tokens. */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
}
