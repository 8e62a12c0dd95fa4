import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../src/errors.js';
import { OperationLoader } from '../../src/loaders/operationLoader.js';
import type { UpstreamRecord } from '../../src/loaders/resource.js';
import { FOREVER } from '../support/upstreamDouble.js';

interface Named extends UpstreamRecord {
  readonly name: string;
}

let asked: { ids: string[]; full: boolean }[];
/** Ids about which nothing is known by the deadline, and ids that the upstream has not. */
let late: Set<string>;
let absent: Set<string>;
let mapped: string[];
/** How often an id was looked for in what was asked for. */
let looks: number;
let loader: OperationLoader<string>;

beforeEach(() => {
  asked = [];
  late = new Set();
  absent = new Set();
  mapped = [];
  looks = 0;
  const request = async (ids: ReadonlySet<string>, full: boolean): Promise<ReadonlyMap<string, Outcome<Named>>> => {
    asked.push({ ids: [...ids], full });
    Object.assign(ids, { has: (id: string) => (looks++, Set.prototype.has.call(ids, id)) });
    const known = [...ids].filter((id) => !late.has(id));
    return new Map(known.map((id) => [id, absent.has(id) ? null : { id, name: full ? `${id}!!` : `${id}!` }]));
  };
  const toModel = (id: string, record: Named): string => {
    mapped.push(id);
    return record.name;
  };
  loader = new OperationLoader<string>({ source: 'PMS', records: { request }, toModel }, FOREVER, undefined);
});

const load = (ids: readonly string[], full = false) => loader.load(ids, full, 'contacts');

describe('What one operation loads', () => {
  test('has an outcome for each id, in the order of the ids, as often as they are given', async () => {
    expect(await load(['2', '1', '2', '3'])).toEqual(['2!', '1!', '2!', '3!']);
    expect(asked).toEqual([{ ids: ['2', '1', '3'], full: false }]);
  });

  test('is asked for once, whichever fields want it at whichever depth', async () => {
    await Promise.all([load(['1', '2']), load(['2', '3'])]);
    expect(await load(['3', '4', '1'])).toEqual(['3!', '4!', '1!']);
    expect(asked.map(({ ids }) => ids)).toEqual([['1', '2', '3'], ['4']]);
  });

  test('comes with relationships where one field of the depth needs them, and once more where a deeper one does', async () => {
    expect(await Promise.all([load(['1', '2']), load(['2'], true)])).toEqual([['1!', '2!!'], ['2!!']]);
    expect(asked).toEqual([{ ids: ['2'], full: true }, { ids: ['1'], full: false }]);
    expect(await load(['1', '2'], true)).toEqual(['1!!', '2!!']);
    expect(await load(['1'])).toEqual(['1!']);
    expect(asked.slice(2)).toEqual([{ ids: ['1'], full: true }]);
  });

  test('is a promise for one id, but only until that has arrived', async () => {
    const first = loader.loadOne('1', false, 'contact');
    expect([first, loader.loadOne('1', false, 'contact')]).toEqual([expect.any(Promise), expect.any(Promise)]);
    expect(await first).toBe('1!');
    expect(loader.loadOne('1', false, 'contact')).toBe('1!');
    expect(await loader.loadOne('1', true, 'contact')).toBe('1!!');
    expect(loader.loadOne('1', true, 'contact')).toBe('1!!');
    expect(asked).toEqual([{ ids: ['1'], full: false }, { ids: ['1'], full: true }]);
  });

  test('is mapped once, however many fields read it', async () => {
    await Promise.all([load(['1', '2', '1']), load(['2', '3'])]);
    await load(['3', '1']);
    expect(mapped).toEqual(['1', '2', '3']);
  });

  test('is not looked for among depths where there is one', async () => {
    await Promise.all([load(['1', '2']), load(['2'])]);
    expect(looks).toBe(0);
    await load(['3', '1']);
    // Both once before the call; then the first one once in the first depth and in the second, and the other one in the first.
    expect(looks).toBe(2 + 2 + 1);
  });

  test('is late, and never absent, where the deadline came before an answer', async () => {
    late.add('1').add('4');
    absent.add('2');
    const outcomes = await load(['1', '2', '3', '4']);
    expect(outcomes).toMatchObject([{ code: 'UPSTREAM_TIMEOUT', source: 'PMS' }, null, '3!', { code: 'UPSTREAM_TIMEOUT', source: 'PMS' }]);
    // It is not asked for again: the operation has no time left.
    expect(await load(['1'])).toEqual([outcomes[0]]);
    expect(asked).toHaveLength(1);
  });
});
