import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Chunk } from '../../src/loaders/queue.js';
import { Queue } from '../../src/loaders/queue.js';

const ids = (prefix: number, count: number): string[] => Array.from({ length: count }, (_, i) => String(prefix * 1_000 + i));
const placed = (): Map<string, Chunk<string>> => new Map();
const drained = <T>(queue: Queue<T>): string[][] => {
  const chunks: string[][] = [];
  for (let chunk = queue.next(); chunk; chunk = queue.next()) chunks.push(chunk.ids);
  return chunks;
};
const queueOf = (maxIds = 100, maxIdBytes = 2_000): Queue<string> => new Queue<string>({ maxIds, maxIdBytes });

describe('The queue of chunks', () => {
  test('makes as few chunks as can hold a request, the odd ids first', () => {
    const queue = queueOf();
    queue.add(ids(1, 250), false, placed());
    expect(drained(queue).map((chunk) => chunk.length)).toEqual([50, 100, 100]);
  });

  test('fills up chunks that have room, of the same fullness only', () => {
    const queue = queueOf();
    queue.add(ids(1, 30), false, placed());
    queue.add(ids(2, 30), true, placed());
    queue.add(ids(3, 60), false, placed());
    expect(drained(queue).map((chunk) => chunk.length)).toEqual([90, 30]);
  });

  test('lets a small request overtake the chunks of a large one', () => {
    const queue = queueOf();
    queue.add(ids(1, 500), false, placed());
    queue.add(ids(2, 1), false, placed());
    expect(drained(queue)[0]).toEqual(['2000']);
  });

  test('does not let small ones overtake a large one for ever', () => {
    const queue = queueOf(1);
    queue.add(ids(1, 3), false, placed());
    for (let i = 0; i < 100; i++) queue.add(ids(100 + i, 1), false, placed());
    const order = drained(queue).flat();
    for (const id of ['1000', '1001', '1002']) expect(order.indexOf(id)).toBeLessThanOrEqual(8 * 3 + 2);
  });

  test('counts what waits', () => {
    const queue = queueOf();
    const chunks = placed();
    queue.add(ids(1, 250), false, chunks);
    expect(queue.waitingIds).toBe(250);
    const first = queue.next();
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
          if (one.does === 'add') for (const chunk of queue.add(ids(n, one.count), false, placed())) waiting.add(chunk);
          if (one.does === 'remove') {
            const chunk = [...waiting][one.which];
            if (chunk) expect([queue.remove(chunk), queue.remove(chunk), waiting.delete(chunk)]).toEqual([true, false, true]);
          }
          if (one.does === 'next') {
            const chunk = queue.next();
            expect(chunk ? waiting.delete(chunk) : waiting.size === 0).toBe(true);
          }
          expect(queue.waitingIds).toBe([...waiting].reduce((sum, chunk) => sum + chunk.ids.length, 0));
        });
        expect(drained(queue).length).toBe(waiting.size);
      }),
    );
  });

  test('lets go of what was removed, and looks at each chunk a few times only, however many are removed', () => {
    const COUNT = 2_000;
    let looks = 0;
    const queue = queueOf(1);
    const chunks = new Set<Chunk<string>>();
    const counted = {
      set: (_id: string, chunk: Chunk<string>): void => {
        let isQueued = false;
        Object.defineProperty(chunk, 'isQueued', { get: () => (looks++, isQueued), set: (value: boolean) => (isQueued = value) });
        chunks.add(chunk);
      },
    };
    queue.add(ids(1, COUNT), false, counted);
    looks = 0;
    for (const chunk of chunks) queue.remove(chunk);
    expect(looks).toBeLessThanOrEqual(5 * COUNT);
    looks = 0;
    queue.add(['1'], false, placed());
    expect(looks).toBe(0);
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
          const used = queue.add(fresh, full, chunkOf);
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
