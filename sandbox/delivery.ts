import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { reset } from './connections.js';
import { isBadDelivery, isReplacement, type BadDelivery, type CannedAnswer, type Fault, type Replacement } from './faults.js';
import { bytesOf, send, sendHead, type Answer } from './http.js';
import { edited, withSpoiltRows } from './rows.js';

/**
 * Sends an answer with the faults applied. `makeAnswer` runs after the latency, and not at all if a fault replaces the
 * answer. Stops without an error if the caller leaves.
 */
export async function deliver(response: ServerResponse, faults: readonly Fault[], makeAnswer: () => Answer): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  try {
    for (const { latencyMs } of faults) if (latencyMs) await delay(latencyMs, undefined, { signal: left.signal });
    const replacement = faults.find(isReplacement);
    if (replacement) return replace(response, replacement);
    const answer = faults.reduce(edited, makeAnswer());
    const bad = faults.find(isBadDelivery);
    if (bad) await spoil(response, bad, answer, left.signal);
    else send(response, answer);
  } catch (error) {
    if (!left.signal.aborted) throw error;
  }
}

function replace(response: ServerResponse, fault: Replacement): void {
  if ('hang' in fault) return;
  if ('invalidToken' in fault) {
    const error = 'invalid_token';
    return send(response, { status: fault.invalidToken, body: { error }, headers: { 'www-authenticate': `Bearer error="${error}"` } });
  }
  if ('reset' in fault) return reset(response.socket);
  if ('gatewayPage' in fault) return send(response, pageOf(fault.gatewayPage, fault.retryAfter));
  const { status = 200, body, contentType, retryAfter, headers }: CannedAnswer = fault;
  send(response, {
    status,
    body: body ?? { message: `Status ${status} on order` },
    headers: {
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
      ...headers,
    },
  });
}

function pageOf(status: number, retryAfter: string | undefined): Answer {
  const body = `<!DOCTYPE html>\n<html><head><title>${status}</title></head><body><h1>${status}</h1><hr>gateway</body></html>\n`;
  return { status, body, headers: { 'content-type': 'text/html; charset=utf-8', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) } };
}

async function spoil(response: ServerResponse, fault: BadDelivery, answer: Answer, signal: AbortSignal): Promise<void> {
  if ('heldMs' in fault) {
    await delay(fault.heldMs, undefined, { signal });
    return send(response, answer);
  }
  if ('spoiltRow' in fault) return send(response, { ...answer, body: withSpoiltRows(answer.body, fault) });
  const bytes = bytesOf(answer);
  if ('charset' in fault) return sendIn(response, answer, bytes.toString(), fault);
  if ('brokenJson' in fault) return send(response, { ...answer, body: bytes.toString().slice(0, -1) });
  sendHead(response, answer, bytes.length);
  if ('drip' in fault) {
    for (let at = 0; at < bytes.length; at += fault.drip.bytes) {
      response.write(bytes.subarray(at, at + fault.drip.bytes));
      await delay(fault.drip.everyMs, undefined, { signal });
    }
    response.end();
    return;
  }
  await new Promise((written) => response.write(bytes.subarray(0, bytes.length / 2), written));
  if ('reset' in fault) reset(response.socket);
  else response.socket?.end();
}

function sendIn(response: ServerResponse, answer: Answer, text: string, { charset, declaredAs = charset }: { charset: 'iso-8859-1' | 'utf-16le'; declaredAs?: string }): void {
  const bytes = Buffer.from(text, charset === 'utf-16le' ? charset : 'latin1');
  const contentType = `application/json${declaredAs === '' ? '' : `; charset=${declaredAs}`}`;
  sendHead(response, { ...answer, headers: { ...answer.headers, 'content-type': contentType } }, bytes.length);
  response.end(bytes);
}
