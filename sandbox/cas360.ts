import { bearerToken } from './accessTokens.js';
import { Authorization } from './authorization.js';
import { isFrom, type Client } from './client.js';
import { cas360Data, type Cas360Data } from './data/cas360.js';
import { Random, scramble } from './data/random.js';
import type { Answer } from './http.js';
import { RefreshTokens, type Approval } from './refreshTokens.js';
import { UpstreamSandbox, type ContactSummary, type Routed } from './upstream.js';

const longestPathBytes = 8192;
const defaultLimit = 500;

const refused = (status: number, error: string, description: string): Answer => ({
  status,
  body: { error, error_description: description },
});

/** The company register: many contacts or addresses per call, with rotating refresh tokens (RFC 6749, 6). Follows `openapi/cas360.yaml`. */
export class Cas360Sandbox extends UpstreamSandbox {
  readonly client: Client = { id: 'sandbox-cas360', secret: 'sandbox-cas360-secret' };
  readonly data: Cas360Data;
  readonly name = 'CAS 360';
  readonly source = 'cas360';
  readonly #refreshTokens = new RefreshTokens();
  readonly #authorization: Authorization;
  /** Valid for one use. */
  readonly initialRefreshToken = this.#refreshTokens.issue();

  constructor(seed: number, now: () => number = Date.now) {
    super({ kinds: ['contacts', 'addresses', 'token'], lists: true }, new Random(seed));
    this.#authorization = new Authorization(this.client, now);
    this.data = cas360Data(seed);
  }

  override issueRefreshToken(): string {
    return this.#refreshTokens.issue();
  }

  /** Whether a use voids a refresh token. If not, the answers of the token endpoint contain none. */
  get rotates(): boolean {
    return this.#refreshTokens.rotates;
  }

  set rotates(rotates: boolean) {
    this.#refreshTokens.rotates = rotates;
  }

  override get spentTokenUses(): number {
    return this.#refreshTokens.spentUses;
  }

  summaries(): ContactSummary[] {
    return Array.from(this.data.contacts, ([id, { name, firstName, middleName, lastName, contactType }]) => ({
      id,
      name: name ?? [firstName, middleName, lastName].filter(Boolean).join(' '),
      kind: contactType,
    }));
  }

  protected override page(method: string, { pathname, searchParams }: URL): ((body: string) => Answer) | undefined {
    if (pathname !== '/oauth/authorize' || !['GET', 'POST'].includes(method)) return undefined;
    return (body) => this.#authorization.page(searchParams, new URLSearchParams(body));
  }

  protected route(method: string, address: URL): Routed | undefined {
    const { pathname, search, searchParams } = address;
    if (method === 'POST' && pathname === '/oauth/token') {
      const answer: Routed['answer'] = (authorization) => this.#token(authorization, searchParams);
      return { kind: 'token', ids: [], relationships: false, answer };
    }
    const [, kind, list] = /^\/(contacts|addresses)\/([^/]+)$/.exec(pathname) ?? [];
    if (method !== 'GET' || list === undefined) return undefined;
    const ids = list.replaceAll(/%2c/gi, ',').split(',');
    const relationships = searchParams.get('relationships')?.toLowerCase() === 'true';
    const answer = (): Answer => {
      if (pathname.length + search.length > longestPathBytes) return refused(414, 'uri_too_long', 'The path is too long');
      if (!ids.every(isNumber)) return refused(400, 'bad_request', 'Ids are numbers with commas between them');
      if (kind === 'contacts') return this.#contacts(ids, relationships, searchParams);
      return { status: 200, body: found(this.data.addresses, ids) };
    };
    return kind === 'contacts'
      ? { kind, ids, relationships, answer }
      : { kind: 'addresses', ids, relationships: false, answer };
  }

  /** The description repeats the token, as the real system does: logging the body would leak it. */
  protected refusal(authorization: string | undefined): Answer | undefined {
    const token = bearerToken(authorization);
    if (token === undefined) return refused(401, 'unauthorized', 'An access token is needed here');
    return this.tokens.isValid(token) ? undefined : refused(401, 'invalid_token', `Not a valid access token: ${token}`);
  }

  #contacts(ids: string[], relationships: boolean, parameters: URLSearchParams): Answer {
    const offset = parameters.get('offset') ?? '0';
    const limit = parameters.get('limit') ?? String(defaultLimit);
    if (!isNumber(offset) || !isNumber(limit)) return refused(400, 'bad_request', 'offset and limit are numbers');
    const page = found(this.data.contacts, ids).slice(Number(offset), Number(offset) + Number(limit));
    const body = relationships
      ? page.map((row) => ({ ...row, relationships: this.data.relationships.get(String(row.id)) ?? [] }))
      : page;
    return { status: 200, body };
  }

  #token(authorization: string | undefined, parameters: URLSearchParams): Answer {
    if (!isFrom(this.client, authorization, parameters)) return refused(401, 'invalid_client', 'Bad credentials');
    const grant = parameters.get('grant_type');
    if (grant !== 'refresh_token' && grant !== 'authorization_code') return refused(400, 'unsupported_grant_type', `No such grant type: ${grant}`);
    const scope = parameters.get('scope');
    if (!scope) return refused(400, 'invalid_scope', 'A scope is needed');
    return grant === 'refresh_token' ? this.#renewed(parameters, scope) : this.#begun(parameters, scope);
  }

  #renewed(parameters: URLSearchParams, scope: string): Answer {
    const used = parameters.get('refresh_token') ?? '';
    const next = this.#refreshTokens.exchange(used);
    if (next === undefined) return refused(401, 'invalid_token', `Not a valid refresh token: ${used}`);
    return this.#granted(this.#refreshTokens.approvalOf(used), scope, this.rotates ? next : undefined);
  }

  #begun(parameters: URLSearchParams, scope: string): Answer {
    const code = parameters.get('code') ?? '';
    const from = this.#authorization.redeem(code, parameters.get('redirect_uri') ?? '');
    if (from) return this.#granted(from, scope, this.#refreshTokens.issue(from));
    return refused(400, 'invalid_grant', `Not a valid authorization code: ${code}`);
  }

  #granted(from: Approval | undefined, scope: string, refreshToken: string | undefined): Answer {
    return { status: 200, body: { ...this.tokens.issue(from), token_type: 'bearer', ...(refreshToken !== undefined && { refresh_token: refreshToken }), scope } };
  }
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** The rows of the ids that exist, each once, in another order than requested. */
function found<Row extends { id: number }>(rows: Map<string, Row>, ids: readonly string[]): Row[] {
  const asked = [...new Set(ids)].flatMap((id) => rows.get(id) ?? []);
  const shuffled = asked.toSorted((a, b) => scramble(a.id) - scramble(b.id));
  return shuffled.every((row, index) => row === asked[index]) ? shuffled.reverse() : shuffled;
}
