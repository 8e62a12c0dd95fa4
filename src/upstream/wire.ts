import { gunzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { Signal } from '../deadline.js';
import { inflate, isGzip, UnreadableBody } from '../readBody.js';
import { MAX_ERROR_BYTES, TOO_LARGE, send } from './answerReader.js';
import { openPool, type Network } from './network.js';

/** An upstream's answer, its body read and inflated. */
export interface Answer {
  readonly status: number;
  readonly retryAfter: unknown;
  readonly contentType: unknown;
  /** Empty unless the status is 200 or 404. */
  readonly body: Uint8Array;
}

export interface WireOptions {
  /** The upstream's address. Its path, if any, stands before every path asked for. */
  readonly baseUrl: URL;
  /** How many connections may be open at once. */
  readonly connections: number;
  /** The largest body that is read, in bytes: as it comes, and inflated. */
  readonly maxBodyBytes: number;
  /** How the upstream is reached; by default directly. */
  readonly network?: Network;
}

// Stryker disable next-line StringLiteral: without a proxy, nothing reads it
const DIRECTLY: Network = { proxies: { http: undefined, https: undefined, noProxy: '' } };
/** Bodies up to this size are inflated at once: another thread would cost up to eight times as much (docs/performance.md). */
const SMALL = { compressedBytes: 32_768, bytes: 262_144 };
const EMPTY = Buffer.alloc(0);

/** The path of an upstream's address, which stands before every path. */
export function pathPrefixOf({ pathname }: URL): string {
  return pathname.replace(/\/$/, '');
}

/** HTTP/1.1 requests on a pool of connections. Redirects are not followed: they would take the token elsewhere. */
export class Wire {
  readonly #options: WireOptions;
  readonly #pool: Dispatcher;
  /** Larger bodies are inflated one after the other: all that an upstream sends at once may be bombs. */
  #inflated: Promise<unknown> = Promise.resolve();
  /** Stands before every path. */
  readonly pathPrefix: string;

  constructor(options: WireOptions) {
    this.#options = options;
    this.pathPrefix = pathPrefixOf(options.baseUrl);
    this.#pool = openPool(options.baseUrl, options.network ?? DIRECTLY, { connections: options.connections, maxResponseSize: options.maxBodyBytes });
  }

  /**
   * One GET. Rejects with the reason of `signal` as soon as that aborts; the connection is then dropped. Rejects with
   * UnreadableBody for a body that is too large or broken, and with CutBody for one that broke off. Sends it once more, on a
   * new connection, if the upstream had closed the idle one.
   */
  async get(path: string, token: string, signal: Signal, traceparent?: string): Promise<Answer> {
    if (signal.aborted) throw signal.reason!;
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'accept-encoding': 'gzip', traceparent };
    try {
      const answer = await send(this.#pool, this.pathPrefix + path, headers, signal);
      // `content-encoding` is often wrong ("UTF-8", "none", "x-gzip"), so the first bytes decide. JSON cannot begin with them.
      const maxBytes = answer.status === 200 ? this.#options.maxBodyBytes : MAX_ERROR_BYTES;
      const body = isGzip(answer.body) ? await this.#inflate(answer.body, maxBytes).catch((error: unknown) => withoutBody(answer.status, error)) : answer.body;
      return { status: answer.status, retryAfter: answer.headers['retry-after'], contentType: answer.headers['content-type'], body };
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === TOO_LARGE ? new UnreadableBody(undefined, { cause: error }) : error;
    }
  }

  async #inflate(bytes: Buffer, maxBytes: number): Promise<Buffer> {
    const small = inflateSmall(bytes, Math.min(SMALL.bytes, maxBytes));
    if (small) return small;
    const inflated = this.#inflated.then(() => inflate(bytes, maxBytes));
    this.#inflated = inflated.catch(() => {});
    return inflated;
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** Undefined for a body that is larger or cannot be inflated. */
function inflateSmall(bytes: Buffer, maxBytes: number): Buffer | undefined {
  if (bytes.length > SMALL.compressedBytes) return undefined;
  try {
    return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch {
    // It is inflated again, by another thread, which says what is wrong.
  }
  return undefined;
}

/** A body that cannot be inflated is that of a gateway, if the answer is an error anyway. */
function withoutBody(status: number, error: unknown): Buffer {
  if (status === 200) throw error;
  return EMPTY;
}
