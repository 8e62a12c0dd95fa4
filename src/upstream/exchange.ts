import { Pool } from 'undici';
import { inflate, UnreadableBody } from '../readBody.js';
import type { Signal } from '../signal.js';
import { send } from './answerReader.js';

/** An upstream's answer, its body read and inflated. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: unknown;
  /** Empty unless the status is 200. */
  readonly body: Uint8Array;
}

export interface ExchangeOptions {
  /** The upstream's address; its path, if any, stands before every path asked for. */
  readonly baseUrl: URL;
  /** How many connections may be open at once. */
  readonly connections: number;
  /** The largest body that is read, in bytes, as it comes and decoded. */
  readonly maxBodyBytes: number;
}

const CONNECT_TIMEOUT_MS = 2_000;

/** One HTTP request and its answer, on a pool of connections. A redirect is not followed: it would take the token elsewhere. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #pool: Pool;
  /** Bodies are inflated one after the other: all that an upstream sends at once may be bombs. */
  #inflated: Promise<unknown> = Promise.resolve();
  /** Stands before every path. */
  readonly pathPrefix: string;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.pathPrefix = options.baseUrl.pathname.replace(/\/$/, '');
    this.#pool = new Pool(options.baseUrl.origin, {
      connections: options.connections,
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      // Shorter than any server's, so that we never write on a connection that is being closed.
      keepAliveTimeout: 4_000,
      maxResponseSize: options.maxBodyBytes,
    });
  }

  /** Ends with `signal`, whatever the upstream does; the connection is then thrown away. */
  async get(path: string, token: string, signal: Signal, traceparent?: string): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', ...(traceparent && { traceparent }) };
    try {
      const answer = await send(this.#pool, { method: 'GET', path: this.pathPrefix + path, headers }, signal);
      const encoding = answer.headers['content-encoding'];
      const body = encoding === undefined || answer.body.length === 0 ? answer.body : await this.#decode(answer.body, encoding);
      return { status: answer.status, retryAfter: answer.headers['retry-after'], body };
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? new UnreadableBody(undefined, { cause: error }) : error;
    }
  }

  #decode(bytes: Buffer, encoding: string | string[]): Buffer | Promise<Buffer> {
    const name = encoding.toString().toLowerCase();
    if (name === 'identity') return bytes;
    if (name !== 'gzip') throw new UnreadableBody();
    const inflated = this.#inflated.then(() => inflate(bytes, this.#options.maxBodyBytes));
    this.#inflated = inflated.catch(() => {});
    return inflated;
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
