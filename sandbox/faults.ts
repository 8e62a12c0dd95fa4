import type { Call, CallKind } from './calls.js';
import { checkFaults, type FaultRules } from './faultRules.js';
import type { Random } from './data/random.js';

/** Which requests a fault hits. Every condition given must hold. */
export interface Aim {
  /** Absent: every kind but `token`. */
  on?: CallKind;
  /** The request names at least one of these ids. Edits of rows touch these rows only. */
  ids?: string[];
  relationships?: boolean;
  /** How many requests it hits before it is gone. Absent: no end. */
  times?: number;
  /** 0 to 1, drawn for each request from the sandbox's seed. */
  probability?: number;
  /** Waited before anything is sent. */
  latencyMs?: number;
}

/** An answer made up by the test: at least a status, or a raw body with status 200. */
export interface CannedAnswer {
  status?: number;
  body?: string;
  /** `application/json` unless given. */
  contentType?: string;
  /** Goes with `status` only. */
  retryAfter?: string;
  headers?: Record<string, string>;
}

/** Sent in place of the real answer, which is not even made: a token request hit by one spends no refresh token. */
export type Replacement =
  | (CannedAnswer & { status: number })
  | (CannedAnswer & { body: string })
  /** The token is not taken (RFC 6750, 3.1): `error="invalid_token"` in `www-authenticate` and in the body, with this status. */
  | { invalidToken: 400 | 401 | 403 }
  | { reset: 'before-headers' }
  /** Accept, and never answer. */
  | { hang: true };

/** The real answer, badly delivered. */
export type BadDelivery =
  /** Half the body, then a TCP reset. */
  | { reset: 'mid-body' }
  | { drip: { bytes: number; everyMs: number } }
  /** Made at once and sent so much later: a refresh token is spent meanwhile. */
  | { heldMs: number }
  /** The length of the whole body announced, half of it sent, and the connection closed in good order. */
  | { truncate: true }
  /** A whole HTTP message whose JSON lacks its last character. */
  | { brokenJson: true }
  /** Valid but for what stands in each row in `ids`, or in every row: NaN, a raw line break in a text, or a bare quote. */
  | { spoiltRow: 'NaN' | 'line-break' | 'quote' }
  /** The body in this character set. `declaredAs` stands in the content type in its place; empty: nothing does. */
  | { charset: 'iso-8859-1' | 'utf-16le'; declaredAs?: string };

/** The real answer with other rows. Nothing happens to answers that are not 200. */
export type Edit =
  /** Rows left out. A PMS contact left out answers 404. */
  | { omit: string[] }
  /** Rows appended as they are. */
  | { add: unknown[] }
  /** The page ends after so many rows. */
  | { pageRows: number }
  /** Keys laid over every row, or over the rows in `ids`. */
  | { patch: Record<string, unknown> }
  /** Rows answered under their id plus a million, which is nobody's. */
  | { wrongId: true };

export type Fault = Aim & ({ latencyMs: number } | Replacement | BadDelivery | Edit);

/**
 * The faults in force. A request meets all that fit, in their order: latencies add up, edits follow one another, and
 * of the replacements and bad deliveries the first one counts; later ones wait for their turn, unspent.
 */
export class FaultPlan {
  #entries: { fault: Fault; left: number }[] = [];

  constructor(
    private readonly rules: FaultRules,
    private readonly random: Random,
  ) {}

  /** Replaces the plan. Throws a `TypeError` that says what is allowed. */
  set(faults: readonly Fault[]): void {
    this.#entries = checkFaults(faults, this.rules).map((fault) => ({ fault, left: fault.times ?? Infinity }));
  }

  clear(): void {
    this.#entries = [];
  }

  /** The faults still in force, with the `times` that are left. */
  get list(): Fault[] {
    return this.#entries.map(({ fault, left }) => (left === Infinity ? fault : { ...fault, times: left }));
  }

  /** The faults that hit this request. Each is one hit nearer to its end. */
  take(call: Call): Fault[] {
    const hits: Fault[] = [];
    for (const entry of this.#entries) {
      if (isExclusive(entry.fault) && hits.some(isExclusive)) continue;
      if (!fits(entry.fault, call) || !this.random.chance(entry.fault.probability ?? 1)) continue;
      entry.left--;
      hits.push(entry.fault);
    }
    this.#entries = this.#entries.filter((entry) => entry.left > 0);
    return hits;
  }
}

export function isReplacement(fault: Fault): fault is Aim & Replacement {
  return 'status' in fault || 'body' in fault || 'invalidToken' in fault || 'hang' in fault || ('reset' in fault && fault.reset === 'before-headers');
}

export function isBadDelivery(fault: Fault): fault is Aim & BadDelivery {
  return 'drip' in fault || 'heldMs' in fault || 'truncate' in fault || 'brokenJson' in fault || 'spoiltRow' in fault || 'charset' in fault || ('reset' in fault && fault.reset === 'mid-body');
}

function isExclusive(fault: Fault): boolean {
  return isReplacement(fault) || isBadDelivery(fault);
}

function fits({ on, ids, relationships }: Fault, call: Call): boolean {
  return (
    (on === undefined ? call.kind !== 'token' : on === call.kind) &&
    (ids === undefined || ids.some((id) => call.ids.includes(id))) &&
    (relationships === undefined || relationships === call.relationships)
  );
}
