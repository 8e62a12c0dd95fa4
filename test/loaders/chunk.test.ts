import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Chunk, PendingChunks } from '../../src/loaders/queue.js';

describe('A chunk', () => {
  test('tells each who waits once', () => {
    const chunk = new Chunk<string>(false);
    const heard: unknown[] = [];
    for (let n = 0; n < 2; n++) chunk.onOutcomes(() => heard.push([n, chunk.isSettled]) > 0);
    expect(chunk.isSettled).toBe(false);
    chunk.settle();
    chunk.settle();
    expect(heard).toEqual([[0, true], [1, true]]);
  });

  test('counts the bytes of its ids with the commas between them', () => {
    const chunk = new Chunk<string>(false);
    for (const id of ['1', '22', '333']) {
      chunk.add(id);
      expect(chunk.idBytes).toBe(chunk.ids.join(',').length);
    }
  });

  test('belongs to the trace of whoever asked first and has one', () => {
    const chunk = new Chunk<string>(false);
    chunk.join(1, undefined);
    chunk.join(1, 'first');
    chunk.join(1, 'second');
    expect(chunk.traceparent).toBe('first');
  });
});

const IDS = 3_000;
const IDS_LOOKED_FOR = Array.from({ length: Math.ceil(IDS / 7) }, (_, n) => String(7 * n));
const step = fc.record({
  /** Of each chunk so many ids in a row, from this one. */
  from: fc.nat(IDS - 1),
  count: fc.integer({ min: 1, max: 400 }),
  /** Which of the chunks ends afterwards; beyond them, none. */
  ends: fc.nat(12),
});

const get = (pending: PendingChunks<string>, id: string): Chunk<string> | undefined => pending.find(id, () => true);

describe('The ids that are pending', () => {
  test('are found in the chunk that waits for them or fetches them, and in none before and after', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const pending = new PendingChunks<string>();
        const known = new Map<string, Chunk<string>>();
        const open: Chunk<string>[] = [];
        for (const { from, count, ends } of steps) {
          const chunk = new Chunk<string>(false);
          for (let n = from; n < Math.min(from + count, IDS); n++) {
            if (known.has(String(n))) continue;
            chunk.add(String(n));
            pending.set(String(n), chunk);
            known.set(String(n), chunk);
          }
          if (chunk.ids.length > 0) open.push(chunk);
          const [ended] = open.splice(ends, 1);
          if (ended) {
            pending.forget(ended);
            // A waiter that gives up later has nothing more to say.
            pending.forget(ended);
            for (const id of ended.ids) known.delete(id);
          }
          expect(IDS_LOOKED_FOR.filter((id) => get(pending, id) !== known.get(id))).toEqual([]);
        }
      }),
      { numRuns: 30 },
    );
  });

  const chunkOf = (pending: PendingChunks<string>, ...ids: string[]): Chunk<string> => {
    const chunk = new Chunk<string>(false);
    for (const id of ids) pending.set(id, chunk);
    return chunk;
  };

  test('leave nothing behind once their last chunk is forgotten, and not before', () => {
    const pending = new PendingChunks<string>();
    const [first, second] = [chunkOf(pending, '1'), chunkOf(pending, '2')];
    const looks = jest.spyOn(first.index!.chunkOf, 'get');
    pending.forget(first);
    expect(get(pending, '2')).toBe(second);
    expect(looks).toHaveBeenCalledTimes(1);
    pending.forget(second);
    expect(get(pending, '2')).toBeUndefined();
    expect(looks).toHaveBeenCalledTimes(1);
    expect(chunkOf(pending, '3').index).not.toBe(first.index);
  });

  test('share a map up to a thousand of them, so that no map lives for ever', () => {
    const pending = new PendingChunks<string>();
    const all = Array.from({ length: 1_000 }, (_, n) => chunkOf(pending, String(n)));
    expect(new Set(all.map(({ index }) => index)).size).toBe(1);
    const next = chunkOf(pending, '1000');
    expect(next.index).not.toBe(all[0]!.index);
    expect([get(pending, '999'), get(pending, '1000')]).toEqual([all[999], next]);
  });

  test('are found in the latest chunk that may be joined', () => {
    const pending = new PendingChunks<string>();
    const first = chunkOf(pending, 'x', ...Array.from({ length: 999 }, (_, n) => String(n)));
    const second = chunkOf(pending, 'x');
    expect(get(pending, 'x')).toBe(second);
    expect(pending.find('x', (chunk) => chunk !== second)).toBe(first);
    // A chunk that is forgotten meanwhile takes its map with it.
    expect(pending.find('x', (chunk) => (chunk === second ? (pending.forget(second), false) : true))).toBe(first);
    expect(pending.find('x', () => false)).toBeUndefined();
  });
});
