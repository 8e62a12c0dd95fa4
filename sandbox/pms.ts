import { bearerToken } from './accessTokens.js';
import { isFrom, type Client } from './client.js';
import { pmsData, type PmsData } from './data/pms.js';
import { Random } from './data/random.js';
import type { Answer } from './http.js';
import { UpstreamSandbox, type ContactSummary, type Routed } from './upstream.js';

const refused = (status: number, message: string): Answer => ({ status, body: { message } });

/** The property management system: one contact per call, with client credentials (RFC 6749, 4.4). Follows `openapi/pms.yaml`. */
export class PmsSandbox extends UpstreamSandbox {
  readonly client: Client = { id: 'sandbox-pms', secret: 'sandbox-pms-secret' };
  readonly data: PmsData;
  readonly rotates = undefined;
  readonly name = 'PMS';
  readonly source = 'pms';

  constructor(seed: number) {
    super({ kinds: ['contact', 'token'], lists: false }, new Random(seed));
    this.data = pmsData(seed);
  }

  summaries(): ContactSummary[] {
    return Array.from(this.data.contacts, ([id, { firstName, middleNames, lastName, type }]) => ({
      id,
      name: [firstName, middleNames, lastName].filter(Boolean).join(' '),
      kind: type ?? 'UNTYPED',
    }));
  }

  protected route(method: string, { pathname }: URL): Routed | undefined {
    if (method === 'POST' && pathname === '/oauth2/token') {
      const answer: Routed['answer'] = (authorization, body) => this.#token(authorization, new URLSearchParams(body));
      return { kind: 'token', ids: [], relationships: false, answer };
    }
    const id = /^\/api\/v3\/contacts\/([^/]+)$/.exec(pathname)?.[1];
    if (method !== 'GET' || id === undefined) return undefined;
    return { kind: 'contact', ids: [id], relationships: false, answer: () => this.#contact(id) };
  }

  protected refusal(authorization: string | undefined): Answer | undefined {
    const token = bearerToken(authorization);
    if (token === undefined) return refused(401, 'Unauthorized');
    return this.tokens.isValid(token) ? undefined : refused(401, 'The incoming token has expired');
  }

  #contact(id: string): Answer {
    if (!/^-?\d+$/.test(id)) return refused(400, 'The contact ID must be an integer');
    const body = this.data.contacts.get(id);
    return body ? { status: 200, body } : refused(404, `There is no contact ${id}`);
  }

  #token(authorization: string | undefined, parameters: URLSearchParams): Answer {
    if (!isFrom(this.client, authorization, parameters)) return { status: 401, body: { error: 'invalid_client' } };
    const grant = parameters.get('grant_type');
    if (grant !== 'client_credentials') return { status: 400, body: { error: 'unsupported_grant_type' } };
    return { status: 200, body: { ...this.tokens.issue(), token_type: 'Bearer' } };
  }
}
