import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Signal } from '../deadline.js';
import { CutBody } from '../readBody.js';
import type { CallOptions, Carried } from './connection.js';

/** An answer as it came. The body is empty unless the status is 200 or 404. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** What writing on a connection that the other side has closed ends with. */
const CLOSED_CODES = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** The body is larger than the pool allows. */
export const TOO_LARGE = 'UND_ERR_RES_EXCEEDED_MAX_SIZE';
const DUMP_TIMEOUT_MS = 100;
/** How long the body of a 404 is waited for. */
const NOT_FOUND_TIMEOUT_MS = 1_000;
/** How much of an answer with another status than 200 is read. */
export const MAX_ERROR_BYTES = 65_536;
/** Chunks are joined at this number: a list of a million chunks of one byte takes 150 MB. */
const MAX_CHUNKS = 1_000;
const EMPTY = Buffer.alloc(0);

/**
 * Sends one GET on a pool of `openPool`, and reads the answer. Rejects with the reason of `signal` as soon as that aborts.
 * The dispatcher's own `request` makes a stream of every body, which costs up to a quarter of a call (docs/performance.md).
 */
export function send(pool: Dispatcher, path: string, headers: Readonly<Record<string, string | undefined>>, signal: Signal): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const carried: Carried = { mustBeNew: false };
    const options: CallOptions = { method: 'GET', path, headers, carried };
    const dispatch = (reader: AnswerReader): void => void pool.dispatch(options, reader);
    dispatch(new AnswerReader(signal, carried, dispatch, resolve, reject));
  });
}

/** Follows undici's documentation of `Dispatcher.dispatch`. */
class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #signal: Signal;
  readonly #carried: Carried;
  readonly #dispatch: (reader: AnswerReader) => void;
  readonly #resolve: (answer: RawAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #blocks: Buffer[] = [];
  readonly #chunks: Buffer[] = [];
  // Stryker disable next-line ObjectLiteral: no body comes before a status
  #answer: Pick<RawAnswer, 'status' | 'headers'> = { status: 0, headers: {} };
  #controller: Dispatcher.DispatchController | undefined;
  #errorBytesLeft = MAX_ERROR_BYTES;
  #errorTimer: NodeJS.Timeout | undefined;
  #socket: Socket | undefined;
  /** What the connection had received before this request. */
  #bytesBefore = 0;

  constructor(
    signal: Signal,
    carried: Carried,
    dispatch: (reader: AnswerReader) => void,
    resolve: (answer: RawAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#carried = carried;
    this.#dispatch = dispatch;
    this.#resolve = resolve;
    this.#reject = reject;
    signal.addEventListener('abort', this.#cancel);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#socket = this.#carried.connection?.socket;
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
    if (this.#signal.aborted) this.#cancel();
  }

  onResponseStart(_controller: unknown, status: number, headers: RawAnswer['headers']): void {
    if (status < 200) return;
    this.#answer = { status, headers };
    if (status === 200) return;
    // The body of a 404 tells whether the system itself answered. Any other body is read only so that the connection can be
    // used again.
    if (status !== 404) this.#resolveWithoutBody();
    this.#errorTimer = setTimeout(() => this.#leaveBody('too slow'), status === 404 ? NOT_FOUND_TIMEOUT_MS : DUMP_TIMEOUT_MS);
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#answer.status !== 200 && (this.#errorBytesLeft -= chunk.length) < 0) return this.#leaveBody('too much');
    // Stryker disable next-line ConditionalExpression: only spares memory
    if (this.#answer.status !== 200 && this.#answer.status !== 404) return;
    // Stryker disable next-line EqualityOperator,CallExpression: only spares memory
    if (this.#chunks.push(chunk) === MAX_CHUNKS) this.#blocks.push(Buffer.concat(this.#chunks.splice(0)));
  }

  onResponseEnd(): void {
    this.#end();
    const parts = this.#blocks.concat(this.#chunks);
    // Stryker disable next-line ConditionalExpression: only spares copying
    const answer = { ...this.#answer, body: parts.length === 1 ? parts[0]! : Buffer.concat(parts) };
    // undici frees the connection one turn of the event loop later. A call that follows sooner would open another connection.
    queueMicrotask(() => setImmediate(this.#resolve, answer));
  }

  onResponseError(_controller: unknown, error: NodeJS.ErrnoException): void {
    if (this.#wasClosedBefore(error)) {
      // A new connection, because other idle ones may be closed too. Only once: if this request crashes the upstream, it must not do so on every connection.
      this.#carried.mustBeNew = true;
      this.#socket = undefined;
      return this.#dispatch(this);
    }
    this.#end();
    this.#reject(this.#answer.status === 200 && error.code !== TOO_LARGE ? new CutBody(undefined, { cause: error }) : error);
  }

  /** Whether the connection had carried an answer before, and was closed without a byte of this one. */
  #wasClosedBefore(error: NodeJS.ErrnoException): boolean {
    // Stryker disable next-line OptionalChaining,StringLiteral: what has received something is there, and any other text is no code of these
    return !this.#carried.mustBeNew && this.#bytesBefore > 0 && this.#socket?.bytesRead === this.#bytesBefore && CLOSED_CODES.has(error.code ?? '') && !this.#signal.aborted;
  }

  readonly #cancel = (): void => {
    this.#reject(this.#signal.reason);
    this.#controller?.abort(this.#signal.reason!);
  };

  #resolveWithoutBody(): void {
    this.#resolve({ ...this.#answer, body: EMPTY });
  }

  #leaveBody(why: string): void {
    this.#resolveWithoutBody();
    this.#controller!.abort(new Error(why));
  }

  #end(): void {
    clearTimeout(this.#errorTimer);
    this.#signal.removeEventListener('abort', this.#cancel);
  }
}
