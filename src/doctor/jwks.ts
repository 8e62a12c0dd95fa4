import { importJWK, type JWK } from 'jose';
import { request } from 'undici';
import type { AuthConfig } from '../config.js';
import { openDispatcher } from '../upstream/network.js';
import type { Proxies } from '../upstream/proxy.js';
import { readText } from '../readBody.js';
import { isRecord } from '../record.js';
import { isOpen } from './endpoint.js';
import { counted, milliseconds, type Findings } from './findings.js';
import { reasonOf } from './reasons.js';

/** With more clock skew, new tokens look not yet valid, or expired ones look valid. */
const MAX_SKEW_MS = 30_000;

/** The same limit as in the service. */
const MAX_SET_BYTES = 1_048_576;

/** Checks the keys that verify callers' tokens, and the issuer's name. */
export async function checkAuth({ jwksUrl, issuer }: AuthConfig, proxies: Proxies, timeoutMs: number, found: Findings): Promise<void> {
  if (isOpen(jwksUrl)) found.warning('AUTH_JWKS_URL is http: whoever is on the way could put other keys in');
  await checkKeys(jwksUrl, proxies, timeoutMs, found);
  await checkIssuer(issuer, jwksUrl, proxies, timeoutMs, found);
}

async function checkKeys(jwksUrl: URL, proxies: Proxies, timeoutMs: number, found: Findings): Promise<void> {
  const startedAtMs = performance.now();
  const reply = await getJson(jwksUrl, proxies, timeoutMs);
  if (typeof reply === 'string') return found.fault(`AUTH_JWKS_URL: ${reply}. Every token would be refused`);
  const took = milliseconds(startedAtMs);
  const { value, dateMs } = reply;
  if (!isRecord(value) || !Array.isArray(value.keys)) return found.fault('AUTH_JWKS_URL: what it answers is no key set. Every token would be refused');
  const usable = (await Promise.all((value.keys as unknown[]).map(isUsable))).filter(Boolean).length;
  if (usable === 0) found.fault(`AUTH_JWKS_URL: none of its ${counted(value.keys.length, 'key')} can verify a token`);
  else found.ok(`AUTH_JWKS_URL answers in ${took}, with ${counted(usable, 'usable key')} of ${value.keys.length}`);
  if (dateMs !== undefined && Math.abs(Date.now() - dateMs) > MAX_SKEW_MS) {
    found.warning(`the clock here and that of the key server are ${counted(Math.round(Math.abs(Date.now() - dateMs) / 1_000), 'second')} apart: tokens would be refused, or taken for too long`);
  }
}

/** Whether it is a readable public key for signatures. Shared secrets are not used. */
async function isUsable(key: unknown): Promise<boolean> {
  if (!isRecord(key) || key.kty === 'oct' || key.use === 'enc') return false;
  const algorithm = { RSA: 'RS256', EC: 'ES256', OKP: 'EdDSA' }[String(key.kty)];
  try {
    await importJWK(key as JWK, typeof key.alg === 'string' ? key.alg : algorithm);
    return true;
  } catch {
    return false;
  }
}

/** `iss` is compared letter by letter, so compares AUTH_ISSUER with the name that the issuer publishes (OpenID Connect Discovery). */
async function checkIssuer(issuer: string, jwksUrl: URL, proxies: Proxies, timeoutMs: number, found: Findings): Promise<void> {
  if (!/^https?:\/\//.test(issuer) || !URL.canParse(issuer)) {
    return found.warning('AUTH_ISSUER is no http or https address, as issuers’ names are: every token whose `iss` is not the same letter by letter is refused');
  }
  const reply = await getJson(new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`), proxies, timeoutMs);
  if (typeof reply === 'string' || !isRecord(reply.value) || typeof reply.value.issuer !== 'string') {
    return found.note('AUTH_ISSUER does not describe itself (openid-configuration): compare it with the `iss` of a token, letter by letter');
  }
  const { issuer: itself, jwks_uri: keys } = reply.value;
  if (itself === issuer) found.ok('AUTH_ISSUER is what the issuer calls itself');
  else found.fault(`AUTH_ISSUER is not what the issuer calls itself${itself.replace(/\/$/, '') === issuer.replace(/\/$/, '') ? ': they differ by the slash at the end' : ''}. Every token would be refused`);
  if (typeof keys === 'string' && keys !== jwksUrl.href) found.warning('the issuer publishes its keys at another address than AUTH_JWKS_URL');
}

/** The JSON and its `Date`, or why there is none. */
async function getJson(url: URL, proxies: Proxies, timeoutMs: number): Promise<{ value: unknown; dateMs: number | undefined } | string> {
  let response;
  let text;
  try {
    response = await request(url, { dispatcher: openDispatcher(url, { proxies }), signal: AbortSignal.timeout(timeoutMs), headers: { accept: 'application/json' } });
    text = await readText(response.body, MAX_SET_BYTES);
  } catch (error) {
    return reasonOf(error);
  }
  if (response.statusCode !== 200) return `it answered ${response.statusCode}`;
  try {
    const dateMs = Date.parse(String(response.headers.date));
    return { value: JSON.parse(text), dateMs: Number.isNaN(dateMs) ? undefined : dateMs };
  } catch {
    return 'what it answers is no JSON';
  }
}
