import type { Wire } from '../upstream/wire.js';
import { parseJson } from '../upstream/json.js';
import type { Findings } from './findings.js';
import { reasonOf } from './reasons.js';

/** The result of one call: JSON with status 200, another status, or neither. */
export type Reply =
  | { readonly kind: 'json'; readonly value: unknown; readonly tookMs: number }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'failed'; readonly why: string };

/** Makes one call as the service would. */
export type Asking = (path: string) => Promise<Reply>;

export function asking(wire: Wire, token: string, timeoutMs: number): Asking {
  return async (path) => {
    const startedAtMs = performance.now();
    try {
      const { status, body } = await wire.get(path, token, AbortSignal.timeout(timeoutMs));
      if (status !== 200) return { kind: 'refused', status };
      return { kind: 'json', value: parseJson(body), tookMs: performance.now() - startedAtMs };
    } catch (error) {
      return { kind: 'failed', why: whyUnusable(error) };
    }
  };
}

function whyUnusable(error: unknown): string {
  if (error instanceof SyntaxError) return 'what it answers is no JSON: is this a login page, or a proxy’s page in HTML?';
  return reasonOf(error);
}

/** Explains a status other than 200. `prefix` is that of the settings, as in `PMS_BASE_URL`. */
export function whyRefused(status: number, prefix: string): string {
  if (status === 401) return `it answered 401: it does not take the token. Do ${prefix}_BASE_URL and ${prefix}_TOKEN_URL belong together?`;
  if (status === 403) return `it answered 403: the client may not do this. Ask for the right, or look at ${prefix}_SCOPE`;
  if (status === 404) return `it answered 404: is there a path too many or too few in ${prefix}_BASE_URL?`;
  if (status === 429) return 'it answered 429: its rate limit is reached. Try again later';
  if (status >= 500) return `it answered ${status}: it is in trouble itself, or a proxy in front of it`;
  if (status >= 300 && status < 400) return `it answered ${status}: it leads elsewhere, and the service does not follow. Give ${prefix}_BASE_URL as it is in the end`;
  return `it answered ${status}, which the service cannot use`;
}

/** Without a token, checks only whether the endpoint answers. */
export async function checkWithoutToken(wire: Wire, path: string, prefix: string, timeoutMs: number, found: Findings): Promise<void> {
  const reply = await asking(wire, 'none', timeoutMs)(path);
  if (reply.kind === 'failed') found.fault(`${prefix}_BASE_URL: ${reply.why}`);
  else if (reply.kind === 'json') found.warning(`${prefix}_BASE_URL answers without a good token: is it the right address?`);
  else if (reply.status === 401 || reply.status === 403) found.ok(`${prefix}_BASE_URL answers, and lets nobody in without a token`);
  else found.fault(`${prefix}_BASE_URL: ${whyRefused(reply.status, prefix)}`);
}

/** Whether secrets would travel unencrypted between machines. */
export function isOpen({ protocol, hostname }: URL): boolean {
  return /^(http|redis):$/.test(protocol) && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
