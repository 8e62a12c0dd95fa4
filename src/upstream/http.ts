import { ContactsError } from '../errors.js';
import type { Life } from '../life.js';
import type { Source } from '../model.js';
import { UnreadableBody } from '../readBody.js';
import type { Signal } from '../signal.js';
import type { UpstreamCall } from '../watch.js';
import type { Breaker } from './breaker.js';
import type { Answer, Exchange } from './exchange.js';
import { GivenUp } from './givenUp.js';
import { parseJson } from './json.js';
import type { TokenSource } from './oauth2/tokenSource.js';
import type { Pause } from './pause.js';
import { Refusal } from './refusal.js';
import type { Retry } from './retry.js';

/** What is asked of an upstream. */
export interface Ask {
  readonly resource: string;
  /** Must hold nothing but checked ids and constants. */
  readonly path: string;
  readonly ids: readonly string[];
  readonly full: boolean;
}

export interface UpstreamParts {
  readonly source: Source;
  readonly retry: Retry;
  readonly pause: Pause;
  readonly breaker: Breaker;
  readonly token: TokenSource;
  readonly exchange: Exchange;
  /** Hears of each call once its body was read. */
  readonly onCall: (source: Source, call: UpstreamCall) => void;
}

/**
 * The one way to ask an upstream. A call goes through its layers in this order: one more attempt where that may help,
 * the pause that the upstream asked for, the breaker, the token (and one replay with a new one after a 401), the wire.
 * How many calls may be under way, and who waits for them, is the gatherer's matter.
 */
export class Upstream {
  readonly #parts: UpstreamParts;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** The bytes that the upstream's address puts before every path. */
  get pathPrefix(): string {
    return this.#parts.exchange.pathPrefix;
  }

  /**
   * The JSON that answers `ask`. Never takes longer than `life`.
   * Throws Refusal for a status other than 200, and ContactsError for whatever else goes wrong.
   */
  getJson(ask: Ask, life: Life): Promise<unknown> {
    const { retry, pause, breaker } = this.#parts;
    let attempt = 0;
    const call = (token: string): Promise<Answer> => this.#call(ask, ++attempt, token, life);
    const go = (): Promise<unknown> => breaker.run(() => this.#ask(call, life));
    return retry.run(life, () => (pause.leftMs > 0 ? pause.pass(life).then(go) : go()));
  }

  async #ask(call: (token: string) => Promise<Answer>, { signal, calls }: Life): Promise<unknown> {
    const { source, pause, token: tokens } = this.#parts;
    try {
      const held = tokens.get(signal, calls);
      const token = typeof held === 'string' ? held : await held;
      let answer = await call(token);
      if (answer.status === 401) {
        tokens.invalidate(token);
        answer = await call(await tokens.get(signal, calls));
      }
      if (answer.status === 200) return parseJson(answer.body);
      if (answer.status === 429 || answer.status === 503) pause.begin(answer.retryAfter);
      throw new Refusal(answer.status, source);
    } catch (error) {
      throw known(error, source, signal);
    }
  }

  async #call({ resource, path, ids, full }: Ask, attempt: number, token: string, { signal, calls, traceparent }: Life): Promise<Answer> {
    const { source, exchange, onCall } = this.#parts;
    const startedAtMs = performance.now();
    let outcome = 'failed';
    try {
      const answer = await exchange.get(path, token, signal, traceparent);
      outcome = String(answer.status);
      return answer;
    } catch (error) {
      outcome = known(error, source, signal).code;
      throw error;
    } finally {
      const call = { resource, ids, full, attempt, startedAtMs, endedAtMs: performance.now(), outcome };
      calls?.push(call);
      onCall(source, call);
    }
  }

  /** Resolves once a token that is being renewed has been kept. */
  settled(): Promise<void> {
    return this.#parts.token.settled();
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#parts.exchange.close();
  }
}

/** Whatever was thrown, as one of the closed list. */
function known(error: unknown, source: Source, signal: Signal): ContactsError {
  if (error instanceof ContactsError) return error;
  if (signal.aborted) return signal.reason instanceof ContactsError ? signal.reason : new GivenUp(source);
  const isUnreadable = error instanceof SyntaxError || error instanceof UnreadableBody;
  return new ContactsError(isUnreadable ? 'UPSTREAM_INVALID_RESPONSE' : 'UPSTREAM_UNAVAILABLE', source, { cause: error });
}
