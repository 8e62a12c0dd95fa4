import { Pool, type Dispatcher } from 'undici';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { parseJson } from './json.js';
import type { TokenSource } from './oauth2/tokenSource.js';
import { Refusal } from './refusal.js';

/** What becomes of each call, for the metrics. `seconds` is the time until its body was read. */
export type CallMeasure = (source: Source, resource: string, outcome: string, seconds: number) => void;

export interface UpstreamOptions {
  readonly source: Source;
  /** The upstream's address; its path, if any, stands before every path asked for. */
  readonly baseUrl: URL;
  /** How many connections may be open at once. */
  readonly connections: number;
  /** The largest body that is read, in bytes. */
  readonly maxBodyBytes: number;
  readonly token: TokenSource;
  readonly measure: CallMeasure;
}

/**
 * The one way to ask an upstream: a bearer token, one replay with a new token after a 401, and every failure turned
 * into the closed list of errors. A redirect is not followed: it would take the token elsewhere.
 */
export class Upstream {
  readonly source: Source;
  /** The bytes that the base address puts before every path. */
  readonly pathPrefix: string;
  readonly #options: UpstreamOptions;
  readonly #pool: Pool;

  constructor(options: UpstreamOptions) {
    this.source = options.source;
    this.pathPrefix = options.baseUrl.pathname.replace(/\/$/, '');
    this.#options = options;
    this.#pool = new Pool(options.baseUrl.origin, {
      connections: options.connections,
      pipelining: 1,
      // Shorter than any server's, so that we never write on a connection that is being closed.
      keepAliveTimeout: 4_000,
      maxResponseSize: options.maxBodyBytes,
    });
  }

  /**
   * The JSON at `path`, which must hold nothing but checked ids and constants. Never takes longer than `signal`.
   * Throws Refusal for a status other than 200, and ContactsError for whatever else goes wrong.
   */
  async getJson(resource: string, path: string, signal: AbortSignal): Promise<unknown> {
    const startedAt = performance.now();
    let outcome = 'ok';
    try {
      return await this.#getJson(path, signal);
    } catch (error) {
      const known = this.#known(error, signal);
      outcome = known instanceof Refusal ? String(known.status) : known.code;
      throw known;
    } finally {
      this.#options.measure(this.source, resource, outcome, (performance.now() - startedAt) / 1_000);
    }
  }

  async #getJson(path: string, signal: AbortSignal): Promise<unknown> {
    const token = await this.#options.token.get(signal);
    let answer = await this.#send(path, token, signal);
    if (answer.statusCode === 401) {
      await answer.body.dump();
      this.#options.token.invalidate(token);
      answer = await this.#send(path, await this.#options.token.get(signal), signal);
    }
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new Refusal(answer.statusCode, this.source);
    }
    return parseJson(await answer.body.text());
  }

  #send(path: string, token: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    return this.#pool.request({
      method: 'GET',
      path: this.pathPrefix + path,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      signal,
    });
  }

  #known(error: unknown, signal: AbortSignal): ContactsError {
    if (error instanceof ContactsError) return error;
    if (signal.aborted) {
      return signal.reason instanceof ContactsError ? signal.reason : new ContactsError('UPSTREAM_TIMEOUT', this.source);
    }
    const unreadable = error instanceof SyntaxError || (error as { code?: unknown }).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
    return new ContactsError(unreadable ? 'UPSTREAM_INVALID_RESPONSE' : 'UPSTREAM_UNAVAILABLE', this.source, { cause: error });
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
