import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Chunk } from '../../src/loaders/queue.js';
import { chunksOf, Queue } from '../../src/loaders/queue.js';

const MAX_WAIT_MS = 500;
const ids = (prefix: number, count: number): string[] => Array.from({ length: count }, (_, i) => String(prefix * 1_000 + i));
const placed = (): Map<string, Chunk<string>> => new Map();
const drained = <T>(queue: Queue<T>): string[][] => {
  const chunks: string[][] = [];
  for (let chunk = queue.next(0); chunk; chunk = queue.next(0)) chunks.push(chunk.ids);
  return chunks;
};
const queueOf = (maxIds = 100, maxIdBytes = 2_000, smallChunks = 1): Queue<string> => new Queue<string>({ maxIds, maxIdBytes, smallChunks, maxWaitMs: MAX_WAIT_MS });

describe('The queue of chunks', () => {
  test('makes as few chunks as can hold a request, the odd ids first', () => {
    const queue = queueOf();
    queue.add(ids(1, 250), false, placed(), 0);
    expect(drained(queue).map((chunk) => chunk.length)).toEqual([50, 100, 100]);
  });

  test('fills up chunks that have room, of the same fullness only', () => {
    const queue = queueOf();
    queue.add(ids(1, 30), false, placed(), 0);
    queue.add(ids(2, 30), true, placed(), 0);
    queue.add(ids(3, 60), false, placed(), 0);
    expect(drained(queue).map((chunk) => chunk.length)).toEqual([90, 30]);
  });

  test('lets a small request overtake the chunks of a large one', () => {
    const queue = queueOf();
    queue.add(ids(1, 500), false, placed(), 0);
    queue.add(ids(2, 1), false, placed(), 0);
    expect(drained(queue)[0]).toEqual(['2000']);
  });

  test('does not let small ones overtake a large one for ever', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 3), false, placed(), 0);
    for (let i = 0; i < 100; i++) queue.add(ids(100 + i, 1), false, placed(), 0);
    const order = drained(queue).flat();
    for (const id of ['1000', '1001', '1002']) expect(order.indexOf(id)).toBeLessThanOrEqual(8 * 3 + 2);
  });

  test('serves large requests in the order in which they came, not in turns', () => {
    const queue = queueOf(1);
    for (const request of [1, 2, 3]) queue.add(ids(request, 4), false, placed(), 0);
    expect(drained(queue).flat()).toEqual([...ids(1, 4), ...ids(2, 4), ...ids(3, 4)]);
  });

  test('gives each large request a turn when it has waited too long, the one that waited longest first', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 9), false, placed(), 0);
    queue.add(ids(2, 9), false, placed(), 10);
    queue.add(ids(3, 9), false, placed(), 20);
    const nextAt = (nowMs: number): string => queue.next(nowMs)!.ids[0]![0]!;
    expect([nextAt(100), nextAt(509)]).toEqual(['1', '1']);
    expect([nextAt(525), nextAt(525), nextAt(525)]).toEqual(['2', '3', '1']);
    // Each waits anew from its turn.
    expect([nextAt(1_024), nextAt(1_025), nextAt(1_025), nextAt(1_025)]).toEqual(['1', '2', '3', '1']);
  });

  test('lets a small request overtake large ones, also one whose turn it is', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 3), false, placed(), 0);
    queue.add(ids(2, 1), false, placed(), 900);
    expect(queue.next(1_000)!.ids).toEqual(['2000']);
  });

  test('gives a large request that has waited too long a turn among small ones, but not two in a row', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 3), false, placed(), 0);
    queue.add(ids(2, 3), false, placed(), 300);
    for (let n = 0; n < 8; n++) queue.add(ids(10 + n, 1), false, placed(), 300);
    const isLargeAt = (nowMs: number): boolean => Number(queue.next(nowMs)!.ids[0]) < 10_000;
    expect([499, 499, 500, 500, 799, 800, 800].map(isLargeAt)).toEqual([false, false, true, false, false, true, false]);
  });

  test('lets eight small chunks in a row go before a large one', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 3), false, placed(), 0);
    for (let n = 0; n < 30; n++) queue.add(ids(10 + n, 1), false, placed(), 0);
    const large = drained(queue).flat().map((id) => ids(1, 3).includes(id));
    expect(large.flatMap((is, place) => (is ? place : []))).toEqual([8, 17, 26]);
  });

  test('takes a request of a few chunks for small, and the others for large', () => {
    const queue = queueOf(10, 2_000, 2);
    expect([1, 20, 21].map((count) => queue.isSmall(count))).toEqual([true, true, false]);
    queue.add(ids(1, 20), false, placed(), 0);
    expect([queue.waitingSmall, queue.largeRequests]).toEqual([2, 0]);
    queue.add(ids(2, 35), false, placed(), 0);
    // Its last chunk has room for others.
    expect([queue.waitingSmall, queue.largeRequests, queue.waitingChunks]).toEqual([3, 1, 6]);
  });

  test('forgets a large request once all its chunks have left or were removed', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 2), false, placed(), 0);
    queue.next(0);
    queue.next(0);
    expect(queue.largeRequests).toBe(0);
    const chunks = queue.add(ids(2, 3), false, placed(), 0);
    queue.add(ids(3, 2), false, placed(), 0);
    for (const chunk of chunks) queue.remove(chunk);
    expect([queue.largeRequests, queue.waitingChunks]).toEqual([1, 2]);
    expect(drained(queue).flat()).toEqual(ids(3, 2));
  });

  test('counts what waits', () => {
    const queue = queueOf();
    const chunks = placed();
    queue.add(ids(1, 250), false, chunks, 0);
    expect(queue.waitingIds).toBe(250);
    const first = queue.next(0);
    expect(queue.waitingIds).toBe(200);
    expect(queue.remove(first!)).toBe(false);
    expect(queue.remove(chunks.get('1000')!)).toBe(true);
    expect(queue.waitingIds).toBe(100);
  });

  test('never hands out what was removed, nor loses what was not, in whatever order', () => {
    const step = fc.oneof(
      fc.record({ does: fc.constant('add' as const), count: fc.integer({ min: 1, max: 12 }) }),
      fc.record({ does: fc.constant('remove' as const), which: fc.nat(30) }),
      fc.record({ does: fc.constant('next' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = queueOf(2);
        const waiting = new Set<Chunk<string>>();
        steps.forEach((one, n) => {
          if (one.does === 'add') for (const chunk of queue.add(ids(n, one.count), false, placed(), 0)) waiting.add(chunk);
          if (one.does === 'remove') {
            const chunk = [...waiting][one.which];
            if (chunk) expect([queue.remove(chunk), queue.remove(chunk), waiting.delete(chunk)]).toEqual([true, false, true]);
          }
          if (one.does === 'next') {
            const chunk = queue.next(0);
            expect(chunk ? waiting.delete(chunk) : waiting.size === 0).toBe(true);
          }
          expect(queue.waitingIds).toBe([...waiting].reduce((sum, chunk) => sum + chunk.ids.length, 0));
          expect(queue.waitingChunks).toBe(waiting.size);
          expect(queue.waitingSmall).toBe([...waiting].filter(({ large }) => !large).length);
          expect(queue.largeRequests).toBe(new Set([...waiting].flatMap(({ large }) => large ?? [])).size);
        });
        expect(drained(queue).length).toBe(waiting.size);
      }),
    );
  });

  describe('lets go of what was removed', () => {
    /** A queue of full chunks of small requests, which wait; and how often anybody looks whether one does. */
    function stage(count: number) {
      const queue = queueOf(2, 2_000, count);
      const chunks = [...queue.add(ids(1, 2 * count), false, placed(), 0)];
      const looks = { count: 0 };
      for (const chunk of chunks) {
        let { isQueued } = chunk;
        Object.defineProperty(chunk, 'isQueued', { get: () => (looks.count++, isQueued), set: (value: boolean) => (isQueued = value) });
      }
      return { queue, chunks, looks };
    }

    test.each([
      [0, 8],
      [4, 8],
      [5, 3],
      [6, 3],
      [7, 1],
      [8, 0],
    ])('once it is more than half of all: of 8 removes %i and holds %i', (removed, held) => {
      const { queue, chunks, looks } = stage(8);
      for (const chunk of chunks.slice(0, removed)) queue.remove(chunk);
      looks.count = 0;
      queue.add(['1'], false, placed(), 0);
      expect(looks.count).toBe(held);
    });

    test('and looks at each chunk a few times only, however many are removed', () => {
      const { queue, chunks, looks } = stage(2_000);
      for (const chunk of chunks) queue.remove(chunk);
      expect(looks.count).toBeLessThanOrEqual(5 * 2_000);
    });
  });

  test.each([
    [10, 50],
    // None has room for another id.
    [1, 0],
  ])('looks once at each chunk that waits, however many ids come: %i in a chunk', (maxIds, expected) => {
    const queue = queueOf(maxIds, 2_000, 50);
    let looks = 0;
    for (const chunk of queue.add(ids(1, 50 * maxIds), false, placed(), 0)) {
      const its = chunk.ids;
      Object.defineProperty(chunk, 'ids', { get: () => (looks++, its) });
    }
    queue.add(ids(2, 3 * maxIds), false, placed(), 0);
    expect(looks).toBe(expected);
  });

  test('never loses or doubles an id, nor passes a limit', () => {
    const request = fc.record({ ids: fc.uniqueArray(fc.integer({ min: 1, max: 10_000_000 }).map(String), { maxLength: 60 }), full: fc.boolean() });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 8 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 8, max: 60 }), (requests, maxIds, maxIdBytes) => {
        const queue = queueOf(maxIds, maxIdBytes);
        const taken = new Set<string>();
        for (const { ids, full } of requests) {
          // The gatherer asks only for ids that do not wait already.
          const fresh = ids.filter((id) => !taken.has(id));
          for (const id of fresh) taken.add(id);
          const chunkOf = placed();
          const used = queue.add(fresh, full, chunkOf, 0);
          expect([...chunkOf.keys()]).toEqual(fresh);
          expect(new Set(chunkOf.values())).toEqual(used);
        }
        const chunks = drained(queue);
        expect(chunks.flat().sort()).toEqual([...taken].sort());
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(maxIds);
          if (chunk.length > 1) expect(chunk.join(',').length).toBeLessThanOrEqual(maxIdBytes);
        }
        expect(queue.waitingIds).toBe(0);
      }),
    );
  });
});

test.each<[ids: string[], maxIds: number, maxIdBytes: number, chunks: string[][]]>([
  [[], 3, 100, []],
  [['1', '2', '3'], 3, 100, [['1', '2', '3']]],
  [['1', '2', '3', '4'], 3, 100, [['1', '2', '3'], ['4']]],
  [['1', '2', '3', '4', '5', '6', '7'], 2, 100, [['1', '2'], ['3', '4'], ['5', '6'], ['7']]],
  [['1', '2', '3', '4'], 1, 100, [['1'], ['2'], ['3'], ['4']]],
  // Commas count.
  [['111', '222', '333'], 3, 7, [['111', '222'], ['333']]],
  [['111', '222', '333'], 3, 6, [['111'], ['222'], ['333']]],
])('A lone request for %j, of %i ids and %i bytes in a call, leaves in %j', (ids, maxIds, maxIdBytes, chunks) => {
  expect(chunksOf(new Set(ids), { maxIds, maxIdBytes })).toEqual(chunks);
});
