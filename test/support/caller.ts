import { Pool } from 'undici';

export interface Reply {
  readonly status: number;
  readonly data: any;
  /** The codes of its errors, in the order of the answer. */
  readonly codes: readonly string[];
  readonly ms: number;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** Who asks the subgraph over a pool of connections that it keeps, as a router does. */
export class Caller {
  readonly #pool: Pool;

  constructor(url: string, connections = 256) {
    this.#pool = new Pool(url, { connections, pipelining: 1, headersTimeout: 30_000, bodyTimeout: 30_000 });
  }

  /** Rejects only when there is no answer at all. */
  async ask(query: string, variables: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Reply> {
    const startedAt = performance.now();
    const { statusCode, headers, body } = await this.#pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      ...(signal && { signal }),
    });
    const { data, errors = [] } = JSON.parse(await body.text()) as { data?: unknown; errors?: { extensions: { code: string } }[] };
    return { status: statusCode, data, codes: errors.map(({ extensions }) => extensions.code), ms: performance.now() - startedAt, headers };
  }

  /** The status of a GET. */
  async get(path: string): Promise<number> {
    const { statusCode, body } = await this.#pool.request({ method: 'GET', path });
    await body.dump();
    return statusCode;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Asks for contacts by their ids. */
export const NAMES = 'query ($ids: [ID!]!) { contacts(ids: $ids) { id name } }';

/** The names of contacts by their ids, as a subgraph without trouble tells them; contacts without a name are left out. */
export async function namesOf(caller: Caller, ids: readonly string[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (let at = 0; at < ids.length; at += 100) {
    const { data, codes } = await caller.ask(NAMES, { ids: ids.slice(at, at + 100) });
    if (codes.length > 0) throw new Error(`There is trouble: ${codes[0]}`);
    for (const { id, name } of data.contacts) if (name !== null) names.set(id, name);
  }
  return names;
}
