import type { CallKind } from './calls.js';
import type { Limit } from './tokenBucket.js';
import type { Capacity } from './workers.js';

/** Which requests a fault hits. All conditions must hold. */
export interface Aim {
  /** Absent: every kind but `token`. */
  on?: CallKind;
  /** The request names at least one of these ids. Edits of rows touch these rows only. */
  ids?: string[];
  relationships?: boolean;
  /** How many fitting requests pass before the first hit. */
  after?: number;
  /** How many requests it hits before it is removed. Absent: no limit. */
  times?: number;
  /** 0 to 1. Drawn for each request, from the sandbox's seed. */
  probability?: number;
  /** Delay before anything is sent. */
  latencyMs?: number;
}

/** An answer that the test defines: at least a status, or a raw body with status 200. */
export interface CannedAnswer {
  status?: number;
  body?: string;
  /** `application/json` unless given. */
  contentType?: string;
  /** Only together with `status`. */
  retryAfter?: string;
  headers?: Record<string, string>;
}

/** Replaces the real answer, which is not made: a token request hit by one spends no refresh token. */
export type Replacement =
  | (CannedAnswer & { status: number })
  | (CannedAnswer & { body: string })
  /** Refuses the token (RFC 6750, 3.1): `error="invalid_token"` in `www-authenticate` and in the body, with this status. */
  | { invalidToken: 400 | 401 | 403 }
  /** Answers in HTML, as a gateway does by itself. */
  | { gatewayPage: 200 | 404 | 502 | 503; retryAfter?: string }
  | { reset: 'before-headers' }
  /** Accepts the request, and never answers. */
  | { hang: true };

/** Damages the delivery of the real answer. */
export type BadDelivery =
  /** Half the body, then a TCP reset. */
  | { reset: 'mid-body' }
  | { drip: { bytes: number; everyMs: number } }
  /** Makes the answer at once and sends it later: a refresh token is already spent. */
  | { heldMs: number }
  /** Announces the full length, sends half of the body, and closes the connection normally. */
  | { truncate: true }
  /** A complete HTTP message whose JSON lacks its last character. */
  | { brokenJson: true }
  /** Adds invalid JSON to the rows in `ids`, or to all rows: NaN, a raw line break in a text, or a bare quote. */
  | { spoiltRow: 'NaN' | 'line-break' | 'quote' }
  /** Encodes the body in this character set. The content type names `declaredAs` instead, or no charset if that is empty. */
  | { charset: 'iso-8859-1' | 'utf-16le'; declaredAs?: string };

/** Edits the rows of the real answer, if its status is 200. */
export type Edit =
  /** Leaves out these rows. For a PMS contact, the answer is 404. */
  | { omit: string[] }
  /** Appends these rows as they are. */
  | { add: unknown[] }
  /** Cuts the page after this many rows. */
  | { pageRows: number }
  /** Overwrites these keys in all rows, or in the rows in `ids`. */
  | { patch: Record<string, unknown> }
  /** Adds a million to the ids of rows: no contact has such an id. */
  | { wrongId: true }
  /** Removes these keys from all rows, or from the rows in `ids`. */
  | { withoutKeys: string[] }
  /** Adds a text of this length to all rows, or to the rows in `ids`. */
  | { paddingBytes: number }
  /** Puts this value, which may be no object, in the place of all rows, or of the rows in `ids`. */
  | { replaceRow: unknown };

/** What a request meets because of the requests before it, from all clients of this server. */
export type Load =
  /** Refuses what comes beyond this limit with 429. There is no `Retry-After` unless it is given. */
  | { limit: Limit; retryAfter?: string }
  /** Makes calls wait for each other, as a server with few workers does. */
  | { capacity: Capacity };

export type Fault = Aim & ({ latencyMs: number } | Load | Replacement | BadDelivery | Edit);

export function isReplacement(fault: Fault): fault is Aim & Replacement {
  const keys = ['status', 'body', 'invalidToken', 'gatewayPage', 'hang'];
  return keys.some((key) => key in fault) || ('reset' in fault && fault.reset === 'before-headers');
}

export function isBadDelivery(fault: Fault): fault is Aim & BadDelivery {
  const keys = ['drip', 'heldMs', 'truncate', 'brokenJson', 'spoiltRow', 'charset'];
  return keys.some((key) => key in fault) || ('reset' in fault && fault.reset === 'mid-body');
}

export function isExclusive(fault: Fault): boolean {
  return isReplacement(fault) || isBadDelivery(fault) || 'limit' in fault;
}
