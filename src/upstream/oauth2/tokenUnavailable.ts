import { NoAnswer } from './noAnswer.js';
import type { TokenOutcome } from './tokenEndpoint.js';

/** Why there is no access token: in our own words, for the log. */
export class TokenUnavailable extends Error {
  override readonly name = 'TokenUnavailable';
  /** Of the system or of undici, if the network was the reason: `ECONNREFUSED`. */
  readonly code: string | undefined;

  constructor(
    message: string,
    readonly facts: {
      /** Whether it may be better soon, without an operator. */
      readonly isTransient: boolean;
      readonly retryAfterMs?: number | undefined;
      /** There may be a token from elsewhere before `retryAfterMs` is over: it is worth asking for one after so long. */
      readonly lookAgainMs?: number | undefined;
      /** That the endpoint answered, if it refused. */
      readonly status?: number;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = options?.cause instanceof NoAnswer ? options.cause.code : undefined;
  }
}

/** The error for a request that brought no token. `lookAgainMs`: see TokenUnavailable. */
export function unavailable(outcome: Exclude<TokenOutcome, { kind: 'granted' }>, lookAgainMs?: number): TokenUnavailable {
  if (outcome.kind === 'refused') {
    const { status, reason, retryAfterMs } = outcome;
    const isTransient = status === 408 || status === 429 || status >= 500;
    return new TokenUnavailable(`the token endpoint answered ${status}${reason && ` ${reason}`}`, { isTransient, retryAfterMs, status, ...(retryAfterMs !== undefined && { lookAgainMs }) });
  }
  const { cause } = outcome;
  return new TokenUnavailable(cause.message, { isTransient: true }, { cause });
}
