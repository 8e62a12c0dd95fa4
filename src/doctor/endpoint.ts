import { isRecord } from '../record.js';
import { foreign404 } from '../upstream/foreign404.js';
import { parseJson } from '../upstream/json.js';
import type { Answer, Wire } from '../upstream/wire.js';
import { whyNoAnswer, type Why } from './reasons.js';

/** The result of one call: JSON with status 200, another status, or neither. */
export type Reply =
  | { readonly kind: 'json'; readonly value: unknown; readonly tookMs: number }
  | { readonly kind: 'refused'; readonly status: number; readonly why: Why; readonly notFound?: NotFound }
  | { readonly kind: 'failed'; readonly why: Why };

/** A 404. `isForeign`: a gateway's, not the system's. */
export interface NotFound {
  readonly isForeign: boolean;
  /** What all answers of this kind have in common, whatever was asked for. Not for printing: it holds an upstream's words. */
  readonly form: string;
}

/** The settings that a call follows from, as in `PMS_BASE_URL`. */
export type Prefix = 'PMS' | 'CAS360';

/** Makes one call as the service would. */
export type Asking = (path: string) => Promise<Reply>;

export function asking(wire: Wire, token: string, timeoutMs: number, prefix: Prefix): Asking {
  return async (path) => {
    const startedAtMs = performance.now();
    try {
      const answer = await wire.get(path, token, AbortSignal.timeout(timeoutMs));
      const { status, body } = answer;
      if (status !== 200) return { kind: 'refused', status, why: whyRefused(answer, prefix), ...(status === 404 && { notFound: notFound(answer, path) }) };
      try {
        return { kind: 'json', value: parseJson(body, answer.contentType), tookMs: performance.now() - startedAtMs };
      } catch {
        return { kind: 'failed', why: whyUnreadable(answer, prefix) };
      }
    } catch (error) {
      return { kind: 'failed', why: whyNoAnswer(error) };
    }
  };
}

function whyUnreadable({ body, contentType }: Answer, prefix: Prefix): Why {
  if (body.length === 0) return { reason: 'empty', text: `it answered 200 without a body: something in front of the system answers. Look at the host and the path of ${prefix}_BASE_URL` };
  if (isPage(body, contentType)) return { reason: 'page', text: `it answered a web page: a login page, or a proxy’s or gateway’s. Look at the host and the path of ${prefix}_BASE_URL` };
  return { reason: 'not-json', text: 'what it answers is no JSON, or cut off: look at a proxy in between' };
}

/** Explains a status other than 200. */
export function whyRefused({ status, body, contentType }: Pick<Answer, 'status' | 'body' | 'contentType'>, prefix: Prefix): Why {
  const address = `${prefix}_BASE_URL`;
  const by = isPage(body, contentType) ? ' with a web page, as gateways do' : '';
  if (status >= 300 && status < 400) return { reason: 'redirect', text: `it answered ${status}: it leads elsewhere, and the service does not follow. Give ${address} as it is in the end` };
  if (status === 401) return { reason: 'unauthorized', text: `it answered 401${by}: it does not take the token. Do ${address} and ${prefix}_TOKEN_URL belong together?` };
  if (status === 403) return { reason: 'forbidden', text: `it answered 403${by}: the client may not do this. Ask for the right, or look at ${prefix}_SCOPE. Some gateways also answer 403 for a path that they do not have: look at the path of ${address}` };
  if (status === 404) return { reason: 'path', text: `it answered 404${by}: is there a path too many or too few in ${address}?` };
  if (status === 429) return { reason: 'rate-limit', text: 'it answered 429: its rate limit is reached. Try again later' };
  if (status === 502 || status === 504) return { reason: 'unavailable', text: `it answered ${status}${by}: a gateway does not reach the system behind it. Ask who runs it` };
  if (status >= 500) return { reason: 'unavailable', text: `it answered ${status}${by}: it is in trouble itself, or a proxy in front of it` };
  return { reason: 'status', text: `it answered ${status}${by}, which the service cannot use: look at the path of ${address}` };
}

function isPage(body: Uint8Array, contentType: unknown): boolean {
  return /^\s*text\/html\b/i.test(String(contentType)) || /^\s*<(!doctype|html|head|body|h1|\?xml)/i.test(Buffer.from(body.subarray(0, 200)).toString('latin1'));
}

/** Keys of JSON errors whose values are sentences or codes. Others hold times, paths, and numbers of requests. */
const SAID: readonly string[] = ['message', 'error', 'error_description', 'error_msg', 'title', 'detail', 'code', 'status', 'statusCode'];

function notFound(answer: Answer, path: string): NotFound {
  return { isForeign: foreign404(answer) !== undefined, form: formOf(answer, path.split('?', 1)[0]!) };
}

function formOf({ body, contentType }: Answer, path: string): string {
  const said = (value: unknown): string => JSON.stringify(value).replaceAll(path, '').replace(/\d+/g, '');
  try {
    const json = parseJson(body, contentType);
    return isRecord(json) ? Object.entries(json).map(([key, value]) => (SAID.includes(key) ? `${key} ${said(value)}` : key)).sort().join() : said(json);
  } catch {
    return 'no JSON';
  }
}

/** Whether secrets would travel unencrypted between machines. */
export function isOpen({ protocol, hostname }: URL): boolean {
  return /^(http|redis):$/.test(protocol) && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
