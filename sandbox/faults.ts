import type { Call, CallKind } from './calls.js';
import { checkFaults, type FaultRules } from './faultRules.js';
import type { Random } from './data/random.js';

/** Which requests a fault hits. All conditions must hold. */
export interface Aim {
  /** Absent: every kind but `token`. */
  on?: CallKind;
  /** The request names at least one of these ids. Edits of rows touch these rows only. */
  ids?: string[];
  relationships?: boolean;
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
  | { wrongId: true };

export type Fault = Aim & ({ latencyMs: number } | Replacement | BadDelivery | Edit);

/**
 * The active faults. All that fit apply to a request, in order: latencies add up and edits follow one another. Of the
 * replacements and bad deliveries only the first applies; the others keep their `times`.
 */
export class FaultPlan {
  #entries: { fault: Fault; left: number }[] = [];

  constructor(
    private readonly rules: FaultRules,
    private readonly random: Random,
  ) {}

  /** Replaces the plan. Throws a TypeError that says what is allowed. */
  set(faults: readonly Fault[]): void {
    this.#entries = checkFaults(faults, this.rules).map((fault) => ({ fault, left: fault.times ?? Infinity }));
  }

  clear(): void {
    this.#entries = [];
  }

  /** The active faults, with the `times` that are left. */
  get list(): Fault[] {
    return this.#entries.map(({ fault, left }) => (left === Infinity ? fault : { ...fault, times: left }));
  }

  /** Returns the faults that hit this request, and counts the hit in their `times`. */
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
