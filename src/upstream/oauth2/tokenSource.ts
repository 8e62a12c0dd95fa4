import { ContactsError } from '../../errors.js';
import type { Source } from '../../model.js';
import { waitFor, type Signal } from '../../deadline.js';
import type { UpstreamCall } from '../../recording.js';
import { TokenUnavailable } from './tokenUnavailable.js';

/** An access token and its lifetime. */
export interface Grant {
  readonly accessToken: string;
  readonly lifetimeSeconds: number;
  /** Another process has asked for it: no request was sent. */
  readonly isAdopted?: boolean;
}

interface Token {
  readonly value: string;
  readonly fromMs: number;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
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
  /** Whether there is a token from elsewhere, so that `request` asks no token endpoint. No pause is waited for then. */
  readonly hasOther?: () => boolean;
  /** A token of an earlier process, which may still be valid. */
  readonly initial?: Grant | undefined;
}

/**
 * After a failed renewal none is tried for so long, doubled with each failure up to the most, and callers get the error at
 * once. What may pass by itself is tried more often than what takes an operator. `Retry-After` comes first.
 */
const PAUSE = { firstMs: 1_000, mostTransientMs: 2_000, mostMs: 60_000 };

/** After a renewal that did not help against a 401, there is no other because of one for this long. */
const REST_MS = 30_000;
/**
 * Unless the token had served, and now nothing but so many paths was refused for so long: then it was revoked. Records that are
 * refused with every token can look the same, so if that did not help either, its rest is added to the one before.
 */
const REVOKED = { paths: 3, afterMs: 1_000 };

/**
 * The access token of one upstream. Callers share one request to the token endpoint. After 70 to 85 % of its lifetime the
 * token is renewed in the background, so that calls do not wait for it.
 */
export class TokenSource {
  readonly #options: TokenSourceOptions;
  #token: Token | undefined;
  #renewal: Promise<string> | undefined;
  #pausedUntilMs = -Infinity;
  /** What callers are told: later than the end of the pause if there may be a token from elsewhere before. */
  #retryAtMs = 0;
  #failures = 0;
  #lastFailure: unknown;
  /** Until then a 401 brings no new token. */
  #restsUntilMs = -Infinity;
  /** The last one that did not help. An endpoint may grant the same value again. */
  #unhelpful: Token | undefined;
  /** The token that served the last call, and what was refused since, and since when. */
  #servedBy: string | undefined;
  readonly #refusedPaths = new Set<string>();
  #refusedSinceMs = 0;

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
      if (now >= token.renewAtMs && this.#mayRenew(now)) void this.#renew(calls).catch(() => {});
      return token.value;
    }
    return this.#renewed(now, signal, calls);
  }

  /** How many requests for a token have failed since the last that was granted, or taken over from another replica. */
  get failures(): number {
    return this.#failures;
  }

  /** The age of the token; undefined while there is none. */
  get ageMs(): number | undefined {
    return this.#token && this.#options.now() - this.#token.fromMs;
  }

  /**
   * A token to replay a call with that was refused with this one (401): the one that has replaced it meanwhile, or a new one.
   * Undefined if a replay makes no sense: some records are refused whatever the token is, so after a new token that did not
   * help, no 401 brings another for half a minute. Others use the old token until the new one is there. Rejects like `get`.
   */
  replacementFor(refused: string, path: string, signal: Signal, calls?: UpstreamCall[]): string | Promise<string> | undefined {
    const now = this.#options.now();
    if (this.#token && this.#token.value !== refused && now < this.#token.expiresAtMs) return this.#token.value;
    if (this.#refusedPaths.size === 0) this.#refusedSinceMs = now;
    // Stryker disable next-line ConditionalExpression,EqualityOperator: only bounds the memory, since more of them say no more
    if (this.#refusedPaths.size < REVOKED.paths) this.#refusedPaths.add(path);
    if (now < this.#restsUntilMs && !this.#isRevoked(refused, now) && !this.#options.hasOther?.()) return undefined;
    return this.#renewed(now, signal, calls);
  }

  #isRevoked(value: string, now: number): boolean {
    return this.#restsUntilMs - now <= REST_MS && this.#servedBy === value && this.#refusedPaths.size >= REVOKED.paths && now - this.#refusedSinceMs >= REVOKED.afterMs;
  }

  /** Call it if a call with this token was not refused with 401. */
  served(value: string): void {
    this.#servedBy = value;
    // Stryker disable next-line ConditionalExpression,EqualityOperator: only spares work, for each call
    if (this.#refusedPaths.size > 0) this.#refusedPaths.clear();
  }

  /** Call it if a replay with this token was refused too. If the token is over by now, that may be the reason. */
  didNotHelp(value: string): void {
    const now = this.#options.now();
    // Stryker disable next-line OptionalChaining: there is always one once one was given
    if (this.#token?.value !== value || now >= this.#token.expiresAtMs || this.#token === this.#unhelpful) return;
    this.#unhelpful = this.#token;
    this.#restsUntilMs = Math.max(now, this.#restsUntilMs) + REST_MS;
  }

  /** Resolves when no renewal is under way. Ending the process earlier could lose the new refresh token. */
  async settled(): Promise<void> {
    await this.#renewal?.catch(() => {});
  }

  #renewed(now: number, signal: Signal, calls: UpstreamCall[] | undefined): Promise<string> {
    if (!this.#renewal && !this.#mayRenew(now)) return Promise.reject(this.#failure(now));
    return waitFor(this.#renew(calls), signal);
  }

  #mayRenew(now: number): boolean {
    return now >= this.#pausedUntilMs || this.#options.hasOther?.() === true;
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
      this.#failures = 0;
      this.#pausedUntilMs = -Infinity;
      this.#keep(grant, askedAtMs);
      onGrant?.();
      if (!grant.isAdopted) record('200');
      return grant.accessToken;
    } catch (error) {
      this.#lastFailure = error;
      this.#pausedUntilMs = now() + pauseMs(error, this.#failures++);
      this.#retryAtMs = Math.max(this.#pausedUntilMs, now() + (factsOf(error)?.retryAfterMs ?? 0));
      onFailure(error);
      record('UPSTREAM_AUTH_FAILED');
      throw this.#failure(now());
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

  #failure(now: number): ContactsError {
    const cause = this.#lastFailure;
    const isTransient = mayPass(cause);
    const retryAfterSeconds = isTransient ? Math.max(1, Math.ceil((this.#retryAtMs - now) / 1_000)) : undefined;
    return new ContactsError('UPSTREAM_AUTH_FAILED', this.#options.source, { cause, isTransient, retryAfterSeconds });
  }
}

const factsOf = (error: unknown): TokenUnavailable['facts'] | undefined => (error instanceof TokenUnavailable ? error.facts : undefined);

function mayPass(error: unknown): boolean {
  return factsOf(error)?.isTransient ?? true;
}

function pauseMs(error: unknown, failuresBefore: number): number {
  const { firstMs, mostTransientMs, mostMs } = PAUSE;
  const { lookAgainMs, retryAfterMs, status } = factsOf(error) ?? {};
  const asked = lookAgainMs ?? retryAfterMs;
  if (asked !== undefined) return Math.max(firstMs, asked);
  return Math.min(firstMs * 2 ** failuresBefore, mayPass(error) && status !== 429 ? mostTransientMs : mostMs);
}
