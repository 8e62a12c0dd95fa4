import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError, type Outcome } from '../../src/errors.js';
import { CachedRequests, keeping, type Cache } from '../../src/loaders/cachedRequests.js';
import { Gatherer } from '../../src/loaders/gatherer.js';
import { MemoryCache } from '../../src/loaders/memoryCache.js';
import { LONG_RUN } from '../support/longRun.js';
import { FOREVER, settle } from '../support/upstreamDouble.js';

interface Thing {
  readonly id: string;
  readonly full: boolean;
  readonly version: number;
}

const TTL_MS = 1_000;
const down = new ContactsError('UPSTREAM_UNAVAILABLE', 'CAS360');

/** A gatherer with a memory before it, over an upstream whose things change, and a clock that the test moves. */
function stage({ maxEntries = 100 } = {}) {
  const upstream = {
    version: 1,
    absent: new Set<string>(),
    failing: new Set<string>(),
    /** What the calls that are under way wait for. */
    held: undefined as Promise<void> | undefined,
    asked: [] as { ids: readonly string[]; full: boolean }[],
    lookedUp: [] as { ids: readonly string[]; full: boolean }[],
  };
  const clock = { nowMs: 1 };
  const lookups = { hit: 0, miss: 0 };
  const memory = new MemoryCache<Thing>({ ttlMs: TTL_MS, maxEntries, now: () => clock.nowMs, onLookup: (outcome, count) => (lookups[outcome] += count) });
  const cache: Cache<Thing> = {
    find: (ids, full) => {
      upstream.lookedUp.push({ ids, full });
      return memory.find(ids, full);
    },
    keep: (things, full) => memory.keep(things, full),
  };
  const outcomeOf = (id: string, full: boolean, version: number): Outcome<Thing> => {
    if (upstream.failing.has(id)) return down;
    return upstream.absent.has(id) ? null : { id, full, version };
  };
  const fetch = async (ids: readonly string[], full: boolean): Promise<Map<string, Outcome<Thing>>> => {
    const { version, held } = upstream;
    upstream.asked.push({ ids: [...ids], full });
    await held;
    return new Map(ids.map((id) => [id, outcomeOf(id, full, version)]));
  };
  const gatherer = new Gatherer<Thing>({ source: 'CAS360', resource: 'contacts', maxIds: 100, maxIdBytes: 2_000, maxCalls: 4, maxWaitingIds: 1_000, timeoutMs: 1_000, fetch: keeping(cache, fetch) });
  const requests = new CachedRequests<Thing>({ source: 'CAS360', resource: 'contacts', cache, requests: gatherer });
  const request = (ids: readonly string[], full = false) => requests.request(new Set(ids), full, FOREVER);
  return { upstream, clock, lookups, request };
}

/** Calls that wait until they are let go. */
function hold(): { held: Promise<void>; letGo: () => void } {
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  return { held, letGo: () => letGo() };
}

