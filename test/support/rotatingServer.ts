import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pair } from './certificates.js';

/** What the token endpoint sends. */
export interface Told {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Sends one byte every so many milliseconds. */
  readonly dripMs?: number;
  /** Ends the connection after so many bytes of the body. */
  readonly cutAt?: number;
}

export interface Asked {
  readonly refreshToken: string;
  readonly client: string;
  readonly scope: string | null;
  readonly atMs: number;
  /** Uses the token: it is void from then on. Undefined: it was void or unknown before. */
  exchange(): Granted | undefined;
}

export interface Granted {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
}

/** Undefined: no answer at all. */
export type TokenAnswer = (asked: Asked) => Told | undefined | Promise<Told | undefined>;

export const CLIENT = { id: 'a-client', secret: 'a client’s secret: 100% & more' };

export const refusal = (status: number, error: string, headers: Record<string, string> = {}): Told => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ error }) });

export const granting: TokenAnswer = (asked) => {
  const granted = asked.exchange();
  // The real system repeats the token.
  return granted ? { body: JSON.stringify(granted) } : { status: 401, body: JSON.stringify({ error: 'invalid_grant', error_description: `Not valid: ${asked.refreshToken}` }) };
};

/** Characters that URLs, JSON and forms encode. */
const newToken = (kind: string): string => `${kind}+/=%26&"${randomBytes(12).toString('base64')}`;

/** A company register with a token endpoint that voids a refresh token on use. It shares nothing with the sandbox. */
export class RotatingServer {
  /** How the endpoint answers requests with the right client. */
  answer: TokenAnswer = granting;
  lifetimeSeconds = 3_600;
  readonly asked: Asked[] = [];
  /** How often a token was sent that had been used before. */
  spentUses = 0;
  /** How many calls for data came with a token that was over, or no token of ours. */
  refusedCalls = 0;
  /** Whatever must stay secret. */
  readonly secrets = new Set<string>([CLIENT.secret]);
  readonly #used = new Map<string, boolean>();
  readonly #access = new Map<string, number>();
  readonly #server: Server;
  readonly #isTls: boolean;
  #port = 0;

  private constructor(pair: Pair | undefined) {
    this.#isTls = pair !== undefined;
    const serve = (request: IncomingMessage, response: ServerResponse): void => void this.#serve(request, response).catch(() => response.destroy());
    this.#server = pair ? createTlsServer(pair, serve) : createServer(serve);
  }

  static async start(pair?: Pair): Promise<RotatingServer> {
    const server = new RotatingServer(pair);
    await server.begin();
    return server;
  }

  get url(): string {
    return `http${this.#isTls ? 's' : ''}://127.0.0.1:${this.#port}`;
  }

  /** Listens again after `stop`, at the same port. */
  async begin(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** A token of an operator. */
  issue(): string {
    const token = this.#secret('refresh');
    this.#used.set(token, false);
    return token;
  }

  /** A token of which the endpoint knows nothing. */
  invent(): string {
    return this.#secret('invented');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '', this.url);
    if (address.pathname !== '/oauth/token') return this.#data(address, request.headers.authorization, response);
    const [client = '', secret = ''] = credentials(request.headers.authorization);
    const refreshToken = address.searchParams.get('refresh_token') ?? '';
    const asked: Asked = { refreshToken, client, scope: address.searchParams.get('scope'), atMs: Date.now(), exchange: () => this.#exchange(refreshToken) };
    this.asked.push(asked);
    if (this.#used.get(refreshToken)) this.spentUses++;
    const isOurs = client === CLIENT.id && secret === CLIENT.secret;
    const told = isOurs ? await this.answer(asked) : refusal(401, 'invalid_client', { 'www-authenticate': 'Basic' });
    if (told) await send(response, told);
  }

  #exchange(token: string): Granted | undefined {
    if (this.#used.get(token) !== false) return undefined;
    this.#used.set(token, true);
    // A header takes no quotation marks unharmed everywhere, and a real one has none.
    const access_token = this.#secret('access').replaceAll('"', '');
    this.secrets.add(access_token);
    this.#access.set(access_token, Date.now() + this.lifetimeSeconds * 1_000);
    return { access_token, refresh_token: this.issue(), token_type: 'bearer', expires_in: this.lifetimeSeconds };
  }

  #data(address: URL, authorization: string | undefined, response: ServerResponse): void {
    const isValid = (this.#access.get(authorization?.replace(/^Bearer /i, '') ?? '') ?? 0) > Date.now();
    if (!isValid) this.refusedCalls++;
    const [, list = ''] = /^\/contacts\/([^/]+)$/.exec(address.pathname) ?? [];
    const rows = list.split(',').map((id) => ({ id: Number(id), contactType: 'Company', name: `Company ${id}` }));
    response.writeHead(isValid ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(isValid ? rows : { error: 'invalid_token' }));
  }

  #secret(kind: string): string {
    const token = newToken(kind);
    this.secrets.add(token);
    return token;
  }
}

function credentials(authorization = ''): string[] {
  const text = Buffer.from(authorization.replace(/^Basic /i, ''), 'base64').toString();
  const colon = text.indexOf(':');
  return [text.slice(0, colon), text.slice(colon + 1)];
}

async function send(response: ServerResponse, { status = 200, headers = { 'content-type': 'application/json' }, body = '', dripMs, cutAt }: Told): Promise<void> {
  const bytes = Buffer.from(body);
  response.on('error', () => {});
  response.writeHead(status, headers);
  if (cutAt !== undefined) {
    response.write(bytes.subarray(0, cutAt), () => response.destroy());
    return;
  }
  for (let at = 0; dripMs !== undefined && at < bytes.length && !response.destroyed; at++) {
    response.write(bytes.subarray(at, at + 1));
    await sleep(dripMs);
  }
  response.end(dripMs === undefined ? bytes : undefined);
}
