import { ContactsError } from '../../errors.js';
import type { Source } from '../../model.js';
import { waitFor, type Signal } from '../../deadline.js';
import type { UpstreamCall } from '../../recording.js';

/** An access token and its lifetime. */
export interface Grant {
  readonly accessToken: string;
  readonly lifetimeSeconds: number;
}

export interface TokenSourceOptions {
  readonly source: Source;
  /** Requests a new token from the token endpoint. It must have its own timeout. */
  readonly request: () => Promise<Grant>;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** A number from 0 to 1. It keeps replicas from renewing at the same time. */
  readonly random: () => number;
  readonly onGrant?: () => void;
  readonly onFailure: (error: unknown) => void;
  /** A token of an earlier process, which may still be valid. */
  readonly initial?: Grant | undefined;
}

/** After a failed renewal, no request is made for this long, and callers get the error at once. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

/**
 * The access token of one upstream. Callers share one request to the token endpoint. After 70 to 85 % of its lifetime the
 * token is renewed in the background, so that calls do not wait for it.
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
   * Returns the token, or a promise of one. The promise rejects with UPSTREAM_AUTH_FAILED if none can be obtained, or with the
   * reason of `signal`. A token request that this call starts is added to `calls`.
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

  /** The age of the token; undefined while there is none. */
  get ageMs(): number | undefined {
    return this.#token && this.#options.now() - this.#token.fromMs;
  }

  /** Drops a token that the upstream refused, unless it is already replaced. */
  invalidate(value: string): void {
    if (this.#token?.value === value) this.#token = undefined;
  }

  /** Resolves when no renewal is under way. Ending the process earlier could lose the new refresh token. */
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
    const record = (outcome: string): void =>
      void calls?.push({ resource: 'token', ids: [], relationships: false, attempt: 1, startedAtMs, endedAtMs: performance.now(), outcome });
    try {
      const grant = await request();
      this.#keep(grant, askedAtMs);
      onGrant?.();
      record('200');
      return grant.accessToken;
    } catch (error) {
      this.#pausedUntilMs = now() + PAUSE_AFTER_FAILURE_MS;
      onFailure(error);
      record('UPSTREAM_AUTH_FAILED');
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
