import type { Call } from './calls.js';
import type { Random } from './data/random.js';
import { checkFaults, type FaultRules } from './faultRules.js';
import { isExclusive, type Fault } from './faults.js';
import { TokenBucket } from './tokenBucket.js';
import { Workers } from './workers.js';

interface Entry {
  readonly fault: Fault;
  /** Requests that pass before the first hit. */
  toPass: number;
  /** Hits before the fault is removed. */
  left: number;
  readonly bucket: TokenBucket | undefined;
  readonly workers: Workers | undefined;
}

/**
 * The active faults. All that fit apply to a request, in order: latencies add up and edits follow one another. Of the
 * replacements and bad deliveries only the first applies; the others keep their `times` and `after`.
 */
export class FaultPlan {
  #entries: Entry[] = [];

  constructor(
    private readonly rules: FaultRules,
    private readonly random: Random,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Replaces the plan. Throws a TypeError that says what is allowed. */
  set(faults: readonly Fault[]): void {
    this.#entries = checkFaults(faults, this.rules).map((fault) => ({
      fault,
      toPass: fault.after ?? 0,
      left: fault.times ?? Infinity,
      bucket: 'limit' in fault ? new TokenBucket(fault.limit, this.now) : undefined,
      workers: 'capacity' in fault ? new Workers(fault.capacity, this.now) : undefined,
    }));
  }

  clear(): void {
    this.#entries = [];
  }

  /** The active faults, with the `times` and `after` that are left. */
  get list(): Fault[] {
    return this.#entries.map(({ fault, toPass, left }) => ({
      ...fault,
      ...(left !== Infinity && { times: left }),
      ...(fault.after !== undefined && { after: toPass }),
    }));
  }

  /**
   * Returns the faults that hit this request, and counts the hit in their `times`. A `limit` hits only what is beyond it, and
   * is returned as the status 429. A `capacity` is returned as the latency of this request; it leaves out what a `limit` before
   * it in the list refuses.
   */
  take(call: Call): Fault[] {
    const hits: Fault[] = [];
    let isBeyondLimit = false;
    for (const entry of this.#entries) {
      const { fault, bucket, workers } = entry;
      if (isExclusive(fault) && hits.some(isExclusive)) continue;
      if (!fits(fault, call)) continue;
      if (entry.toPass > 0) {
        entry.toPass--;
        continue;
      }
      if (!this.random.chance(fault.probability ?? 1)) continue;
      if (workers ? isBeyondLimit : bucket?.take()) continue;
      entry.left--;
      if (bucket) isBeyondLimit = true;
      hits.push(workers ? { latencyMs: (fault.latencyMs ?? 0) + workers.assign() } : 'limit' in fault ? refusal(fault) : fault);
    }
    this.#entries = this.#entries.filter((entry) => entry.left > 0);
    return hits;
  }
}

function refusal({ limit: _limit, ...fault }: Extract<Fault, { limit: unknown }>): Fault {
  return { ...fault, status: 429 };
}

function fits({ on, ids, relationships }: Fault, call: Call): boolean {
  return (
    (on === undefined ? call.kind !== 'token' : on === call.kind) &&
    (ids === undefined || ids.some((id) => call.ids.includes(id))) &&
    (relationships === undefined || relationships === call.relationships)
  );
}
