import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MemoryCache } from '../../src/loaders/memoryCache.js';

interface Thing {
  readonly id: string;
  readonly full: boolean;
  readonly version: number;
}

const TTL_MS = 1_000;

let clock: { nowMs: number };
let lookups: { hit: number; miss: number };
let cache: MemoryCache<Thing>;
beforeEach(() => {
  clock = { nowMs: 1 };
  lookups = { hit: 0, miss: 0 };
  cache = new MemoryCache({ ttlMs: TTL_MS, maxEntries: 100, now: () => clock.nowMs, onLookup: (outcome, count) => (lookups[outcome] += count) });
});

const keep = (id: string, full: boolean, version = 1): void => cache.keep(new Map([[id, { id, full, version }]]), full);
const found = (id: string, full = false): Thing | undefined => cache.find([id], full).get(id);

describe('The cache in memory', () => {
  test('does not let a plain record replace one with relationships', () => {
    keep('1', true);
    keep('1', false, 2);
    expect(found('1', true)).toEqual({ id: '1', full: true, version: 1 });
  });

  test('lets a record with relationships replace any other, and a plain one a plain one', () => {
    keep('1', false);
    keep('1', false, 2);
    expect(found('1')).toEqual({ id: '1', full: false, version: 2 });
    keep('1', true, 3);
    expect(found('1', true)).toEqual({ id: '1', full: true, version: 3 });
    keep('1', true, 4);
    expect(found('1')).toEqual({ id: '1', full: true, version: 4 });
  });

  test('keeps a plain record again once the one with relationships is too old, though nobody looked for it', () => {
    keep('1', true);
    clock.nowMs += TTL_MS + 1;
    keep('1', false, 2);
    expect(found('1')).toEqual({ id: '1', full: false, version: 2 });
    expect(found('1', true)).toBeUndefined();
  });

  test('does not serve a plain record where relationships are wanted, and counts that as a miss', () => {
    keep('1', false);
    expect(found('1', true)).toBeUndefined();
    expect(found('1')).toBeDefined();
    expect(lookups).toEqual({ hit: 1, miss: 1 });
  });

  test('counts the age of a record from the moment when it was kept', () => {
    keep('1', false);
    clock.nowMs += TTL_MS;
    keep('2', false);
    clock.nowMs += 1;
    expect([found('1'), found('2')]).toEqual([undefined, { id: '2', full: false, version: 1 }]);
  });

  test('never loses relationships that are young enough, whatever is kept in whatever order', () => {
    const step = fc.record({ id: fc.constantFrom('1', '2'), full: fc.boolean(), passMs: fc.nat(TTL_MS / 2) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const ours = new MemoryCache<Thing>({ ttlMs: TTL_MS, maxEntries: 100, now: () => clock.nowMs, onLookup: () => {} });
        const keptInFullAt = new Map<string, number>();
        for (const { id, full, passMs } of steps) {
          clock.nowMs += passMs;
          ours.keep(new Map([[id, { id, full, version: clock.nowMs }]]), full);
          if (full) keptInFullAt.set(id, clock.nowMs);
          for (const [one, at] of keptInFullAt) {
            const thing = ours.find([one], true).get(one);
            expect(thing).toEqual(clock.nowMs - at <= TTL_MS ? { id: one, full: true, version: at } : undefined);
          }
        }
      }),
    );
  });
});
