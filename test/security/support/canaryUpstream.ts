import { text } from 'node:stream/consumers';
import { cas360Data } from '../../../sandbox/data/cas360.js';
import { pmsData } from '../../../sandbox/data/pms.js';
import { listen, send, type RunningServer } from '../../../sandbox/http.js';
import type { Canaries } from './canaries.js';

/** What the upstream does with the calls that come; each puts a canary wherever it can. */
export const MODES = ['good', 'strange', 'no such contact', 'refuses', 'forbids', 'is broken', 'sends a page', 'breaks off', 'redirects', 'cuts the connection', 'asks for a pause', 'refuses the token', 'gives no token'] as const;
export type Mode = (typeof MODES)[number];

export interface CanaryUpstream extends RunningServer {
  mode: Mode;
  /** The modes in which it was asked for records. */
  readonly met: Set<Mode>;
}

/** Keys that must make sense for the record to be served at all. */
const KEPT = new Set(['id', 'addressId', 'representativeIds', 'contactType', 'contactId']);
/** Keys that hold dates, enums and the like: in `good` they stay, in `strange` they are canaries too. */
const TYPED = /date|birthday|status|type|stage|method|gender|sex|code$|country|nationality|updated/i;

/** Both systems in one server: every text of every record, every error body, header and token is a canary. */
export async function startCanaryUpstream(canaries: Canaries): Promise<CanaryUpstream> {
  const [pms, cas360] = [pmsData(1), cas360Data(1)];
  const typedKeys = (value: unknown): string[] =>
    typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, inner]) => [...(TYPED.test(key) ? [key] : []), ...typedKeys(inner)]) : [];
  const filled = (row: object | undefined, place: string): unknown => canaries.fill(row, place, upstream.mode === 'strange' ? KEPT : new Set([...KEPT, ...typedKeys(row)]));
  const withRelationships = (id: string): object => ({ ...cas360.contacts.get(id), relationships: cas360.relationships.get(id) ?? [] });

  const recordsAt = (path: string): unknown => {
    const [, kind, list = ''] = /^\/(contacts|addresses)\/([\d,]+)/.exec(path) ?? [];
    const rows = list.split(',').map((id) => (kind === 'addresses' ? cas360.addresses.get(id) : withRelationships(id)));
    if (kind) return rows.filter((row) => row && 'id' in row).map((row) => filled(row, `cas360.${kind}`));
    return filled({ ...pms.contacts.get(/\d+$/.exec(path)?.[0] ?? ''), password: 'a password' }, 'pms.contacts');
  };

  const server = await listen(0, async (request, response) => {
    await text(request);
    const path = request.url ?? '';
    const said = { message: canaries.at('upstream.error'), error_description: request.headers.authorization };
    const headers = { 'x-upstream': canaries.at('upstream.header'), server: canaries.at('upstream.server') };
    if (request.method === 'POST') {
      if (upstream.mode === 'gives no token') return send(response, { status: 400, body: { error: 'invalid_grant', ...said }, headers });
      const system = path.startsWith('/pms') ? 'pms' : 'cas360';
      return send(response, { status: 200, body: { access_token: canaries.at(`${system}.accessToken`), token_type: 'bearer', expires_in: 3_600, refresh_token: canaries.at('cas360.nextRefreshToken'), scope: canaries.at('cas360.scope') } });
    }
    upstream.met.add(upstream.mode);
    switch (upstream.mode) {
      case 'no such contact': return send(response, path.includes('/api/v3/') ? { status: 404, body: said, headers } : { status: 200, body: [], headers });
      case 'refuses': return send(response, { status: 418, body: said, headers });
      case 'gives no token':
      case 'refuses the token': return send(response, { status: 401, body: said, headers: { ...headers, 'www-authenticate': canaries.at('upstream.challenge') } });
      case 'forbids': return send(response, { status: 403, body: said, headers });
      case 'asks for a pause': return send(response, { status: 429, body: said, headers: { ...headers, 'retry-after': canaries.at('upstream.retryAfter') } });
      case 'is broken': return send(response, { status: 500, body: said, headers });
      case 'sends a page': return send(response, { status: 200, body: `<html>${canaries.at('upstream.page')}`, headers });
      case 'breaks off': return send(response, { status: 200, body: JSON.stringify([{ id: 54, name: canaries.at('upstream.half') }]).slice(0, -9), headers });
      case 'redirects': return send(response, { status: 302, body: said, headers: { ...headers, location: `http://127.0.0.1:9/${canaries.at('upstream.location')}` } });
      case 'cuts the connection': return void response.socket?.resetAndDestroy();
      default: return send(response, { status: 200, body: recordsAt(path), headers });
    }
  });
  const upstream: CanaryUpstream = { ...server, mode: 'good', met: new Set() };
  return upstream;
}
