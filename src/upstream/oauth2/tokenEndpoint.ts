import { request } from 'undici';
import { readText, UnreadableBody } from '../../readBody.js';
import { isRecord } from '../../record.js';
import type { Grant } from './tokenSource.js';

/** A token endpoint's answer, with the refresh token where the grant has one. */
export interface GrantAnswer extends Grant {
  readonly refreshToken: string | undefined;
}

export interface TokenRequest {
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** The endpoint's answer that it grants nothing. `reason` is the error's name (RFC 6749, 5.2), or empty. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';

  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(`the token endpoint answered ${status}`);
  }
}

/** For an endpoint that does not say how long its token lives (RFC 6749, 5.1, only recommends it). */
const ASSUMED_LIFETIME_SECONDS = 300;

const MAX_ANSWER_BYTES = 64 * 1_024;

/**
 * Asks an OAuth2 token endpoint (RFC 6749, 4.4 and 6) with Basic client authentication. Takes at most `timeoutMs`, and
 * reads at most 64 KiB. Follows no redirect. Throws TokenRefused for any status but 2xx. No message of what it throws
 * quotes the body, where CAS 360 repeats tokens.
 */
export async function requestToken({ url, clientId, clientSecret, form, timeoutMs }: TokenRequest): Promise<GrantAnswer> {
  const { statusCode, body } = await request(url, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      accept: 'application/json',
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    body: form ? new URLSearchParams(form).toString() : null,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const reading = readText(body, MAX_ANSWER_BYTES);
  if (statusCode < 200 || statusCode > 299) throw new TokenRefused(statusCode, await reading.then(errorIn).catch(() => ''));
  return grantIn(parsed(await reading.catch(tellWhy)));
}

function tellWhy(error: unknown): never {
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
  // Anything else could not stand in a header.
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
