import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ContactsError } from '../../src/errors.js';
import { reconcile } from '../../src/loaders/reconcile.js';
import { Refusal } from '../../src/upstream/refusal.js';

type Ask = (ids: readonly string[], call: number) => unknown[];

/** Reconciles against an upstream that answers as told; an outcome is a name, null, or an error's code. */
async function outcomesOf(ids: readonly string[], ask: Ask): Promise<{ outcomes: Record<string, unknown>; asked: string[][] }> {
  const asked: string[][] = [];
  const answer = async (some: readonly string[]): Promise<unknown[]> => {
    asked.push([...some]);
    return ask(some, asked.length);
  };
  const outcomes = await reconcile('CAS360', ids, answer, (id, row) => `${id}:${(row as { name: string }).name}`);
  return { outcomes: Object.fromEntries([...outcomes].map(([id, one]) => [id, one instanceof ContactsError ? one.code : one])), asked };
}

const row = (id: string): unknown => ({ id: Number(id), name: `n${id}` });
const refuse = (status: number): never => {
  throw new Refusal(status, 'CAS360');
};

describe('Reconciling a bulk answer', () => {
  test('knows rows by their id, in any order, as number or text', async () => {
    const { outcomes, asked } = await outcomesOf(['1', '2'], () => [{ id: '2', name: 'n2' }, row('1')]);
    expect(outcomes).toEqual({ 1: '1:n1', 2: '2:n2' });
    expect(asked).toHaveLength(1);
  });

  test('drops rows that nobody asked for, and what is no row', async () => {
    const { outcomes } = await outcomesOf(['1'], () => [row('9'), null, 7, 'x', [], { name: 'nobody' }, row('1')]);
    expect(outcomes).toEqual({ 1: '1:n1' });
  });

  test('asks once more for what is missing, together, and only for that', async () => {
    const { outcomes, asked } = await outcomesOf(['1', '2', '3'], (ids, call) => (call === 1 ? [row('2')] : ids.filter((id) => id === '3').map(row)));
    expect(asked).toEqual([['1', '2', '3'], ['1', '3']]);
    expect(outcomes).toEqual({ 1: null, 2: '2:n2', 3: '3:n3' });
  });

  test('does not call an id missing when the second call fails', async () => {
    const { outcomes } = await outcomesOf(['1', '2'], (_ids, call) => (call === 1 ? [row('1')] : refuse(503)));
    expect(outcomes).toEqual({ 1: '1:n1', 2: 'UPSTREAM_UNAVAILABLE' });
  });

  test('takes two like rows for one, and two unlike ones for an error', async () => {
    const { outcomes } = await outcomesOf(['1', '2'], () => [row('1'), row('1'), row('2'), { id: 2, name: 'other' }]);
    expect(outcomes).toEqual({ 1: '1:n1', 2: 'UPSTREAM_INVALID_RESPONSE' });
  });

  test.each([400, 404, 413, 414, 500])('halves a chunk that is refused with %i, so that a poisoned id costs itself', async (status) => {
    const ids = Array.from({ length: 100 }, (_, i) => String(i + 1));
    const { outcomes, asked } = await outcomesOf(ids, (some) => (some.includes('37') ? refuse(status) : some.map(row)));
    const { 37: poisoned, ...others } = outcomes;
    expect(poisoned).toBe(status === 404 ? null : status === 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_INVALID_RESPONSE');
    expect(Object.values(others)).toEqual(ids.filter((id) => id !== '37').map((id) => `${id}:n${id}`));
    expect(asked.length).toBeLessThanOrEqual(20);
  });

  test.each([401, 403, 429, 503])('does not halve a chunk that is refused with %i', async (status) => {
    const { outcomes, asked } = await outcomesOf(['1', '2'], () => refuse(status));
    expect(asked).toHaveLength(1);
    expect(new Set(Object.values(outcomes)).size).toBe(1);
  });

  test('spends at most 20 calls on a chunk; what is not known by then is an error', async () => {
    const ids = Array.from({ length: 100 }, (_, i) => String(i + 1));
    const { outcomes, asked } = await outcomesOf(ids, () => refuse(400));
    expect(asked).toHaveLength(20);
    expect(Object.values(outcomes)).toEqual(ids.map(() => 'UPSTREAM_INVALID_RESPONSE'));
  });

  test('never gives an id another one’s row, nor calls a present one missing, whatever the rows are', async () => {
    const anyRow = fc.oneof(fc.record({ id: fc.oneof(fc.integer({ min: -3, max: 12 }), fc.double(), fc.string(), fc.constant(null)), name: fc.string() }), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 10 }).map(String)), fc.array(anyRow), fc.array(anyRow), async (ids, first, second) => {
        const { outcomes } = await outcomesOf(ids, (_some, call) => (call === 1 ? first : second));
        for (const id of ids) {
          const names = [...first, ...second].filter((one) => String((one as { id?: unknown } | null)?.id) === id).map((one) => `${id}:${(one as { name: string }).name}`);
          if (names.length === 0) expect(outcomes[id]).toBeNull();
          else expect([...names, 'UPSTREAM_INVALID_RESPONSE']).toContain(outcomes[id]);
        }
      }),
      { numRuns: 500 },
    );
  });
});
