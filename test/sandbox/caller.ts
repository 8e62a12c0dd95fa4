import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';

export interface Reply {
  status: number;
  headers: Headers;
  // Tests look into bodies of every shape.
  body: any;
}

/** One sandbox for a test file, and the requests of its clients. Every test finds faults, tokens and calls as new. */
export class Caller {
  sandbox!: Sandbox;
  #pmsToken = '';
  cas360AccessToken = '';

  constructor() {
    beforeAll(async () => {
      this.sandbox = await startSandbox();
    });
    beforeEach(async () => {
      const { pms, cas360 } = this.sandbox;
      for (const upstream of [pms, cas360]) {
        upstream.faults.clear();
        upstream.tokenLifetimeSeconds = 3600;
      }
      cas360.rotates = true;
      await this.renewTokens();
      for (const upstream of [pms, cas360]) upstream.resetCalls();
    });
    afterAll(() => this.sandbox.stop());
  }

  async renewTokens(): Promise<void> {
    this.#pmsToken = (await this.pmsToken()).body.access_token;
    this.cas360AccessToken = (await this.cas360Token(this.sandbox.cas360.issueRefreshToken())).body.access_token;
  }

  pmsToken(
    parameters: Record<string, string> = {},
    headers: Record<string, string> = { authorization: basic(this.sandbox.pms.client) },
  ): Promise<Reply> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...parameters });
    return request(`${this.sandbox.pms.url}/oauth2/token`, { method: 'POST', headers, body });
  }

  cas360Token(
    refreshToken: string,
    parameters: Record<string, string> = {},
    authorization = basic(this.sandbox.cas360.client),
  ): Promise<Reply> {
    const usual = { grant_type: 'refresh_token', refresh_token: refreshToken, scope: 'cas360' };
    const query = new URLSearchParams({ ...usual, ...parameters });
    return request(`${this.sandbox.cas360.url}/oauth/token?${query}`, { method: 'POST', headers: { authorization } });
  }

  contact(id: string, token = this.#pmsToken): Promise<Reply> {
    return request(`${this.sandbox.pms.url}/api/v3/contacts/${id}`, { headers: { authorization: `Bearer ${token}` } });
  }

  /** `path` is all after the server, as `/contacts/54?relationships=true`. */
  cas360(path: string, init: RequestInit = {}, token = this.cas360AccessToken): Promise<Reply> {
    return request(this.sandbox.cas360.url + path, { headers: { authorization: `bearer ${token}` }, ...init });
  }

  /** A request to a switch of CAS 360, or of the PMS. */
  turn(method: string, name: string, value?: unknown, upstream: 'cas360' | 'pms' = 'cas360'): Promise<Reply> {
    const body = value === undefined ? {} : { body: typeof value === 'string' ? value : JSON.stringify(value) };
    return request(`${this.sandbox[upstream].url}/_sandbox/${name}`, { method, ...body });
  }
}

export function basic({ id, secret }: { id: string; secret: string }): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

export function idsOf(reply: Reply): string[] {
  return (reply.body as { id: number }[]).map(({ id }) => String(id));
}

/** The body as JSON where it says so and is, else as text. */
async function request(url: string, init: RequestInit): Promise<Reply> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, headers: response.headers, body: isJson ? parsedOr(text) : text };
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
