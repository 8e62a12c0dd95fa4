import { request, type Dispatcher } from 'undici';
import { readText, UnreadableBody } from '../../readBody.js';
import { isRecord } from '../../record.js';
import type { Grant } from './tokenSource.js';

/** A grant, with the refresh token if the endpoint gave one. */
export interface GrantAnswer extends Grant {
  readonly refreshToken: string | undefined;
}

/** One request to a token endpoint. `url` may contain parameters. */
export interface TokenRequest {
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The form in the body; without it, the body is empty. */
  readonly form?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Sends the request; undefined: undici's own, which knows no proxy. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** The endpoint answered with a status other than 2xx. `reason` is its `error` (RFC 6749, 5.2), or empty. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';

  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(`the token endpoint answered ${status}`);
  }
}

/** Used without `expires_in`, which RFC 6749, 5.1, only recommends. */
const ASSUMED_LIFETIME_SECONDS = 300;

const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * Requests a token from an OAuth 2.0 token endpoint (RFC 6749, 4.4 and 6) with Basic client authentication. Takes at most
 * `timeoutMs`, reads at most 64 KiB, follows no redirect. Throws TokenRefused for any status but 2xx, else an Error of ours
 * or of the network. No message quotes the body, in which CAS 360 repeats tokens.
 */
export async function requestToken({ url, clientId, clientSecret, form, timeoutMs, dispatcher }: TokenRequest): Promise<GrantAnswer> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      accept: 'application/json',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: form ? new URLSearchParams(form).toString() : null,
    signal: AbortSignal.timeout(timeoutMs),
    ...(dispatcher && { dispatcher }),
  });
  const reading = readText(body, MAX_ANSWER_BYTES);
  if (statusCode < 200 || statusCode > 299) throw new TokenRefused(statusCode, await reading.then(errorIn).catch(() => ''));
  return grantIn(parsed(await reading.catch(explain)));
}

function explain(error: unknown): never {
  throw error instanceof UnreadableBody ? new Error('the token endpoint answered too much, or broken gzip', { cause: error }) : error;
}

function errorIn(text: string): string {
  const answer = parsed(text);
  return isRecord(answer) && typeof answer.error === 'string' ? answer.error : '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may hold a token.
    throw new Error('the token endpoint answered no JSON');
  }
}

function grantIn(answer: unknown): GrantAnswer {
  if (!isRecord(answer)) throw new Error('the token endpoint answered no object');
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = answer;
  // A header allows no other characters.
  if (typeof accessToken !== 'string' || !/^[\x21-\x7e]+$/.test(accessToken)) {
    throw new Error('the token endpoint answered without a usable access_token');
  }
  const seconds = Number(expiresIn ?? ASSUMED_LIFETIME_SECONDS);
  return {
    accessToken,
    lifetimeSeconds: seconds > 0 ? seconds : ASSUMED_LIFETIME_SECONDS,
    refreshToken: typeof refreshToken === 'string' && refreshToken !== '' ? refreshToken : undefined,
  };
}
