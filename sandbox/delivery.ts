import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isBadDelivery, isReplacement, type BadDelivery, type CannedAnswer, type Fault, type Replacement } from './faults.js';
import { bytesOf, send, sendHead, type Answer } from './http.js';

const notServed: Answer = { status: 404, body: { message: 'No such contact' } };

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
  if ('reset' in fault) {
    response.socket?.resetAndDestroy();
    return;
  }
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
  if ('reset' in fault) response.socket?.resetAndDestroy();
  else response.socket?.end();
}

const SPOILT = { NaN: 'NaN', 'line-break': '"a\nb"', quote: '"a"b"' };

function withSpoiltRows(body: unknown, { spoiltRow, ids }: Fault & { spoiltRow: keyof typeof SPOILT }): string {
  const textOf = (row: Row): string => {
    const text = JSON.stringify(row);
    return ids?.includes(String(row.id)) ?? true ? text.replace('{', `{"spoilt":${SPOILT[spoiltRow]},`) : text;
  };
  return Array.isArray(body) ? `[${(body as Row[]).map(textOf).join(',')}]` : textOf(body as Row);
}

function sendIn(response: ServerResponse, answer: Answer, text: string, { charset, declaredAs = charset }: { charset: 'iso-8859-1' | 'utf-16le'; declaredAs?: string }): void {
  const bytes = Buffer.from(text, charset === 'utf-16le' ? charset : 'latin1');
  const contentType = `application/json${declaredAs === '' ? '' : `; charset=${declaredAs}`}`;
  sendHead(response, { ...answer, headers: { ...answer.headers, 'content-type': contentType } }, bytes.length);
  response.end(bytes);
}

type Row = Record<string, unknown> & { id?: unknown };

/** The answer with its rows edited by one fault. A single object (a PMS contact or a token) is one row. */
function edited(answer: Answer, fault: Fault): Answer {
  if (answer.status !== 200) return answer;
  const rows = (Array.isArray(answer.body) ? answer.body : [answer.body]) as Row[];
  const changed = editedRows(rows, fault);
  if (Array.isArray(answer.body)) return { ...answer, body: changed };
  return changed.length ? { ...answer, body: changed[0] } : notServed;
}

function editedRows(rows: Row[], fault: Fault): unknown[] {
  if ('omit' in fault) return rows.filter((row) => !fault.omit.includes(String(row.id)));
  if ('pageRows' in fault) return rows.slice(0, fault.pageRows);
  if ('add' in fault) return [...rows, ...fault.add];
  const changes = (row: Row): Row => {
    if ('patch' in fault) return fault.patch;
    return 'wrongId' in fault ? { id: Number(row.id) + 1_000_000 } : {};
  };
  return rows.map((row) => (fault.ids?.includes(String(row.id)) ?? true ? { ...row, ...changes(row) } : row));
}
