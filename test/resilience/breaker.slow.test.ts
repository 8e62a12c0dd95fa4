import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Call } from '../../sandbox/calls.js';
import { NAMES } from '../support/caller.js';
import { ms, percent, quantile, report } from '../support/figures.js';
import { openLoop } from '../support/load.js';
import { LONG_RUN } from '../support/longRun.js';
import { contactCalls, firstIds, startStand, type Stand, type System } from '../support/stand.js';
import { until } from '../support/until.js';

/** How long the breaker leaves an upstream alone; as in src/upstream/policies/breaker.ts. */
const PAUSE_MS = 5_000;

/** One caller's request: when it began, when it was answered, and how. */
interface Asked {
  readonly at: number;
  readonly tookMs: number;
  readonly code: string | undefined;
}

/** Callers who want one contact each, none twice at once, so that each of them is one call's worth of demand. */
async function callers(stand: Stand, system: System, perSecond: number, isOver: () => boolean): Promise<Asked[]> {
  const ids = firstIds(stand.sandbox, system);
  const asked: Asked[] = [];
  await openLoop(perSecond, isOver, async (n) => {
    const at = Date.now();
    const { codes, ms: tookMs } = await stand.caller.ask(NAMES, { ids: [ids[n % ids.length]] });
    asked.push({ at, tookMs, code: codes[0] });
  });
  return asked;
}

/**
 * The calls that the upstream got from one moment to another, and the demand among them: what it would have got had it
 * answered each at the first time. No contact is wanted twice at once, so that two calls alike are one and its repetition.
 */
function callsOf(stand: Stand, system: System, from: number, to: number): { calls: number; demand: number } {
  const paths = contactCalls(stand.sandbox[system]).filter(({ startedAt }) => startedAt >= from && startedAt <= to).map(({ path }) => path);
  return { calls: paths.length, demand: new Set(paths).size };
}

const within = (asked: readonly Asked[], from: number, to: number): Asked[] => asked.filter(({ at }) => at >= from && at <= to);

describe('an upstream that answers 503 to all is left alone, and asked again once it may be back', () => {
  test.concurrent.each([
    ['pms', 40],
    ['pms', 150],
    ['cas360', 40],
    ['cas360', 150],
  ] as const)('%s, with %i callers a second', async (system, perSecond) => {
    const stand = await startStand();
    const upstream = stand.sandbox[system];
    const refused = (): readonly Call[] => contactCalls(upstream).filter(({ status }) => status === 503);
    try {
      // Until the breaker has its hundred last calls.
      await callers(stand, system, 150, () => contactCalls(upstream).length > 120);
      upstream.resetCalls();
      let isOver = false;
      const underWay = callers(stand, system, perSecond, () => isOver);
      upstream.faults.set([{ status: 503 }]);
      const brokenAt = Date.now();
      const source = system === 'pms' ? 'PMS' : 'CAS360';
      await until('the breaker is open', async () => (await (await fetch(`${stand.subgraph.url}/metrics`)).text()).includes(`contacts_breaker_open{source="${source}",resource="contacts"} 1\n`));
      // What was under way then has come. The next call tries whether it is back.
      await sleep(1_000);
      const openedAt = refused().at(-1)!.startedAt;
      await until('a call has tried', () => refused().at(-1)!.startedAt > openedAt);
      await sleep(500);
      upstream.faults.clear();
      const healedAt = Date.now();
      const lastTriedAt = refused().at(-1)!.startedAt;
      await sleep(lastTriedAt + PAUSE_MS + 1_500 - healedAt);
      isOver = true;
      const asked = await underWay;

      const before = callsOf(stand, system, brokenAt, openedAt);
      const then = { ...callsOf(stand, system, openedAt + 1, healedAt), demand: within(asked, openedAt + 1, healedAt).length };
      const told = within(asked, openedAt + 1, healedAt).map(({ tookMs }) => tookMs);
      const firstServed = Math.min(...asked.filter(({ at, code }) => at > healedAt && code === undefined).map(({ at, tookMs }) => at + tookMs));
      const backAfterMs = firstServed - (lastTriedAt + PAUSE_MS);
      const later = asked.filter(({ at }) => at > firstServed + 100);
      report(`${system} down at ${perSecond} a second`, {
        'opened after': ms(openedAt - brokenAt),
        'demand before': before.demand,
        'calls before': before.calls,
        'calls a demand': before.calls / before.demand,
        'demand then': then.demand,
        'calls then': then.calls,
        part: percent(then.calls / then.demand),
        'told in (median)': ms(quantile(told, 0.5)),
        'told in (p99)': ms(quantile(told, 0.99)),
        'back after the pause': ms(backAfterMs),
      });
      expect(then.calls).toBeGreaterThan(0);
      expect(then.calls).toBeLessThanOrEqual(0.01 * then.demand);
      // 20 ms is the promise; a busy machine alone can take longer.
      if (LONG_RUN) expect(quantile(told, 0.5)).toBeLessThan(50);
      expect(backAfterMs).toBeLessThan(3_000);
      expect(later.filter(({ code }) => code !== undefined)).toEqual([]);
      expect(new Set(asked.map(({ code }) => code))).toEqual(new Set([undefined, 'UPSTREAM_UNAVAILABLE']));
      expect(before.calls).toBeLessThanOrEqual(1.1 * before.demand);
    } finally {
      await stand.stop();
    }
  }, 40_000);
});
