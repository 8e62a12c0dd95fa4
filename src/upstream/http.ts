import { ContactsError } from '../errors.js';
import type { Life } from '../life.js';
import type { Source } from '../model.js';
import type { Breaker } from './breaker.js';
import { UnreadableBody, type Answer, type Exchange } from './exchange.js';
import { GivenUp } from './givenUp.js';
import { parseJson } from './json.js';
import type { TokenSource } from './oauth2/tokenSource.js';
import type { Pause } from './pause.js';
import { Refusal } from './refusal.js';
import type { Retry } from './retry.js';

/** What becomes of each call, for the metrics. `seconds` is the time until its body was read. */
export type CallMeasure = (source: Source, resource: string, outcome: string, seconds: number) => void;

export interface UpstreamParts {
  readonly source: Source;
  readonly retry: Retry;
  readonly pause: Pause;
  readonly breaker: Breaker;
  readonly token: TokenSource;
  readonly exchange: Exchange;
  readonly measure: CallMeasure;
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
   * The JSON at `path`, which must hold nothing but checked ids and constants. Never takes longer than `life`.
   * Throws Refusal for a status other than 200, and ContactsError for whatever else goes wrong.
   */
  getJson(resource: string, path: string, life: Life): Promise<unknown> {
    const { retry, pause, breaker } = this.#parts;
    return retry.run(life, async () => {
      await pause.pass(life);
      return breaker.run(() => this.#ask(resource, path, life.signal));
    });
  }

  async #ask(resource: string, path: string, signal: AbortSignal): Promise<unknown> {
    const { source, pause, token: tokens } = this.#parts;
    try {
      const token = await tokens.get(signal);
      let answer = await this.#call(resource, path, token, signal);
      if (answer.status === 401) {
        tokens.invalidate(token);
        answer = await this.#call(resource, path, await tokens.get(signal), signal);
      }
      if (answer.status === 200) return parseJson(answer.body);
      if (answer.status === 429 || answer.status === 503) pause.begin(answer.retryAfter);
      throw new Refusal(answer.status, source);
    } catch (error) {
      throw known(error, source, signal);
    }
  }

  async #call(resource: string, path: string, token: string, signal: AbortSignal): Promise<Answer> {
    const { source, exchange, measure } = this.#parts;
    const startedAt = performance.now();
    let outcome = 'failed';
    try {
      const answer = await exchange.get(path, token, signal);
      outcome = String(answer.status);
      return answer;
    } catch (error) {
      outcome = known(error, source, signal).code;
      throw error;
    } finally {
      measure(source, resource, outcome, (performance.now() - startedAt) / 1_000);
    }
  }

  /** Ends all connections at once. */
  close(): Promise<void> {
    return this.#parts.exchange.close();
  }
}

/** Whatever was thrown, as one of the closed list. */
function known(error: unknown, source: Source, signal: AbortSignal): ContactsError {
  if (error instanceof ContactsError) return error;
  if (signal.aborted) return signal.reason instanceof ContactsError ? signal.reason : new GivenUp(source);
  const isUnreadable = error instanceof SyntaxError || error instanceof UnreadableBody;
  return new ContactsError(isUnreadable ? 'UPSTREAM_INVALID_RESPONSE' : 'UPSTREAM_UNAVAILABLE', source, { cause: error });
}
