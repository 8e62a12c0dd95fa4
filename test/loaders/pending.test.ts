import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Batch } from '../../src/loaders/batch.js';
import { Pending } from '../../src/loaders/pending.js';

const IDS = 3_000;
const IDS_LOOKED_FOR = Array.from({ length: Math.ceil(IDS / 7) }, (_, n) => String(7 * n));
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
          expect(IDS_LOOKED_FOR.filter((id) => pending.get(id) !== known.get(id))).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
  });

  const batchOf = (pending: Pending<string>, ...ids: string[]): Batch<string> => {
    const batch = new Batch<string>(false);
    for (const id of ids) pending.set(id, batch);
    return batch;
  };

  test('leave nothing behind once their last batch is forgotten, and not before', () => {
    const pending = new Pending<string>();
    const [first, second] = [batchOf(pending, '1'), batchOf(pending, '2')];
    const looks = jest.spyOn(first.index!.batchOf, 'get');
    pending.forget(first);
    expect(pending.get('2')).toBe(second);
    expect(looks).toHaveBeenCalledTimes(1);
    pending.forget(second);
    expect(pending.get('2')).toBeUndefined();
    expect(looks).toHaveBeenCalledTimes(1);
    expect(batchOf(pending, '3').index).not.toBe(first.index);
  });

  test('share a map up to a thousand of them, so that no map lives for ever', () => {
    const pending = new Pending<string>();
    const all = Array.from({ length: 1_000 }, (_, n) => batchOf(pending, String(n)));
    expect(new Set(all.map(({ index }) => index)).size).toBe(1);
    const next = batchOf(pending, '1000');
    expect(next.index).not.toBe(all[0]!.index);
    expect([pending.get('999'), pending.get('1000')]).toEqual([all[999], next]);
  });
});
