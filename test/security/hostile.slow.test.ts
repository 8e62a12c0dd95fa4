import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LONG_RUN } from '../support/longRun.js';
import { quantile, report } from '../support/figures.js';
import { startStand, type Stand } from '../support/stand.js';
import { measured } from './support/cost.js';
import { hostile } from './support/hostile.js';

const DRAWN = LONG_RUN ? 10_000 : 200;

let stand: Stand;
beforeAll(async () => {
  stand = await startStand({}, ['--expose-gc', 'test/security/support/measured.ts']);
  // The PMS answers later than the register: what comes of it comes item by item.
  stand.sandbox.pms.faults.set([{ latencyMs: 20 }]);
  stand.sandbox.cas360.data.contacts.set('40001', { ...stand.sandbox.cas360.data.contacts.get('40001')!, representativeIds: Array.from({ length: 40 }, (_, n) => (n === 0 ? 40_001 : 1_001 + n)) });
});
afterAll(() => stand.stop());

test(`${DRAWN} drawn operations that try to cost more than they say are answered or refused`, async () => {
  const warm = { query: '{ contact(id: "cas360:54") { name } }' };
  await stand.caller.ask(warm.query);
  const heapBefore = (await stand.subgraph.tell('collect')) as number;
  const stalls: number[] = [];
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(hostile, async ({ query, variables }) => {
      const { stallMs } = await measured(stand.subgraph, async () => {
        const { status, codes } = await stand.caller.ask(query, variables);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect([200, 400]).toContain(status);
        if (status === 400) expect(codes).toEqual(['LIMIT_EXCEEDED']);
        expect(codes.length).toBeLessThanOrEqual(1_001);
        expect(codes.indexOf('ERRORS_TRUNCATED')).toBe(codes.length > 1_000 ? 1_000 : -1);
      });
      stalls.push(stallMs);
    }),
    { numRuns: DRAWN, endOnFailure: true },
  );
  const heapAfter = (await stand.subgraph.tell('collect')) as number;
  report(`${DRAWN} hostile operations`, {
    answered: statuses.get(200) ?? 0,
    refused: statuses.get(400) ?? 0,
    'stall (median, ms)': quantile(stalls, 0.5),
    'stall (p99, ms)': quantile(stalls, 0.99),
    'stall (longest, ms)': Math.max(...stalls),
    'heap before (MB)': heapBefore,
    'heap after (MB)': heapAfter,
  });
  expect(statuses.size).toBe(2);
  // Compiled operations and documents stay, within their bounds.
  expect(heapAfter - heapBefore).toBeLessThan(100);
}, LONG_RUN ? 3_600_000 : 120_000);
