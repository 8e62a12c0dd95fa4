import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isOfThisMachine } from '../src/web/hosts.js';
import type { Answer } from './http.js';

const FOLDER = new URL('./page/', import.meta.url);

const FILES: Readonly<Record<string, { file: string; type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/_sandbox/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  '/_sandbox/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
};

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/**
 * The page at `/`, for browsers only: the real systems have nothing there, so other clients get their 404. Undefined: the
 * request is for something else.
 */
export function pageOf({ method = '', headers }: IncomingMessage, path: string): Answer | undefined {
  const page = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
  if (!page || !['GET', 'HEAD'].includes(method)) return undefined;
  if (path === '/' && !headers.accept?.includes('text/html')) return undefined;
  return refusalOfOtherSites(headers, true) ?? { status: 200, body: readFileSync(new URL(page.file, FOLDER), 'utf8'), headers: { ...HEADERS, 'content-type': page.type } };
}

/**
 * Refuses what a web site sends through a browser: the sandbox runs on developers' machines, and any site that they visit could
 * set faults. A link to the page is allowed. The `Host` keeps out names that a site points to 127.0.0.1 (DNS rebinding).
 */
export function refusalOfOtherSites(headers: IncomingHttpHeaders, mayBeLink = false): Answer | undefined {
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'];
  const isOurOrigin = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  const isOurSite = site === undefined || site === 'same-origin' || site === 'none' || (mayBeLink && headers['sec-fetch-mode'] === 'navigate');
  if (isOfThisMachine(host) && isOurOrigin && isOurSite) return undefined;
  return { status: 403, body: { message: 'Only programs on this machine and the page of the sandbox may use this, at 127.0.0.1 or localhost' } };
}