describe('A memory before a gatherer', () => {
  test('costs no call for what it has, and one for the rest', async () => {
    const { upstream, lookups, request } = stage();
    await request(['1', '2']);
    const outcomes = await request(['1', '3', '2']);
    expect(upstream.asked).toEqual([{ ids: ['1', '2'], full: false }, { ids: ['3'], full: false }]);
    expect([...outcomes.keys()].sort()).toEqual(['1', '2', '3']);
    expect(lookups).toEqual({ hit: 2, miss: 3 });
  });

  test('is asked once about all that one turn of the loop wants, and each gets what it wanted', async () => {
    const { upstream, request } = stage();
    await request(['1', '2'], true);
    upstream.asked = [];
    upstream.lookedUp = [];
    const early = request(['1', '3']);
    // Later, but in the same turn.
    for (let n = 0; n < 10; n++) await new Promise((resolve) => process.nextTick(resolve));
    const outcomes = await Promise.all([early, request(['3', '2']), request(['2', '4'], true)]);
    expect(upstream.lookedUp).toEqual([{ ids: ['1', '3', '2'], full: false }, { ids: ['2', '4'], full: true }]);
    expect(upstream.asked).toEqual([{ ids: ['3'], full: false }, { ids: ['4'], full: true }]);
    expect(outcomes.map((some) => [...some.values()].map((thing) => (thing as Thing).id).sort())).toEqual([['1', '3'], ['2', '3'], ['2', '4']]);
  });

  test('is not asked about everything at once where very many want something', async () => {
    const { upstream, request } = stage();
    await Promise.all(Array.from({ length: 80 }, (_, n) => request([String(n % 8)])));
    expect(upstream.lookedUp).toHaveLength(3);
    expect(upstream.asked).toHaveLength(1);
  });

  test('forgets when its time is over, and then sees what has changed', async () => {
    const { upstream, clock, request } = stage();
    await request(['1']);
    upstream.version = 2;
    clock.nowMs += TTL_MS - 1;
    expect((await request(['1'])).get('1')).toMatchObject({ version: 1 });
    clock.nowMs += 2;
    expect((await request(['1'])).get('1')).toMatchObject({ version: 2 });
    expect(upstream.asked).toHaveLength(2);
  });

  test('does not stretch the time of what it has by having it asked for', async () => {
    const { upstream, clock, request } = stage();
    await request(['1']);
    for (let n = 0; n < 4; n++) {
      clock.nowMs += TTL_MS / 3;
      await request(['1']);
    }
    expect(upstream.asked).toHaveLength(2);
  });

  test('has no more entries than allowed: the least used goes first', async () => {
    const { upstream, request } = stage({ maxEntries: 3 });
    await request(['1', '2', '3']);
    await request(['1']);
    await request(['4']);
    await request(['1', '3', '4']);
    expect(upstream.asked.map(({ ids }) => ids)).toEqual([['1', '2', '3'], ['4']]);
    await request(['2']);
    expect(upstream.asked).toHaveLength(3);
  });

  test('serves a plain wish with what is known in full, but not the other way round', async () => {
    const { upstream, request } = stage();
    await request(['1'], true);
    expect((await request(['1'])).get('1')).toMatchObject({ full: true });
    await request(['2']);
    expect((await request(['2'], true)).get('2')).toMatchObject({ full: true });
    expect(upstream.asked.map(({ full }) => full)).toEqual([true, false, true]);
  });

  test('keeps neither errors nor absences', async () => {
    const { upstream, request } = stage();
    upstream.absent.add('1');
    upstream.failing.add('2');
    expect(Object.fromEntries(await request(['1', '2', '3']))).toMatchObject({ 1: null, 2: down, 3: { id: '3' } });
    upstream.absent.clear();
    upstream.failing.clear();
    expect(Object.fromEntries(await request(['1', '2', '3']))).toMatchObject({ 1: { id: '1' }, 2: { id: '2' }, 3: { id: '3' } });
    expect(upstream.asked.map(({ ids }) => ids)).toEqual([['1', '2', '3'], ['1', '2']]);
  });

  test('does not let a plain answer that comes late take the place of one in full', async () => {
    const { upstream, request } = stage();
    const slow = hold();
    upstream.held = slow.held;
    const plain = request(['1']);
    upstream.held = undefined;
    await request(['1'], true);
    slow.letGo();
    await plain;
    expect((await request(['1'], true)).get('1')).toMatchObject({ full: true });
    expect(upstream.asked).toHaveLength(2);
  });

  test('keeps what came in full as such, even if somebody waited for it who needs less', async () => {
    const { upstream, request } = stage();
    const slow = hold();
    upstream.held = slow.held;
    const answers = [request(['1'], true), request(['1'])];
    slow.letGo();
    await Promise.all(answers);
    await request(['1'], true);
    expect(upstream.asked).toEqual([{ ids: ['1'], full: true }]);
  });

  test('keeps what has come at once, though its request still waits for more', async () => {
    const { upstream, request } = stage();
    const slow = hold();
    upstream.held = slow.held;
    const first = request(['1']);
    await settle();
    upstream.held = undefined;
    const both = request(['1', '2']);
    await settle();
    await request(['2']);
    expect(upstream.asked.map(({ ids }) => ids)).toEqual([['1'], ['2']]);
    slow.letGo();
    await Promise.all([first, both]);
  });

  test('keeps anew what ran out while it was asked for', async () => {
    const { upstream, clock, request } = stage();
    await request(['1']);
    const slow = hold();
    upstream.held = slow.held;
    const mixed = request(['1', '2'], true);
    clock.nowMs += TTL_MS + 1;
    slow.letGo();
    await mixed;
    await request(['1', '2']);
    expect(upstream.asked).toHaveLength(2);
  });

  test('never serves what is too old, of somebody else, or less than is needed, whoever asks and whatever changes', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ ids: fc.uniqueArray(fc.integer({ min: 1, max: 8 }).map(String), { minLength: 1 }), full: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ passMs: fc.integer({ min: 1, max: TTL_MS }) }) },
      { weight: 1, arbitrary: fc.record({ absent: fc.uniqueArray(fc.integer({ min: 1, max: 8 }).map(String)), failing: fc.uniqueArray(fc.integer({ min: 1, max: 8 }).map(String)) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), async (steps, maxEntries) => {
        const { upstream, clock, request } = stage({ maxEntries });
        for (const one of steps) {
          if ('passMs' in one) clock.nowMs += one.passMs;
          else if ('absent' in one) Object.assign(upstream, { absent: new Set(one.absent), failing: new Set(one.failing) });
          else {
            // Its version is the time at which it was read.
            upstream.version = clock.nowMs;
            upstream.asked = [];
            const outcomes = await request(one.ids, one.full);
            const asked = upstream.asked.flatMap(({ ids }) => ids);
            expect(upstream.asked.length).toBeLessThanOrEqual(1);
            for (const id of one.ids) {
              const outcome = outcomes.get(id);
              if (outcome instanceof ContactsError) expect([outcome, asked]).toEqual([down, expect.arrayContaining([id])]);
              else if (!outcome) expect([outcome, asked, upstream.absent.has(id)]).toEqual([null, expect.arrayContaining([id]), true]);
              else {
                expect(outcome.id).toBe(id);
                expect(outcome.full || !one.full).toBe(true);
                expect(clock.nowMs - outcome.version).toBeLessThanOrEqual(TTL_MS);
              }
            }
          }
        }
      }),
      { numRuns: LONG_RUN ? 10_000 : 500 },
    );
  });
});
