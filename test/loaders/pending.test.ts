import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Batch } from '../../src/loaders/batch.js';
import { Pending } from '../../src/loaders/pending.js';

const IDS = 3_000;
const step = fc.record({
  /** Of each batch so many ids in a row, from this one. */
  from: fc.nat(IDS - 1),
  count: fc.integer({ min: 1, max: 400 }),
  /** Which of the batches ends afterwards; beyond them, none. */
  ends: fc.nat(12),
});

describe('The ids that are pending', () => {
  test('are found in the batch that waits for them or fetches them, and in none before and after', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pending = new Pending<string>();
        const known = new Map<string, Batch<string>>();
        const open: Batch<string>[] = [];
        for (const { from, count, ends } of steps) {
          const batch = new Batch<string>(false);
          for (let n = from; n < Math.min(from + count, IDS); n++) {
            if (known.has(String(n))) continue;
            batch.add(String(n));
            pending.set(String(n), batch);
            known.set(String(n), batch);
          }
          if (batch.ids.length > 0) open.push(batch);
          const [ended] = open.splice(ends, 1);
          if (ended) {
            pending.forget(ended);
            // A waiter that gives up later has nothing more to say.
            pending.forget(ended);
            for (const id of ended.ids) known.delete(id);
          }
          for (let n = 0; n < IDS; n += 7) expect(pending.get(String(n))).toBe(known.get(String(n)));
        }
      }),
      { numRuns: 30 },
    );
  });
});
