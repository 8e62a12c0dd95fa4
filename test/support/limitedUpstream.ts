import { Pace } from '../../src/upstream/policies/pace.js';

/** Whether an upstream takes a call that comes at this time. */
export type Limit = (nowMs: number) => boolean;

/** At most `calls` in each window, counted anew with every window. */
export function fixedWindow(calls: number, windowMs: number): Limit {
  let window = -1;
  let used = 0;
  return (nowMs) => {
    if (Math.floor(nowMs / windowMs) !== window) [window, used] = [Math.floor(nowMs / windowMs), 0];
    return used < calls && ++used > 0;
  };
}

/** At most `calls` in any stretch of this length. */
export function slidingWindow(calls: number, windowMs: number): Limit {
  const taken: number[] = [];
  return (nowMs) => {
    while (taken.length > 0 && taken[0]! <= nowMs - windowMs) taken.shift();
    return taken.length < calls && taken.push(nowMs) > 0;
  };
}

/** So many a second on average, and `burst` at once after a quiet time. With a burst of 1, calls must keep their distance. */
export function tokenBucket(perSecond: number, burst: number): Limit {
  let tokens = burst;
  let filledAtMs = 0;
  return (nowMs) => {
    tokens = Math.min(burst, tokens + ((nowMs - filledAtMs) * perSecond) / 1_000);
    filledAtMs = nowMs;
    // Sums of fractions.
    if (tokens < 1 - 1e-9) return false;
    tokens--;
    return true;
  };
}

export interface Counts {
  taken: number;
  refused: number;
}

interface LimitedUpstreamOptions {
  readonly limit: Limit;
  readonly replicas?: number;
  /** How long a call is under way. */
  readonly callMs?: number;
  readonly maxCalls?: number;
}

/** Replicas that each make as many calls as their pace lets them, to one upstream, in simulated time. */
export class LimitedUpstream {
  readonly paces: readonly Pace[];
  nowMs = 0;
  limit: Limit;
  readonly #callMs: number;
  readonly #maxCalls: number;
  /** By the millisecond in which they end. */
  readonly #ends = new Map<number, (() => void)[]>();

  constructor({ limit, replicas = 1, callMs = 60, maxCalls = 40 }: LimitedUpstreamOptions) {
    this.limit = limit;
    this.#callMs = callMs;
    this.#maxCalls = maxCalls;
    this.paces = Array.from({ length: replicas }, () => new Pace({ now: () => this.nowMs, maxCalls }));
  }

  /** Runs for so many milliseconds; returns what came at the upstream meanwhile. */
  run(forMs: number): Counts {
    const counts = { taken: 0, refused: 0 };
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs++) {
      for (const end of this.#ends.get(this.nowMs) ?? []) end();
      this.#ends.delete(this.nowMs);
      for (const pace of this.paces) {
        for (let calls = 0; pace.waitMs === 0; calls++) {
          if (calls > this.#maxCalls) throw new Error('The pace lets any number of calls pass at once.');
          this.call(pace, counts);
        }
      }
    }
    return counts;
  }

  /** Whether every replica makes as many calls as it can, whatever the upstream takes. */
  get isAtFullSpeed(): boolean {
    return this.paces.every((pace) => pace.perCallMs <= this.#callMs / (0.8 * this.#maxCalls));
  }

  call(pace: Pace, counts: Counts): void {
    const paced = pace.begin();
    const isTaken = this.limit(this.nowMs);
    counts[isTaken ? 'taken' : 'refused']++;
    this.#at(this.nowMs + this.#callMs, () => {
      pace.answered(paced, this.#callMs);
      pace.end(paced, isTaken ? 'taken' : 'refused');
    });
  }

  #at(ms: number, run: () => void): void {
    const others = this.#ends.get(ms);
    if (others) others.push(run);
    else this.#ends.set(ms, [run]);
  }
}
