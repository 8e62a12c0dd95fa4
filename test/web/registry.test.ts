import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Registry, type Entry } from '../../src/web/registry.js';

describe('A registry', () => {
  test('holds what a Set would hold, whatever comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(9))), (steps) => {
        const entries: Entry[] = Array.from({ length: 10 }, () => ({ place: -1 }));
        const kept = new Registry<Entry>();
        const held = new Set<Entry>();
        for (const [comes, number] of steps) {
          const entry = entries[number]!;
          if (!comes) expect(kept.delete(entry)).toBe(held.delete(entry));
          else if (!held.has(entry)) {
            kept.add(entry);
            held.add(entry);
          }
          expect(new Set(kept.all())).toEqual(held);
          expect(kept.all()).toHaveLength(held.size);
        }
      }),
    );
  });

  test('gives a copy, so that entries may go while you look at it', () => {
    const kept = new Registry<Entry>();
    for (let i = 0; i < 5; i++) kept.add({ place: -1 });
    for (const entry of kept.all()) kept.delete(entry);
    expect(kept.all()).toEqual([]);
  });
});
