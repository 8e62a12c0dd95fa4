import { request, type Dispatcher } from 'undici';
import { setPatientTimeout, waitFor } from '../../deadline.js';
import { readText, UnreadableBody } from '../../readBody.js';
import { isRecord } from '../../record.js';
import { parseJson } from '../json.js';
import { openDispatcher } from '../network.js';
import { retryAfterMs } from '../retryAfter.js';
import { FirstByte } from './firstByte.js';
import { CLIENT_CERTIFICATE_REFUSED, NoAnswer, UnusableAnswer } from './noAnswer.js';
import type { Grant } from './tokenSource.js';

/** One request to a token endpoint. `url` may contain parameters. */
export interface TokenRequest {
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The form in the body; without it, the body is empty. */
  readonly form?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Sends the request, on a connection that has served no other; undefined: without a proxy. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** What came of a request for a token. What may have become of a refresh token in it depends on the kind. */
export type TokenOutcome =
  /** Any 2xx with a usable token. Without a `grant`, only the refresh token is usable. */
  | { readonly kind: 'granted'; readonly grant: Grant | undefined; readonly refreshToken: string | undefined }
  /** Any other status, or a 2xx with an `error` and no token. `reason` is the endpoint's `error` (RFC 6749, 5.2), or empty. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly retryAfterMs: number | undefined }
  /** No byte of the request left, or the server ended the TLS handshake without reading one. */
  | { readonly kind: 'unsent'; readonly cause: NoAnswer }
  /** It may have been received, and there is no usable answer. */
  | { readonly kind: 'unknown'; readonly cause: NoAnswer | UnusableAnswer };

/** Used without `expires_in`, which RFC 6749, 5.1, only recommends. */
const ASSUMED_LIFETIME_SECONDS = 300;
/** Thirty years. In milliseconds, a number without bounds could be infinite, which no store can hold. */
const MAX_LIFETIME_SECONDS = 1e9;
const MAX_ANSWER_BYTES = 64 * 1_024;
const MAX_REST_MS = 86_400_000;
/** A few words, as RFC 6749 has them: nothing that could be a token, since reasons are logged. */
const REASON = /^[a-z]{1,20}(?:[_ ][a-z]{1,20}){0,3}$/;
const DIRECT = { proxies: { http: undefined, https: undefined, noProxy: '' } };

/**
 * Requests a token from an OAuth 2.0 token endpoint (RFC 6749, 4.4 and 6) with Basic client authentication. Sends it once,
 * takes at most `timeoutMs`, reads at most 64 KiB, follows no redirect, and never throws. Nothing in the outcome but the tokens
 * and the endpoint's `error` quotes the request or the body: CAS 360 has tokens in the address, and repeats them in errors.
 */
export async function requestToken(asked: TokenRequest): Promise<TokenOutcome> {
  const ending = new AbortController();
  // Stryker disable next-line StringLiteral: NoAnswer tells the name only, of which there is a test
  const timer = setPatientTimeout(() => ending.abort(new DOMException('late', 'TimeoutError')), asked.timeoutMs);
  const firstByte = new FirstByte();
  try {
    return await exchange(asked, ending.signal, firstByte);
  } catch (error) {
    if (error instanceof UnusableAnswer) return { kind: 'unknown', cause: error };
    return { kind: firstByte.mayHaveLeft ? 'unknown' : 'unsent', cause: new NoAnswer(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function exchange(asked: TokenRequest, signal: AbortSignal, firstByte: FirstByte): Promise<TokenOutcome> {
  const { url, clientId, clientSecret, form, dispatcher = openDispatcher(url, DIRECT) } = asked;
  const answering = request(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      accept: 'application/json',
      // Without it, an endpoint may choose any compression (RFC 9110, 12.5.3).
      'accept-encoding': 'gzip',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: form ? new URLSearchParams(form).toString() : null,
    signal,
    dispatcher: firstByte.watchedBy(dispatcher),
  });
  // undici ends no request while it connects. It does not write one whose signal has aborted meanwhile.
  const { statusCode: status, headers, body } = await waitFor(answering, signal).catch((error: unknown) => {
    // With TLS 1.3 the request leaves before the server has checked our certificate. It reads no request before that.
    if (CLIENT_CERTIFICATE_REFUSED.test(new NoAnswer(error).code ?? '')) firstByte.mayHaveLeft = false;
    throw error;
  });
  const encoding = String(headers['content-encoding']);
  // Stryker disable next-line ConditionalExpression,EqualityOperator: undici hands over none below 200
  if (status >= 200 && status <= 299) return success(status, body, encoding);
  const reason = await readText(body, MAX_ANSWER_BYTES, encoding).then(parsed).then(errorIn).catch(() => '');
  return { kind: 'refused', status, reason, retryAfterMs: restMs(status, headers['retry-after']) };
}

async function success(status: number, body: AsyncIterable<Uint8Array>, encoding: string): Promise<TokenOutcome> {
  let cut: Error | undefined;
  // JSON that is complete is an answer, whether or not the connection is cut after it.
  const received = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      cut = error as Error;
    }
  };
  try {
    return granted(status, parsed(await readText(received(), MAX_ANSWER_BYTES, encoding)));
  } catch (error) {
    if (cut) throw cut;
    throw error instanceof UnreadableBody ? new UnusableAnswer('the token endpoint answered too much, or broken gzip') : error;
  }
}

function errorIn(answer: unknown): string {
  return isRecord(answer) && typeof answer.error === 'string' && REASON.test(answer.error) ? answer.error : '';
}

function restMs(status: number, header: string | string[] | undefined): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const askedMs = retryAfterMs(header);
  return askedMs > 0 ? Math.min(MAX_REST_MS, askedMs) : undefined;
}

function parsed(text: string): unknown {
  try {
    // Long numbers become texts of their digits: JSON.parse would round a refresh token.
    return parseJson(Buffer.from(text));
  } catch {
    // The parser's message quotes the text, which may hold a token.
    throw new UnusableAnswer('the token endpoint answered no JSON');
  }
}

function granted(status: number, answer: unknown): TokenOutcome {
  if (!isRecord(answer)) throw new UnusableAnswer('the token endpoint answered no object');
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = answer;
  // A header allows no other characters.
  const grant = typeof accessToken === 'string' && /^[\x21-\x7e]+$/.test(accessToken) ? { accessToken, lifetimeSeconds: lifetimeSeconds(expiresIn) } : undefined;
  // Then there is one, but nobody knows which.
  if (typeof refreshToken === 'number' && !Number.isSafeInteger(refreshToken)) throw new UnusableAnswer('the token endpoint answered with a refresh token that is no whole number');
  const next = typeof refreshToken === 'number' || (typeof refreshToken === 'string' && refreshToken !== '') ? String(refreshToken) : undefined;
  if (grant || next !== undefined) return { kind: 'granted', grant, refreshToken: next };
  const reason = errorIn(answer);
  if (reason === '') throw new UnusableAnswer('the token endpoint answered without a usable token');
  // Some endpoints refuse with 200.
  return { kind: 'refused', status, reason, retryAfterMs: undefined };
}

function lifetimeSeconds(expiresIn: unknown): number {
  const seconds = typeof expiresIn === 'string' || typeof expiresIn === 'number' ? Number(expiresIn) : NaN;
  return seconds > 0 && Number.isFinite(seconds) ? Math.min(MAX_LIFETIME_SECONDS, seconds) : ASSUMED_LIFETIME_SECONDS;
}
