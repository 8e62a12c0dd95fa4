import { randomBytes } from 'node:crypto';

export interface AuthorizationOptions {
  readonly baseUrl: URL;
  readonly clientId: string;
  readonly scope: string;
  readonly redirectUri: string;
}

/** What a call to the redirect address says. */
export type Callback =
  | { readonly kind: 'code'; readonly code: string }
  /** The authorization was refused. `why` is a sentence of ours. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It does not answer our request. `why` is a sentence of ours. */
  | { readonly kind: 'other'; readonly why: string };

/** The errors of RFC 6749, 4.1.2.1. */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'The approval was denied.',
  invalid_scope: 'CAS 360 does not know the scope in CAS360_SCOPE, or the client may not have it.',
  unauthorized_client: 'CAS 360 does not let the client of CAS360_CLIENT_ID connect in this way.',
  server_error: 'CAS 360 had an error of its own. Run this again later.',
  temporarily_unavailable: 'CAS 360 is busy. Run this again later.',
};

/** One request for a person's approval (RFC 6749, 4.1.1). Its `state` is random, so nobody else can answer it. */
export class Authorization {
  /** Where a person approves. */
  readonly address: string;
  readonly #state = randomBytes(32).toString('base64url');

  constructor({ baseUrl, clientId, scope, redirectUri }: AuthorizationOptions) {
    const url = new URL(`${baseUrl.href.replace(/\/$/, '')}/oauth/authorize`);
    const parameters = { response_type: 'code', client_id: clientId, scope, redirect_uri: redirectUri, state: this.#state };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    this.address = url.href;
  }

  /** Only parameters count: the caller checks the address itself. */
  read({ searchParams }: URL): Callback {
    // RFC 6749, 3.1: none of them comes twice.
    const [state, code, error] = ['state', 'code', 'error'].map((name) => (searchParams.getAll(name).length === 1 ? searchParams.get(name)! : ''));
    if (state !== this.#state) return { kind: 'other', why: 'It has another state than the address that this command printed, or none.' };
    if (error) return { kind: 'refused', why: REFUSALS[error] ?? 'CAS 360 refused, for a reason that this command does not recognise.' };
    return code ? { kind: 'code', code } : { kind: 'other', why: 'It has neither a code nor an error.' };
  }
}
