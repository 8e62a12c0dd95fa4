import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError } from '../../src/errors.js';
import { CachedRecords, type Cache } from '../../src/loaders/cachedRecords.js';
import { Gatherer } from '../../src/loaders/gatherer.js';
import { MemoryCache } from '../../src/loaders/memoryCache.js';
import type { RecordedIds } from '../../src/recording.js';
import { CountedAborter } from '../support/countedAborter.js';
import { LONG_RUN } from '../support/longRun.js';
import { until } from '../support/until.js';
import { endedBy, FOREVER, OPEN_GATE, settle } from '../support/upstreamDouble.js';

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
    isDown: false,
    /** What a call waits for that begins now. */
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
  const fetch = async (ids: readonly string[], full: boolean): Promise<Thing[]> => {
    const { version, held, isDown, absent } = upstream;
    upstream.asked.push({ ids: [...ids], full });
    await held;
    if (isDown) throw down;
    return ids.filter((id) => !absent.has(id)).map((id) => ({ id, full, version }));
  };
  const gatherer = new Gatherer<Thing>({
    resource: { source: 'CAS360', name: 'contacts', maxIds: 100, maxIdBytes: 2_000, maxCalls: 4, gate: OPEN_GATE, fetch },
    maxWaitingIds: 1_000,
    patienceMs: 60_000,
    maxWaitMs: 500,
    attemptTimeoutMs: 60_000,
    onDrift: () => {},
    keep: (records, full) => cache.keep(records, full),
  });
  const requests = new CachedRecords<Thing>({ source: 'CAS360', resource: 'contacts', cache, records: gatherer });
  const request = (ids: readonly string[], full = false) => requests.request(new Set(ids), full, FOREVER);
  /** Begins a request, and resolves once the call for it is under way. That call alone waits until it is let go. */
  const holdCallOf = async (ids: readonly string[], full = false) => {
    let letGo = (): void => {};
    upstream.held = new Promise((resolve) => (letGo = resolve));
    const before = upstream.asked.length;
    const answer = request(ids, full);
    await until('the upstream is asked', () => upstream.asked.length > before);
    upstream.held = undefined;
    return { answer, letGo: () => letGo() };
  };
  return { upstream, clock, lookups, gatherer, requests, request, holdCallOf };
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

  test('hands on what the gatherer answers where it has nothing, and asks it for nothing where it has all', async () => {
    const { gatherer, request } = stage();
    const asked = jest.spyOn(gatherer, 'request');
    const outcomes = await request(['1', '2']);
    expect(outcomes).toBe(await asked.mock.results[0]!.value);
    await request(['2', '1']);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('keeps nothing of a request that is over', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { requests } = stage();
    const askFor = async (ids: Set<string>): Promise<WeakRef<Set<string>>> => {
      await requests.request(ids, false, FOREVER);
      return new WeakRef(ids);
    };
    const asked = await askFor(new Set(['1', '2']));
    // DataLoader holds its latest batch.
    await askFor(new Set(['3']));
    await settle();
    collect();
    expect(asked.deref()).toBeUndefined();
  });

  test('is recorded with what it has, and only that', async () => {
    const { requests, request } = stage();
    await request(['1', '2'], true);
    const waits: RecordedIds[] = [];
    const fields = new Set(['contacts']);
    await requests.request(new Set(['1', '3', '2']), true, FOREVER, { waits, fields });
    await requests.request(new Set(['4']), true, FOREVER, { waits, fields });
    const common = { source: 'CAS360', resource: 'contacts', relationships: true, fields, calls: [], startedAtMs: expect.any(Number) };
    expect(waits).toEqual([
      { ...common, ids: ['1', '2'], kind: 'cached' },
      { ...common, ids: ['3'], kind: 'sent' },
      { ...common, ids: ['4'], kind: 'sent' },
    ]);
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
    upstream.isDown = true;
    expect(Object.fromEntries(await request(['1', '2']))).toEqual({ 1: down, 2: down });
    upstream.isDown = false;
    upstream.absent.add('1');
    expect(Object.fromEntries(await request(['1', '2']))).toMatchObject({ 1: null, 2: { id: '2' } });
    upstream.absent.clear();
    expect(Object.fromEntries(await request(['1', '2']))).toMatchObject({ 1: { id: '1' }, 2: { id: '2' } });
    // The second time it asks again for what the first answer lacks.
    expect(upstream.asked.map(({ ids }) => ids)).toEqual([['1', '2'], ['1', '2'], ['1'], ['1']]);
  });

  test('does not let a plain answer that comes late take the place of one in full', async () => {
    const { upstream, request, holdCallOf } = stage();
    const plain = await holdCallOf(['1']);
    await request(['1'], true);
    plain.letGo();
    await plain.answer;
    expect((await request(['1'], true)).get('1')).toMatchObject({ full: true });
    expect(upstream.asked).toEqual([{ ids: ['1'], full: false }, { ids: ['1'], full: true }]);
  });

  test('keeps what came in full as such, even if somebody waited for it who needs less', async () => {
    const { upstream, request, holdCallOf } = stage();
    const full = await holdCallOf(['1'], true);
    const plain = request(['1']);
    await settle();
    full.letGo();
    expect((await plain).get('1')).toMatchObject({ full: true });
    await full.answer;
    expect((await request(['1'], true)).get('1')).toMatchObject({ full: true });
    expect(upstream.asked).toEqual([{ ids: ['1'], full: true }]);
  });

  test('keeps what has come at once, though its request still waits for more', async () => {
    const { upstream, request, holdCallOf } = stage();
    const first = await holdCallOf(['1']);
    const both = request(['1', '2']);
    await until('the rest is asked for', () => upstream.asked.length === 2);
    await request(['2']);
    expect(upstream.asked.map(({ ids }) => ids)).toEqual([['1'], ['2']]);
    first.letGo();
    expect([...(await both).keys()].sort()).toEqual(['1', '2']);
    await first.answer;
  });

  test('keeps what comes from the moment when it comes, not when it was asked for', async () => {
    const { upstream, clock, request, holdCallOf } = stage();
    await request(['1']);
    const mixed = await holdCallOf(['1', '2'], true);
    clock.nowMs += TTL_MS + 1;
    mixed.letGo();
    await mixed.answer;
    clock.nowMs += TTL_MS;
    await request(['1', '2'], true);
    expect(upstream.asked).toHaveLength(2);
    clock.nowMs += 1;
    await request(['1', '2'], true);
    expect(upstream.asked).toHaveLength(3);
  });

  test('asks for nothing where the caller has left during the look-up', async () => {
    const { upstream, requests } = stage();
    const leaving = new CountedAborter();
    const answer = requests.request(new Set(['1']), false, endedBy(leaving));
    leaving.abort();
    expect((await answer).size).toBe(0);
    await settle();
    expect([upstream.asked, leaving.listenerCount]).toEqual([[], 0]);
  });

  test('never serves what is too old, of somebody else, or less than is needed, whoever asks and whatever changes', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ ids: fc.uniqueArray(fc.integer({ min: 1, max: 8 }).map(String), { minLength: 1 }), full: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ passMs: fc.integer({ min: 1, max: TTL_MS }) }) },
      { weight: 1, arbitrary: fc.record({ absent: fc.uniqueArray(fc.integer({ min: 1, max: 8 }).map(String)), isDown: fc.boolean() }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), async (steps, maxEntries) => {
        const { upstream, clock, request } = stage({ maxEntries });
        for (const one of steps) {
          if ('passMs' in one) clock.nowMs += one.passMs;
          else if ('absent' in one) Object.assign(upstream, { absent: new Set(one.absent), isDown: one.isDown });
          else {
            // Its version is the time at which it was read.
            upstream.version = clock.nowMs;
            upstream.asked = [];
            const outcomes = await request(one.ids, one.full);
            const asked = upstream.asked.flatMap(({ ids }) => ids);
            // Once, and again for what the first answer lacks.
            expect(upstream.asked.length).toBeLessThanOrEqual(2);
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
      { numRuns: LONG_RUN ? 10_000 : 250 },
    );
  });
});

test('A gatherer copies nothing for those who wait for the same call', async () => {
  const { gatherer } = stage();
  const [first, second] = await Promise.all([['1', '2'], ['2']].map((ids) => gatherer.request(new Set(ids), false, FOREVER)));
  expect(first).toBe(second);
});
