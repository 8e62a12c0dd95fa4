import type { Deadline, Signal } from '../deadline.js';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { UnreadableBody } from '../readBody.js';
import type { UpstreamCall } from '../recording.js';
import type { Breaker } from './breaker.js';
import { Cancelled, StatusError } from './callErrors.js';
import { parseJson } from './json.js';
import type { TokenSource } from './oauth2/tokenSource.js';
import type { Pause } from './pause.js';
import type { Retry } from './retry.js';
import type { Answer, Wire } from './wire.js';

/** A request to an upstream. */
export interface UpstreamRequest {
  readonly resource: string;
  /** Holds only checked ids and constants. */
  readonly path: string;
  readonly ids: readonly string[];
  readonly relationships: boolean;
}

export interface UpstreamParts {
  readonly source: Source;
  readonly retry: Retry;
  readonly pause: Pause;
  readonly breaker: Breaker;
  readonly token: TokenSource;
  readonly wire: Wire;
  /** Called for each call when it has ended. */
  readonly onCall: (source: Source, call: UpstreamCall) => void;
}

/**
 * The only way to call an upstream. A call goes through its layers in this order: retry, the pause that the upstream asked
 * for, the breaker, the token (with one replay after a 401), the wire. The gatherer decides how many calls are under way.
 */
export class Upstream {
  readonly #parts: UpstreamParts;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** The path of the upstream's address, which is put before every path. */
  get pathPrefix(): string {
    return this.#parts.wire.pathPrefix;
  }

  /**
   * The JSON of the answer. Ends with `deadline` at the latest. Rejects with StatusError for a status other than 200, and
   * with another ContactsError for any other failure.
   */
  getJson(request: UpstreamRequest, deadline: Deadline): Promise<unknown> {
    const { retry, pause, breaker } = this.#parts;
    let attempt = 0;
    const call = (token: string): Promise<Answer> => this.#call(request, ++attempt, token, deadline);
    const go = (): Promise<unknown> => breaker.run(() => this.#ask(call, deadline));
    return retry.run(deadline, () => (pause.leftMs > 0 ? pause.pass(deadline).then(go) : go()));
  }

  async #ask(call: (token: string) => Promise<Answer>, { signal, calls }: Deadline): Promise<unknown> {
    const { source, pause, token: tokens } = this.#parts;
    try {
      const held = tokens.get(signal, calls);
      const token = typeof held === 'string' ? held : await held;
      let answer = await call(token);
      if (answer.status === 401) {
        tokens.invalidate(token);
        answer = await call(await tokens.get(signal, calls));
      }
      if (answer.status === 200) return parseJson(answer.body, answer.contentType);
      if (answer.status === 429 || answer.status === 503) pause.begin(answer.retryAfter);
      throw new StatusError(answer.status, source, answer.status === 404 && isJson(answer));
    } catch (error) {
      throw known(error, source, signal);
    }
  }

  async #call({ resource, path, ids, relationships }: UpstreamRequest, attempt: number, token: string, { signal, calls, traceparent }: Deadline): Promise<Answer> {
    const { source, wire, onCall } = this.#parts;
    const startedAtMs = performance.now();
    let outcome = 'failed';
    try {
      const answer = await wire.get(path, token, signal, traceparent);
      outcome = String(answer.status);
      return answer;
    } catch (error) {
      outcome = known(error, source, signal).code;
      throw error;
    } finally {
      const call = { resource, ids, relationships, attempt, startedAtMs, endedAtMs: performance.now(), outcome };
      calls?.push(call);
      onCall(source, call);
    }
  }

  /** Resolves when a token renewal under way has stored its token. */
  settled(): Promise<void> {
    return this.#parts.token.settled();
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#parts.wire.close();
  }
}

/**
 * Whether a body is JSON. A gateway without the path answers with an HTML page, nothing, or `404` in plain text, which parses
 * as a number.
 */
function isJson({ body, contentType }: Answer): boolean {
  try {
    return typeof parseJson(body, contentType) !== 'number';
  } catch {
    return false;
  }
}

/** Maps any error to the closed list. */
function known(error: unknown, source: Source, signal: Signal): ContactsError {
  if (error instanceof ContactsError) return error;
  if (signal.aborted) return signal.reason instanceof ContactsError ? signal.reason : new Cancelled(source);
  const isUnreadable = error instanceof SyntaxError || error instanceof UnreadableBody;
  return new ContactsError(isUnreadable ? 'UPSTREAM_INVALID_RESPONSE' : 'UPSTREAM_UNAVAILABLE', source, { cause: error });
}
