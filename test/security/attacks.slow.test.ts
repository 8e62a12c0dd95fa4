import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { quantile, report } from '../support/figures.js';
import { startStand, type Stand } from '../support/stand.js';
import { ATTACKS, bytesOf } from './support/attacks.js';
import { measured, type Cost } from './support/cost.js';
import { exchangeBytes } from './support/rawHttp.js';

/** The compiler's, which are not counted. */
const WARM_UP = 10;
const TIMES = 25;
/** A refusal may cost so many times what a large ordinary request costs in the same run. Medians: the machine has other work too. */
const MOST_TIMES = 10;

let stand: Stand;
let ordinary: Cost;
beforeAll(async () => {
  stand = await startStand({}, ['test/security/support/measured.ts']);
  ordinary = await medians(() => stand.caller.ask('{ __typename }', { text: 'x'.repeat(900_000) }));
  report('an ordinary request of 900 kB', { 'CPU (median, ms)': ordinary.cpuMs, 'stall (median, ms)': ordinary.stallMs });
});
afterAll(() => stand.stop());

async function medians(what: () => Promise<unknown>): Promise<Cost> {
  const costs: Cost[] = [];
  for (let n = 0; n < WARM_UP + TIMES; n++) costs.push(await measured(stand.subgraph, what));
  const of = (key: keyof Cost): number => quantile(costs.slice(WARM_UP).map((cost) => cost[key]), 0.5);
  return { cpuMs: of('cpuMs'), stallMs: of('stallMs') };
}

describe('A hostile request is refused cheaply, and nothing is asked of an upstream:', () => {
  test.each(ATTACKS)('$what', async (attack) => {
    const bytes = bytesOf(attack);
    const { cpuMs, stallMs } = await medians(async () => {
      const { status, body } = await exchangeBytes(stand.subgraph.url, bytes);
      expect(status).toBe(attack.status);
      const { data, errors } = JSON.parse(body) as { data?: unknown; errors: { extensions: { code: string } }[] };
      expect(data).toBeUndefined();
      expect(new Set(errors.map(({ extensions }) => extensions.code))).toEqual(new Set([attack.code]));
      expect(body.length).toBeLessThan(5_000);
    });
    report(attack.what, { 'CPU (median, ms)': cpuMs, 'stall (median, ms)': stallMs });
    expect(cpuMs).toBeLessThan(MOST_TIMES * ordinary.cpuMs);
    expect(stallMs).toBeLessThan(MOST_TIMES * ordinary.stallMs);
    expect([stand.sandbox.pms.calls, stand.sandbox.cas360.calls]).toEqual([[], []]);
  }, 30_000);
});
