import { ContactsError } from '../../errors.js';
import type { Source } from '../../model.js';
import { waitFor, type Signal } from '../../deadline.js';
import type { UpstreamCall } from '../../recording.js';

/** What a token endpoint granted. */
export interface Grant {
  readonly accessToken: string;
  readonly lifetimeSeconds: number;
}

export interface TokenSourceOptions {
  readonly source: Source;
  /** Asks the token endpoint for a new token; must end by itself. */
  readonly request: () => Promise<Grant>;
  /** Milliseconds on any clock that only goes forward. */
  readonly now: () => number;
  /** A number from 0 to 1; replicas that renewed together drift apart by it. */
  readonly random: () => number;
  readonly onGrant?: () => void;
  readonly onFailure: (error: unknown) => void;
  /** A token of an earlier process that may still be good. */
  readonly initial?: Grant | undefined;
}

/** After a failed renewal the endpoint is left alone this long, and callers hear of it at once. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

/**
 * The access token of one upstream: one request to the token endpoint for any number of callers, renewed in the
 * background once 70 to 85 % of its life is over, so that nobody waits for it in the steady state.
 */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  #token: { value: string; fromMs: number; renewAtMs: number; expiresAtMs: number } | undefined;
  #renewal: Promise<string> | undefined;
  #pausedUntilMs = -Infinity;

  constructor(options: TokenSourceOptions) {
    this.#options = options;
    if (options.initial && options.initial.lifetimeSeconds > 0) this.#keep(options.initial, options.now());
  }

  /**
   * A token to use now, or a promise of one, which rejects with UPSTREAM_AUTH_FAILED when none is to be had, or with the
   * reason of `signal`. `calls` takes down the request for a new one, if this began it.
   */
  get(signal: Signal, calls?: UpstreamCall[]): string | Promise<string> {
    const now = this.#options.now();
    const token = this.#token;
    if (token && now < token.expiresAtMs) {
      if (now >= token.renewAtMs && now >= this.#pausedUntilMs) void this.#renew(calls).catch(() => {});
      return token.value;
    }
    if (!this.#renewal && now < this.#pausedUntilMs) return Promise.reject(this.#failure());
    return waitFor(this.#renew(calls), signal);
  }

  /** How old the token is; undefined while there is none. */
  get ageMs(): number | undefined {
    return this.#token && this.#options.now() - this.#token.fromMs;
  }

  /** Drops a token that the upstream refused, unless it has been replaced already. */
  invalidate(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  /** Resolves once no renewal is under way, so that the process may end without losing what comes of it. */
  async settled(): Promise<void> {
    await this.#renewal?.catch(() => {});
  }

  #renew(calls: UpstreamCall[] | undefined): Promise<string> {
    return (this.#renewal ??= this.#request(calls).finally(() => (this.#renewal = undefined)));
  }

  async #request(calls: UpstreamCall[] | undefined): Promise<string> {
    const { request, now, onGrant, onFailure } = this.#options;
    const askedAtMs = now();
    const startedAtMs = performance.now();
    const takeDown = (outcome: string): void =>
      void calls?.push({ resource: 'token', ids: [], relationships: false, attempt: 1, startedAtMs, endedAtMs: performance.now(), outcome });
    try {
      const grant = await request();
      this.#keep(grant, askedAtMs);
      onGrant?.();
      takeDown('200');
      return grant.accessToken;
    } catch (error) {
      this.#pausedUntilMs = now() + PAUSE_AFTER_FAILURE_MS;
      onFailure(error);
      takeDown('UPSTREAM_AUTH_FAILED');
      throw this.#failure(error);
    }
  }

  #keep({ accessToken, lifetimeSeconds }: Grant, fromMs: number): void {
    const lifeMs = lifetimeSeconds * 1_000;
    this.#token = {
      value: accessToken,
      fromMs,
      renewAtMs: fromMs + lifeMs * (0.7 + 0.15 * this.#options.random()),
      expiresAtMs: fromMs + lifeMs,
    };
  }

  #failure(cause?: unknown): ContactsError {
    return new ContactsError('UPSTREAM_AUTH_FAILED', this.#options.source, { cause });
  }
}
