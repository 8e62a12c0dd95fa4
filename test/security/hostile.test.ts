import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LONG_RUN } from '../support/longRun.js';
import { quantile, report } from '../resilience/support/figures.js';
import { startStand, type Stand } from '../resilience/support/stand.js';
import { hostile } from './support/hostile.js';

const DRAWN = LONG_RUN ? 10_000 : 200;

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({}, ['test/security/support/measured.ts']);
});
afterAll(() => stand.stop());

interface Cost {
  readonly cpuMs: number;
  readonly stallMs: number;
  readonly heapMb: number;
}

const measured = async (what: () => Promise<unknown>): Promise<Cost> => {
  await stand.subgraph.tell('start');
  await what();
  return (await stand.subgraph.tell('stop')) as Cost;
};

test(`${DRAWN} drawn operations that try to cost more than they say are answered or refused`, async () => {
  const warm = { query: '{ contact(id: "cas360:54") { name } }' };
  const before = await measured(() => stand.caller.ask(warm.query));
  const costs: Cost[] = [];
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(hostile, async ({ query, variables }) => {
      costs.push(
        await measured(async () => {
          const { status, codes } = await stand.caller.ask(query, variables);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          expect([200, 400]).toContain(status);
          if (status === 400) expect(codes).toEqual(['LIMIT_EXCEEDED']);
          expect(codes.length).toBeLessThanOrEqual(1_001);
          expect(codes.indexOf('ERRORS_TRUNCATED')).toBe(codes.length > 1_000 ? 1_000 : -1);
        }),
      );
    }),
    { numRuns: DRAWN, endOnFailure: true },
  );
  const after = await measured(() => stand.caller.ask(warm.query));
  const stalls = costs.map(({ stallMs }) => stallMs);
  report(`${DRAWN} hostile operations`, {
    answered: statuses.get(200) ?? 0,
    refused: statuses.get(400) ?? 0,
    'stall (median, ms)': quantile(stalls, 0.5),
    'stall (p99, ms)': quantile(stalls, 0.99),
    'stall (longest, ms)': Math.max(...stalls),
    'heap before (MB)': before.heapMb,
    'heap after (MB)': after.heapMb,
  });
  expect(statuses.size).toBe(2);
}, LONG_RUN ? 3_600_000 : 120_000);
