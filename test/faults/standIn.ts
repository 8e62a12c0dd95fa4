import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, constants } from 'node:zlib';
import { PLAIN, startTestApp, type TestApp } from '../support/testApp.js';

export const RESOURCES = ['pms', 'contacts', 'addresses'] as const;
/** PMS contacts, CAS 360 contacts, CAS 360 addresses. */
export type Resource = (typeof RESOURCES)[number];
export type Row = Record<string, unknown>;

/** One call, and how many calls for this resource there were, this one included. */
export interface Asked {
  readonly resource: Resource;
  readonly ids: readonly string[];
  readonly call: number;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Cut: the connection ends before an answer. Break: it ends within the body. Hang: no answer comes. */
  readonly instead?: 'cut' | 'break' | 'hang';
}

export type Answerer = (asked: Asked) => Reply;

/** The one text of a row, by which a mix-up or a wrong character set shows. */
export const textOf = (id: string): string => `Jörg Müller ${id}`;

export function rowOf(resource: Resource, id: string, text = textOf(id)): Row {
  if (resource === 'pms') return { id: Number(id), firstName: text };
  return resource === 'contacts' ? { id: Number(id), contactType: 'People', name: text } : { id: Number(id), streetLine1: text };
}

/** The body that holds these rows, which may be JSON texts: a list, or the PMS's one record. */
export function bodyOf(resource: Resource, rows: readonly (Row | string | null)[]): string {
  const texts = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  return resource === 'pms' ? (texts[0] ?? '') : `[${texts.join(',')}]`;
}

/** What it answers when nothing is wrong. */
export const goodBody = ({ resource, ids }: Asked): string => bodyOf(resource, ids.map((id) => rowOf(resource, id)));

export const well: Answerer = (asked) => ({ body: goodBody(asked) });

const QUERIES: Readonly<Record<Resource, string>> = {
  pms: 'query ($ids: [ID!]!) { items: contacts(ids: $ids) { text: name } }',
  contacts: 'query ($ids: [ID!]!) { items: contacts(ids: $ids) { text: name } }',
  addresses: 'query ($items: [_Any!]!) { items: _entities(representations: $items) { ... on Address { lines } } }',
};

/** Brotli of the lowest quality: the usual one takes a hundred times as long. */
export const brotli = (text: string): Buffer => brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 0 } });

/** Two systems in one small server that shares nothing with our sandbox, and the service in front of it. */
export class StandIn {
  #calls: Asked[] = [];
  readonly #answers: Record<Resource, Answerer> = { pms: well, contacts: well, addresses: well };
  app!: TestApp;
  readonly #server = createServer((request, response) => this.#serve(request, response));
  #tokens = 0;

  static async start(settings: Record<string, string> = {}, parts: Parameters<typeof startTestApp>[1] = {}): Promise<StandIn> {
    const standIn = new StandIn();
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(standIn.#server.address() as AddressInfo).port}`;
    const urls = { PMS_BASE_URL: `${url}/property`, PMS_TOKEN_URL: `${url}/token`, CAS360_BASE_URL: `${url}/register`, CAS360_TOKEN_URL: `${url}/token` };
    standIn.app = await startTestApp({ ...urls, ...settings }, parts);
    return standIn;
  }

  /** From now on it answers for this resource like this, and counts its calls anew. */
  set(resource: Resource, answer: Answerer = well): void {
    this.#answers[resource] = answer;
    this.#calls = this.#calls.filter((call) => call.resource !== resource);
  }

  /** Well again in everything. */
  reset(): void {
    for (const resource of RESOURCES) this.set(resource);
  }

  /** The calls for a resource since it was last set. */
  calls(resource: Resource): readonly Asked[] {
    return this.#calls.filter((call) => call.resource === resource);
  }

  /** What becomes of each id: its text, null, or the code of its error. */
  async outcomes(resource: Resource, ids: readonly string[]): Promise<unknown[]> {
    const prefix = resource === 'pms' ? 'pms' : 'cas360';
    const items = ids.map((id) => ({ __typename: 'Address', id: `${prefix}:${id}` }));
    const { data, errors = [] } = await this.app.query(QUERIES[resource], { ids: items.map(({ id }) => id), items }, PLAIN);
    const codes = new Map(errors.map(({ path, extensions }) => [path![1], extensions.code]));
    return ids.map((_, place) => {
      const item = data.items[place] as { text?: string; lines?: string[] } | null;
      return codes.get(place) ?? (item && (resource === 'addresses' ? item.lines?.join('|') : item.text));
    });
  }

  async stop(): Promise<void> {
    await this.app.stop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve({ method, url = '', headers, socket }: IncomingMessage, response: ServerResponse): void {
    if (method === 'POST' && url.startsWith('/token')) {
      response.setHeader('content-type', 'application/json');
      const token = `stand-in-${++this.#tokens}`;
      return void response.end(JSON.stringify({ access_token: token, refresh_token: `${token}-next`, token_type: 'Bearer', expires_in: 3_600 }));
    }
    const [, system, list = ''] = /^\/(property\/api\/v3\/contacts|register\/contacts|register\/addresses)\/([\d,]+)(?:\?|$)/.exec(url) ?? [];
    if (!system || !headers.authorization?.startsWith('Bearer stand-in-')) return void response.writeHead(system ? 401 : 400).end();
    const resource = system.startsWith('property') ? 'pms' : system.endsWith('addresses') ? 'addresses' : 'contacts';
    const asked = { resource, ids: list.split(','), call: this.calls(resource).length + 1 } as const;
    this.#calls.push(asked);
    const { status = 200, headers: extra = {}, body = '', instead } = this.#answers[resource](asked);
    if (instead === 'hang') return;
    // With a byte of an answer: a connection that is closed without one is used again without a second attempt.
    if (instead === 'cut') return void socket.end('H');
    response.writeHead(status, { 'content-type': 'application/json', ...extra });
    if (instead === 'break') return void response.write(body.slice(0, -1), () => socket.end());
    response.end(body);
  }
}

/** So many numbers that follow one another. */
export const numbers = (first: number, count: number): string[] => Array.from({ length: count }, (_, n) => String(first + n));

/** Resolves to all results, or rejects with the first failure once all have ended, so that none reaches into the next test. */
export async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
