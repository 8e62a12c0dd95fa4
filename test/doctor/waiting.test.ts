import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Running } from '../../src/doctor/diagnose.js';
import { Findings } from '../../src/doctor/findings.js';
import { faultsIn } from '../../src/doctor/report.js';
import { checkUntilWell } from '../../src/doctor/waiting.js';

/** A check that takes `tookMs` and is well or not. */
interface Check {
  readonly tookMs: number;
  readonly isWell: boolean;
}

interface Waited {
  readonly faults: readonly string[];
  readonly checks: number;
  readonly tookMs: number;
  readonly told: readonly string[];
}

/** Time goes on only where somebody sleeps: to whoever wakes first. */
class Timers {
  nowMs = 0;
  #sleeping: { atMs: number; wake: () => void }[] = [];

  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const one = { atMs: this.nowMs + ms, wake: resolve };
      this.#sleeping.push(one);
      signal?.addEventListener('abort', () => {
        this.#sleeping = this.#sleeping.filter((other) => other !== one);
        reject(new Error('aborted'));
      });
    });

  async runUntil(isOver: () => boolean): Promise<void> {
    for (let step = 0; step < 100_000 && !isOver(); step++) {
      // Lets all that can go on without time do so.
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#sleeping.toSorted((a, b) => a.atMs - b.atMs)[0];
      if (isOver() || !next) continue;
      this.#sleeping = this.#sleeping.filter((other) => other !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
  }
}

/** Repeats these checks; the last one goes on for ever. */
async function wait(seconds: number, ...checks: Check[]): Promise<Waited> {
  const timers = new Timers();
  const told: string[] = [];
  let made = 0;
  const check = (): Running[] => {
    const { tookMs, isWell } = checks[Math.min(made++, checks.length - 1)]!;
    const found = new Findings('PMS');
    return [{ check: 'pms', found, done: timers.sleep(tookMs).then(() => (isWell ? undefined : found.fault('pms.endpoint', `check ${made}`))) }];
  };
  let ended: readonly Running[] | undefined;
  const waiting = checkUntilWell(check, seconds, (line) => told.push(line), { now: () => timers.nowMs, sleep: timers.sleep }).then((parts) => (ended = parts));
  await timers.runUntil(() => ended !== undefined);
  return { faults: faultsIn(await waiting).map(({ check: name, message }) => `${name}: ${message}`), checks: made, tookMs: timers.nowMs, told };
}

const WELL: Check = { tookMs: 100, isWell: true };
const ILL: Check = { tookMs: 100, isWell: false };

describe('--wait', () => {
  test('ends at once where all is well', async () => {
    expect(await wait(60, WELL)).toEqual({ faults: [], checks: 1, tookMs: 100, told: [] });
  });

  test('repeats until all is well, and says once what it waits for', async () => {
    expect(await wait(60, ILL, ILL, WELL)).toEqual({ faults: [], checks: 3, tookMs: 10_300, told: ['Not yet: pms.endpoint. Trying again for 60 s.\n'] });
  });

  test('returns the last check when the time is over', async () => {
    expect(await wait(12, ILL)).toMatchObject({ faults: ['pms.endpoint: check 3'], checks: 3, tookMs: 10_300 });
  });

  test('returns the check before one that is not done in time', async () => {
    expect(await wait(10, ILL, { tookMs: 60_000, isWell: true })).toMatchObject({ faults: ['pms.endpoint: check 1'], checks: 2, tookMs: 10_000 });
  });

  test('says which part was not done where not even one check was', async () => {
    expect(await wait(10, { tookMs: 60_000, isWell: true })).toMatchObject({ faults: ['pms: the check has not ended in the time of --wait'], tookMs: 10_000 });
  });

  test('never takes longer than told, and never says that all is well where the last check found a fault', async () => {
    const check = fc.record({ tookMs: fc.nat(20_000), isWell: fc.boolean() });
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 100 }), fc.array(check, { minLength: 1, maxLength: 20 }), async (seconds, checks) => {
      const { faults, tookMs, checks: made } = await wait(seconds, ...checks);
      expect(tookMs).toBeLessThanOrEqual(seconds * 1_000);
      if (faults.length === 0) expect(checks[Math.min(made, checks.length) - 1]!.isWell).toBe(true);
    }), { numRuns: 200 });
  });
});
