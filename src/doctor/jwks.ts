import { createLocalJWKSet, type JSONWebKeySet, type JWK } from 'jose';
import { request } from 'undici';
import type { AuthConfig } from '../config.js';
import { openDispatcher } from '../upstream/network.js';
import type { Proxies } from '../upstream/proxy.js';
import { readText } from '../readBody.js';
import { isRecord } from '../record.js';
import { ALGORITHMS } from '../web/callers.js';
import { isOpen } from './endpoint.js';
import { counted, milliseconds, type Findings } from './findings.js';
import { whyNoAnswer, type Why } from './reasons.js';

/** With more clock skew, new tokens look not yet valid, or expired ones look valid. */
const MAX_SKEW_MS = 30_000;

/** The same limit as in the service. */
const MAX_SET_BYTES = 1_048_576;

/** jose verifies nothing with a shorter one (RFC 7518, section 3.3). */
const MIN_RSA_BITS = 2_048;

/** Checks the keys that verify callers' tokens, and the issuer's name. */
export async function checkAuth({ jwksUrl, issuer }: AuthConfig, proxies: Proxies, timeoutMs: number, found: Findings): Promise<void> {
  if (isOpen(jwksUrl)) found.warning('callers.encryption', 'AUTH_JWKS_URL is http: whoever is on the way could put other keys in');
  await checkKeys(jwksUrl, proxies, timeoutMs, found);
  await checkIssuer(issuer, jwksUrl, proxies, timeoutMs, found);
}

async function checkKeys(jwksUrl: URL, proxies: Proxies, timeoutMs: number, found: Findings): Promise<void> {
  const startedAtMs = performance.now();
  const reply = await getJson(jwksUrl, proxies, timeoutMs);
  if ('reason' in reply) return found.fault('callers.keys', `AUTH_JWKS_URL: ${reply.text}. Every token would be refused`, reply.reason);
  const took = milliseconds(startedAtMs);
  const { value, dateMs } = reply;
  if (!isKeySet(value)) return found.fault('callers.keys', 'AUTH_JWKS_URL: what it answers is no key set. Every token would be refused', 'wrong-content');
  const usable = (await Promise.all(value.keys.map(isUsable))).filter(Boolean).length;
  if (usable === 0) found.fault('callers.keys', `AUTH_JWKS_URL: none of its ${counted(value.keys.length, 'key')} can verify a token`);
  else found.ok('callers.keys', `AUTH_JWKS_URL answers in ${took}, with ${counted(usable, 'usable key')} of ${value.keys.length}`);
  if (dateMs !== undefined && Math.abs(Date.now() - dateMs) > MAX_SKEW_MS) {
    found.warning('callers.clock', `the clock here and that of the key server are ${counted(Math.round(Math.abs(Date.now() - dateMs) / 1_000), 'second')} apart: tokens would be refused, or taken for too long`);
  }
}

/** As jose sees it: one member that is no object makes the whole set unreadable. */
function isKeySet(value: unknown): value is JSONWebKeySet {
  return isRecord(value) && Array.isArray(value.keys) && value.keys.every(isRecord);
}

/** Whether the service can verify a token with this key of a set, by one of the algorithms that it takes. */
async function isUsable(key: JWK): Promise<boolean> {
  const find = createLocalJWKSet({ keys: [key] });
  for (const alg of ALGORITHMS) {
    const usable = await find({ alg }).catch(() => undefined);
    if (!usable) continue;
    const { modulusLength = MIN_RSA_BITS } = usable.algorithm as Partial<RsaHashedKeyAlgorithm>;
    if (modulusLength >= MIN_RSA_BITS) return true;
  }
  return false;
}

/** `iss` is compared letter by letter, so compares AUTH_ISSUER with the name that the issuer publishes (OpenID Connect Discovery). */
async function checkIssuer(issuer: string, jwksUrl: URL, proxies: Proxies, timeoutMs: number, found: Findings): Promise<void> {
  if (!/^https?:\/\//.test(issuer) || !URL.canParse(issuer)) {
    return found.warning('callers.issuer', 'AUTH_ISSUER is no http or https address, as issuers’ names are: every token whose `iss` is not the same letter by letter is refused');
  }
  const reply = await getJson(new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`), proxies, timeoutMs);
  if ('reason' in reply || !isRecord(reply.value) || typeof reply.value.issuer !== 'string') {
    return found.unknown('callers.issuer', 'AUTH_ISSUER does not describe itself (openid-configuration): compare it with the `iss` of a token, letter by letter');
  }
  const { issuer: itself, jwks_uri: keys } = reply.value;
  if (itself === issuer) found.ok('callers.issuer', 'AUTH_ISSUER is what the issuer calls itself');
  else found.fault('callers.issuer', `AUTH_ISSUER is not what the issuer calls itself${itself.replace(/\/$/, '') === issuer.replace(/\/$/, '') ? ': they differ by the slash at the end' : ''}. Every token would be refused`);
  if (typeof keys === 'string' && keys !== jwksUrl.href) found.warning('callers.issuer', 'the issuer publishes its keys at another address than AUTH_JWKS_URL');
}

/** The JSON and its `Date`, or why there is none. */
async function getJson(url: URL, proxies: Proxies, timeoutMs: number): Promise<{ value: unknown; dateMs: number | undefined } | Why> {
  let response;
  let text;
  try {
    response = await request(url, { dispatcher: openDispatcher(url, { proxies }), signal: AbortSignal.timeout(timeoutMs), headers: { accept: 'application/json' } });
    text = await readText(response.body, MAX_SET_BYTES);
  } catch (error) {
    return whyNoAnswer(error);
  }
  if (response.statusCode !== 200) return whyRefused(response.statusCode);
  try {
    const dateMs = Date.parse(String(response.headers.date));
    return { value: JSON.parse(text), dateMs: Number.isNaN(dateMs) ? undefined : dateMs };
  } catch {
    return { reason: 'not-json', text: 'what it answers is no JSON: is this a login page, or a proxy’s page?' };
  }
}

function whyRefused(status: number): Why {
  if (status >= 300 && status < 400) return { reason: 'redirect', text: `it answered ${status}: it leads elsewhere, and the service does not follow. Give the address as it is in the end` };
  if (status === 401 || status === 403) return { reason: 'forbidden', text: `it answered ${status}: keys must be public` };
  if (status === 404) return { reason: 'path', text: 'it answered 404: look at its path' };
  if (status >= 500) return { reason: 'unavailable', text: `it answered ${status}: it is in trouble itself, or a proxy in front of it` };
  return { reason: 'status', text: `it answered ${status}: look at its address` };
}
