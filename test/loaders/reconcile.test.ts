import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Aborter, type Signal } from '../../src/deadline.js';
import { ContactsError, type ErrorCode } from '../../src/errors.js';
import { reconcile, type AnswerDrift } from '../../src/loaders/reconcile.js';
import type { Outcomes } from '../../src/loaders/resource.js';
import { CutBody } from '../../src/readBody.js';
import { CutAnswer, StatusError } from '../../src/upstream/callErrors.js';
import { LONG_RUN } from '../support/longRun.js';

interface Row {
  readonly id: string;
  readonly name?: unknown;
}
type Answer = readonly (Row | undefined)[];

interface Account {
  /** A name, null, or the code of an error. */
  readonly outcomes: Readonly<Record<string, unknown>>;
  readonly asked: string[][];
  readonly drifts: readonly AnswerDrift[];
}

/** Reconciles against an upstream that answers the nth call as told. */
async function accountOf(ids: readonly string[], answer: (ids: readonly string[], call: number) => Answer, signal: Signal = new Aborter()): Promise<Account> {
  const asked: string[][] = [];
  const drifts: AnswerDrift[] = [];
  const outcomes: Outcomes<Row> = new Map();
  const fetch = async (some: readonly string[]): Promise<Answer> => answer(some, asked.push([...some]));
  await reconcile('CAS360', ids, outcomes, fetch, signal, (kind) => drifts.push(kind));
  const told = Array.from(outcomes, ([id, one]) => [id, one instanceof ContactsError ? one.code : (one?.name ?? null)]);
  return { outcomes: Object.fromEntries(told), asked, drifts };
}

const idsTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));
const row = (id: string): Row => ({ id, name: `n${id}` });
const named = (ids: readonly string[]): object => Object.fromEntries(ids.map((id) => [id, `n${id}`]));
const all = (ids: readonly string[], outcome: unknown): object => Object.fromEntries(ids.map((id) => [id, outcome]));
const refuse = (status: number, isNotFound = false): never => {
  throw new StatusError(status, 'CAS360', isNotFound);
};
const fail = (code: ErrorCode): never => {
  throw new ContactsError(code, 'CAS360');
};

const breakOff = (): never => {
  throw new CutAnswer('CAS360', new CutBody());
};

describe('Rows', () => {
  test('are matched by their id, in any order', async () => {
    expect(await accountOf(['1', '2'], () => [row('2'), row('1')])).toEqual({ outcomes: named(['1', '2']), asked: [['1', '2']], drifts: [] });
  });

  test.each<[string, Answer]>([
    ['twice', [row('1'), row('1')]],
    ['with their keys in another order', [{ id: '1', name: 'n1' }, { name: 'n1', id: '1' }].map((one) => ({ name: one.name, id: one.id }))],
    ['once with a number in the place of a text', [{ id: '1', name: 'n1', addressId: 15 } as Row, { id: '1', name: 'n1', addressId: '15' } as Row]],
    ['with nothing in another form', [{ id: '1', name: 'n1', skype: null } as Row, { id: '1', name: 'n1', skype: '' } as Row, { id: '1', name: 'n1', skype: 'null' } as Row, row('1'), { id: '1', name: 'n1', skype: [] } as Row]],
    ['with nested keys in another order', [{ id: '1', name: 'n1', parts: [{ a: 1, b: '2' }] } as Row, { id: '1', name: 'n1', parts: [{ b: 2, c: null, a: 1 }] } as Row]],
  ])('that come %s are one', async (_, rows) => {
    expect(await accountOf(['1'], () => rows)).toMatchObject({ outcomes: { 1: 'n1' }, drifts: [] });
  });

  test.each<[string, Answer]>([
    ['two', [row('1'), { id: '1', name: 'other' }]],
    ['three', [row('1'), { id: '1', name: 'other' }, row('1')]],
    ['nested ones', [{ id: '1', name: 'n1', parts: [{ a: 1 }] } as Row, { id: '1', name: 'n1', parts: [{ a: 2 }] } as Row]],
    ['one with a key more', [row('1'), { id: '1', name: 'n1', skype: 'jb' } as Row]],
    ['something and nothing', [row('1'), { id: '1', name: null }]],
    ['nothing and something', [{ id: '1', name: null }, row('1')]],
    ['a list and a longer one', [{ id: '1', name: [1] }, { id: '1', name: [1, 2] }]],
    ['a list and a shorter one', [{ id: '1', name: [1, 2] }, { id: '1', name: [1] }]],
    ['lists of which one item differs', [{ id: '1', name: [1, 2] }, { id: '1', name: [1, 3] }]],
    ['a list and its item', [{ id: '1', name: ['1'] }, { id: '1', name: '1' }]],
    ['an empty object and a number', [{ id: '1', name: { a: null } }, { id: '1', name: 5 }]],
    ['a truth and its text', [{ id: '1', name: true }, { id: '1', name: 'true' }]],
    ['a text and its truth', [{ id: '1', name: 'true' }, { id: '1', name: true }]],
    ['a number and the text of another one', [{ id: '1', name: 7 }, { id: '1', name: '8' }]],
    ['a text and a number that it is not', [{ id: '1', name: '7' }, { id: '1', name: 8 }]],
  ])('that contradict each other are an error, and not a guess: %s', async (_, rows) => {
    expect(await accountOf(['1', '2'], () => [...rows, row('2')])).toMatchObject({ outcomes: { 1: 'UPSTREAM_INVALID_RESPONSE', 2: 'n2' }, drifts: ['contradictory_rows'] });
  });
});

test('Rows that come in order are not looked up by their ids', async () => {
  let reads = 0;
  const rows = idsTo(3).map((id) => ({ name: `n${id}`, get id() { reads++; return id; } }));
  expect((await accountOf(idsTo(3), () => rows)).outcomes).toEqual(named(idsTo(3)));
  expect(reads).toBe(3);
});

describe('Ids that an answer lacks', () => {
  test('are not found once an answer brings none of them', async () => {
    expect(await accountOf(['1', '2'], () => [])).toEqual({ outcomes: all(['1', '2'], null), asked: [['1', '2']], drifts: [] });
  });

  test('are asked for again, together, and only they', async () => {
    const { outcomes, asked, drifts } = await accountOf(['1', '2', '3'], (ids, call) => (call === 1 ? [row('2')] : ids.filter((id) => id === '3').map(row)));
    expect(asked).toEqual([['1', '2', '3'], ['1', '3'], ['1']]);
    expect(outcomes).toEqual({ 1: null, 2: 'n2', 3: 'n3' });
    expect(drifts).toEqual(['cut_page']);
  });

  test.each([
    [60, 20, 3],
    [100, 20, 5],
    [100, 99, 2],
    [7, 1, 7],
  ])('are served in the fewest calls: %i ids from pages of %i rows', async (count, page, calls) => {
    const ids = idsTo(count);
    const { outcomes, asked, drifts } = await accountOf(ids, (some) => some.slice(0, page).map(row));
    expect(outcomes).toEqual(named(ids));
    expect(asked).toHaveLength(calls);
    expect(new Set(drifts)).toEqual(new Set(['cut_page']));
  });

  test('are errors, and never null, where pages are so short that the calls do not suffice', async () => {
    const ids = idsTo(100);
    const { outcomes, asked } = await accountOf(ids, (some) => some.slice(0, 2).map(row));
    expect(asked).toHaveLength(20);
    expect(outcomes).toEqual({ ...named(ids.slice(0, 40)), ...all(ids.slice(40), 'UPSTREAM_INVALID_RESPONSE') });
  });

  test('are what the second call fails with', async () => {
    expect(await accountOf(['1', '2'], (_ids, call) => (call === 1 ? [row('1')] : refuse(503)))).toMatchObject({ outcomes: { 1: 'n1', 2: 'UPSTREAM_UNAVAILABLE' } });
  });

  test.each<[string, Answer]>([
    ['without a usable id', [undefined]],
    ['of somebody else', [row('9')]],
    ['without a usable id, and one of somebody else', [undefined, row('9')]],
  ])('are errors, and never null, where a row came %s', async (_, odd) => {
    expect(await accountOf(['1', '2'], () => odd)).toMatchObject({ outcomes: all(['1', '2'], 'UPSTREAM_INVALID_RESPONSE'), drifts: ['unmatched_rows'] });
    expect((await accountOf(['1', '2', '3'], (ids) => [...ids.filter((id) => id === '2').map(row), ...odd])).outcomes).toEqual({ 1: 'UPSTREAM_INVALID_RESPONSE', 2: 'n2', 3: 'UPSTREAM_INVALID_RESPONSE' });
  });

  test('stay errors where only the first answer had such a row, and are served where the second brings them', async () => {
    const answers = [[row('1'), undefined], [row('3')], []];
    expect((await accountOf(['1', '2', '3'], (_ids, call) => answers[call - 1]!)).outcomes).toEqual({ 1: 'n1', 2: 'UPSTREAM_INVALID_RESPONSE', 3: 'n3' });
  });

  test('are not found although others have failed', async () => {
    const { outcomes } = await accountOf(idsTo(4), (ids) => (ids.includes('3') ? refuse(400) : ids.filter((id) => id !== '4').map(row)));
    expect(outcomes).toEqual({ 1: 'n1', 2: 'n2', 3: 'UPSTREAM_INVALID_RESPONSE', 4: null });
  });
});

describe('404', () => {
  test('about one id is "not found" if the system itself says so', async () => {
    expect(await accountOf(['1'], () => refuse(404, true))).toEqual({ outcomes: { 1: null }, asked: [['1']], drifts: [] });
  });

  test.each([2, 5, 12, 13, 100])('to every call is "not found" for each of %i that is asked for alone, and an error for the others', async (count) => {
    const { outcomes, asked } = await accountOf(idsTo(count), () => refuse(404, true));
    const alone = new Set(asked.filter((ids) => ids.length === 1).flat());
    expect(alone.size).toBeGreaterThanOrEqual(2);
    expect(outcomes).toEqual(Object.fromEntries(idsTo(count).map((id) => [id, alone.has(id) ? null : 'UPSTREAM_INVALID_RESPONSE'])));
  });

  test('of a gateway is an error', async () => {
    expect(await accountOf(['1'], () => refuse(404))).toEqual({ outcomes: { 1: 'UPSTREAM_INVALID_RESPONSE' }, asked: [['1']], drifts: ['foreign_404'] });
  });
});

describe('A failure that a single id may cause', () => {
  const POISONS: [what: string, poison: () => never, outcome: ErrorCode | null][] = [
    ...[400, 410, 413, 414, 422, 431].map((status): [string, () => never, ErrorCode] => [String(status), () => refuse(status), 'UPSTREAM_INVALID_RESPONSE']),
    ['404 of the system', () => refuse(404, true), null],
    ['404 of a gateway', () => refuse(404), 'UPSTREAM_INVALID_RESPONSE'],
    ['500', () => refuse(500), 'UPSTREAM_UNAVAILABLE'],
    ['an answer that breaks off', breakOff, 'UPSTREAM_UNAVAILABLE'],
    ['an unreadable answer', () => fail('UPSTREAM_INVALID_RESPONSE'), 'UPSTREAM_INVALID_RESPONSE'],
  ];
  /** Those that usually mean the system as a whole. */
  const DOUBTFUL = [402, 403, 408, 409, 418, 423, 451].map((status): [string, () => never, ErrorCode] => [String(status), () => refuse(status), new StatusError(status, 'CAS360').code]);

  test.each([...POISONS, ...DOUBTFUL])('costs that id and no other: %s', async (_, poison, outcome) => {
    const ids = idsTo(100);
    for (const id of ids) {
      const { outcomes, asked } = await accountOf(ids, (some) => (some.includes(id) ? poison() : some.map(row)));
      expect(outcomes).toEqual({ ...named(ids), [id]: outcome });
      expect(asked.length).toBeLessThanOrEqual(12);
    }
  });

  test.each([...POISONS, ...DOUBTFUL])('costs two ids where it concerns two, wherever they are: %s', async (what, poison, outcome) => {
    const ids = idsTo(100);
    const isDoubtful = DOUBTFUL.some(([status]) => status === what);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...ids), { minLength: 2, maxLength: 2 }), async (bad) => {
        fc.pre(!isDoubtful || !(bad.includes('1') && bad.includes('100')));
        const { outcomes } = await accountOf(ids, (some) => (some.some((id) => bad.includes(id)) ? poison() : some.map(row)));
        expect(outcomes).toEqual({ ...named(ids), ...all(bad, outcome) });
      }),
      { examples: [[['1', '51']], [['1', '2']], [['99', '100']], [['18', '72']], [['4', '9']], [['3', '5']]] },
    );
  });

  // They are treated like 400.
  const ALIKE = ['410', '413', '414', '422', '431'];

  test.each(POISONS.filter(([what]) => LONG_RUN || !ALIKE.includes(what)))('costs a third of the others at most where it concerns three to six neighbours: %s', async (_, poison) => {
    const ids = idsTo(100);
    for (const count of [3, 4, 5, 6]) {
      for (let first = 1; first <= 101 - count; first++) {
        const bad = new Set(idsTo(100).slice(first - 1, first - 1 + count));
        const { outcomes } = await accountOf(ids, (some) => (some.some((id) => bad.has(id)) ? poison() : some.map(row)));
        const lost = ids.filter((id) => !bad.has(id) && outcomes[id] !== `n${id}`);
        expect([count, first, lost.length <= 33]).toEqual([count, first, true]);
      }
    }
  });

  test.each([400, 413])('costs nobody where the reason is that a call has more than 25 ids: %i', async (status) => {
    const ids = idsTo(100);
    const { outcomes, asked } = await accountOf(ids, (some) => (some.length > 25 ? refuse(status) : some.map(row)));
    expect(outcomes).toEqual(named(ids));
    // Whether it was a trouble that has passed.
    expect(asked.slice(-3).map((some) => some.length)).toEqual([50, 25, 25]);
  });

  test.each(POISONS)('costs at most 20 calls where it meets every call: %s', async (_, poison) => {
    const ids = idsTo(100);
    const { outcomes, asked } = await accountOf(ids, () => poison());
    expect(asked).toHaveLength(20);
    const alone = new Set(asked.filter((some) => some.length === 1).flat());
    for (const id of ids) if (!alone.has(id)) expect(outcomes[id]).toMatch(/^UPSTREAM_/);
  });

  test.each<[what: string, poison: () => never, poisoned: string[], asked: string[]]>([
    ['400', () => refuse(400), ['3'], ['1234', '12', '3', '4']],
    ['400', () => refuse(400), ['2'], ['1234', '12', '1', '2', '34']],
    ['413', () => refuse(413), ['1', '4'], ['1234', '12', '1', '234', '23', '4']],
    ['an unreadable answer', () => fail('UPSTREAM_INVALID_RESPONSE'), ['3'], ['1234', '12', '3', '4']],
    // Only once as a whole again.
    ['500', () => refuse(500), ['3'], ['1234', '1234', '12', '3', '4']],
    ['an answer that breaks off', breakOff, ['3'], ['1234', '1234', '12', '3', '4']],
    ['500', () => refuse(500), ['1', '3'], ['1234', '1234', '12', '1', '234', '23', '2', '3', '4']],
    // First whether it is the system as a whole.
    ['403', () => refuse(403), ['3'], ['1234', '1', '23', '2', '3', '4']],
    ['403', () => refuse(403), ['1'], ['1234', '1', '4', '12', '1', '23']],
    ['403', () => refuse(403), ['1', '4'], ['1234', '1', '4']],
  ])('is looked for in the fewest calls: %s because of %j', async (_, poison, poisoned, expected) => {
    const { asked } = await accountOf(idsTo(4), (ids) => (ids.some((id) => poisoned.includes(id)) ? poison() : ids.map(row)));
    expect(asked.map((ids) => ids.join(''))).toEqual(expected);
  });

  test('that passes costs two calls: a 500 is asked once more as a whole', async () => {
    const ids = idsTo(100);
    expect(await accountOf(ids, (some, call) => (call === 1 ? refuse(500) : some.map(row)))).toEqual({ outcomes: named(ids), asked: [ids, ids], drifts: ['passing_500'] });
  });

  test('is not said to have passed where the second call fails otherwise', async () => {
    expect(await accountOf(idsTo(100), (_ids, call) => refuse(call === 1 ? 500 : 503))).toMatchObject({ outcomes: all(idsTo(100), 'UPSTREAM_UNAVAILABLE'), drifts: [] });
  });

  test('is looked for behind ids that a pause or the deadline ended', async () => {
    const { outcomes, asked } = await accountOf(idsTo(100), (ids, call) => (call <= 2 ? refuse(500) : call === 3 ? fail('UPSTREAM_TIMEOUT') : ids.map(row)));
    expect(asked.map((ids) => ids.length)).toEqual([100, 100, 50, 50]);
    expect(outcomes).toEqual({ ...all(idsTo(50), 'UPSTREAM_TIMEOUT'), ...named(idsTo(100).slice(50)) });
  });

  test('is not looked for any more once nobody waits', async () => {
    const aborter = new Aborter();
    const { asked } = await accountOf(idsTo(100), () => {
      aborter.abort();
      return refuse(500);
    }, aborter);
    expect(asked).toHaveLength(1);
  });

  const repeated = (asked: readonly string[][]): number => asked.filter((ids, n) => n > 0 && ids.join() === asked[n - 1]!.join()).length;

  test('is repeated as a whole once, and not for each part that fails', async () => {
    const { asked, outcomes } = await accountOf(idsTo(100), (ids) => (ids.length > 20 ? refuse(500) : ids.map(row)));
    expect([repeated(asked), outcomes]).toEqual([1, named(idsTo(100))]);
  });

  test('is not repeated where an id has been found already', async () => {
    const { asked, outcomes } = await accountOf(idsTo(100), (ids) => (ids.includes('10') ? refuse(400) : ids.includes('90') ? refuse(500) : ids.map(row)));
    expect([repeated(asked), outcomes]).toEqual([0, { ...named(idsTo(100)), 10: 'UPSTREAM_INVALID_RESPONSE', 90: 'UPSTREAM_UNAVAILABLE' }]);
  });

  test('leaves the others together, once two have been found with many calls left', async () => {
    const { asked } = await accountOf(idsTo(8), (ids) => (ids.includes('1') || ids.includes('2') ? refuse(400) : ids.map(row)));
    expect(asked.map((ids) => ids.join(''))).toEqual(['12345678', '1234', '12', '1', '2345678', '2345', '23', '2', '345678']);
  });

  test.each([403, 500])('is not repeated for one id: there is nothing to halve (%i)', async (status) => {
    expect((await accountOf(['1'], () => refuse(status))).asked).toHaveLength(1);
  });

  test.each(POISONS)('that passes loses nobody, after however many calls: %s', async (_, poison) => {
    const ids = idsTo(100);
    for (let last = 1; last <= 7; last++) {
      for (const again of [0, last + 3, last + 4]) {
        const { outcomes } = await accountOf(ids, (some, call) => (call <= last || call === again ? poison() : some.map(row)));
        const lost = ids.filter((id) => outcomes[id] !== `n${id}`);
        expect([last, again, lost.length <= (again === 0 ? 0 : 1)]).toEqual([last, again, true]);
      }
    }
  });

  test('that passes does not hide one bad id', async () => {
    const ids = idsTo(100);
    for (let last = 1; last <= 6; last++) {
      for (const bad of ids) {
        const { outcomes } = await accountOf(ids, (some, call) => (call <= last || some.includes(bad) ? refuse(400) : some.map(row)));
        expect([last, outcomes]).toEqual([last, { ...named(ids), [bad]: 'UPSTREAM_INVALID_RESPONSE' }]);
      }
    }
  });

  test('costs that id where calls may have at most 30 ids, too', async () => {
    const ids = idsTo(100);
    for (const bad of ids) {
      const { outcomes } = await accountOf(ids, (some) => (some.length > 30 || some.includes(bad) ? refuse(400) : some.map(row)));
      expect(outcomes).toEqual({ ...named(ids), [bad]: 'UPSTREAM_INVALID_RESPONSE' });
    }
  });

  test('is looked for without the ids that have their record', async () => {
    const { asked, outcomes } = await accountOf(['1', '2'], (some) => (some.includes('2') ? refuse(403) : some.map(row)));
    expect([asked, outcomes]).toEqual([[['1', '2'], ['1'], ['2']], { 1: 'n1', 2: 'UPSTREAM_AUTH_FAILED' }]);
  });

  test('is not counted where there was no answer', async () => {
    expect(await accountOf(['1', '2'], () => fail('UPSTREAM_TIMEOUT'))).toEqual({ outcomes: all(['1', '2'], 'UPSTREAM_TIMEOUT'), asked: [['1', '2']], drifts: [] });
  });

  test('is counted where an answer cannot be read', async () => {
    const { drifts } = await accountOf(['1', '2'], (ids) => (ids.includes('2') ? fail('UPSTREAM_INVALID_RESPONSE') : ids.map(row)));
    expect(drifts).toEqual(['unreadable_answer', 'unreadable_answer']);
  });
});

test.each([403, 418])('A status %i that meets every call is the outcome of all ids after three calls', async (status) => {
  const { outcomes, asked } = await accountOf(idsTo(100), () => refuse(status));
  expect(asked.map((ids) => ids.length)).toEqual([100, 1, 1]);
  expect(new Set(Object.values(outcomes))).toEqual(new Set([new StatusError(status, 'CAS360').code]));
});

test('Where a single id gets another answer than the whole call, the reason is an id', async () => {
  const ids = idsTo(10);
  const absent = new Set(['1', '10']);
  const { outcomes } = await accountOf(ids, (some) => (some.includes('4') ? refuse(403) : some.length === 1 && absent.has(some[0]!) ? refuse(404, true) : some.filter((id) => !absent.has(id)).map(row)));
  expect(outcomes).toEqual({ ...named(ids), 1: null, 10: null, 4: 'UPSTREAM_AUTH_FAILED' });
});

test('Where the system wants no more calls while it is tried, that is the outcome', async () => {
  const { outcomes, asked } = await accountOf(['1', '2'], (_ids, call) => refuse(call === 1 ? 403 : 429));
  expect(outcomes).toEqual(all(['1', '2'], 'UPSTREAM_RATE_LIMITED'));
  expect(asked).toHaveLength(2);
});

test.each([201, 302, 401, 429, 501, 502, 503, 504])('A status %i is the outcome of all ids at once', async (status) => {
  const { outcomes, asked } = await accountOf(['1', '2'], () => refuse(status));
  expect(asked).toHaveLength(1);
  expect(outcomes).toEqual(all(['1', '2'], new StatusError(status, 'CAS360').code));
});

test('What is known is there before the rest is', async () => {
  const outcomes: Outcomes<Row> = new Map();
  const open = Promise.withResolvers<Answer>();
  const answers = [Promise.resolve([row('1')]), open.promise];
  const done = reconcile('CAS360', ['1', '2'], outcomes, () => answers.shift()!, new Aborter(), () => {});
  await Promise.resolve().then(() => {});
  expect([...outcomes.keys()]).toEqual(['1']);
  open.resolve([]);
  await done;
  expect(outcomes.get('2')).toBeNull();
});

test('A fault of this program is not taken for one of the upstream', async () => {
  await expect(accountOf(['1', '2'], () => { throw new TypeError('no such function'); })).rejects.toThrow(TypeError);
});

test('Nobody gets another one’s row, and nobody who was there is null, whatever the answers are', async () => {
  const anyRow = fc.oneof({ weight: 3, arbitrary: fc.record({ id: fc.integer({ min: 1, max: 12 }).map(String), name: fc.constantFrom('a', 'b') }) }, fc.constant(undefined));
  const anyAnswer = fc.oneof({ weight: 4, arbitrary: fc.array(anyRow, { maxLength: 12 }) }, fc.constantFrom(400, 404, 500, 503), fc.constant('unreadable' as const));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 10 }).map(String), { minLength: 1 }), fc.array(anyAnswer, { maxLength: 22 }), async (ids, answers) => {
      const seen = new Map<string, unknown[]>();
      const { outcomes, asked } = await accountOf(ids, (some, call) => {
        const answer = answers[call - 1] ?? [];
        if (typeof answer === 'number') return refuse(answer, true);
        if (answer === 'unreadable') return fail('UPSTREAM_INVALID_RESPONSE');
        for (const one of answer) {
          if (one && some.includes(one.id)) seen.set(one.id, [...(seen.get(one.id) ?? []), one.name]);
        }
        return answer;
      });
      expect(asked.length).toBeLessThanOrEqual(20);
      expect(Object.keys(outcomes).sort()).toEqual([...ids].sort());
      for (const id of ids) {
        const names = seen.get(id);
        if (names) expect([...names, 'UPSTREAM_INVALID_RESPONSE']).toContain(outcomes[id]);
        else expect([null, 'UPSTREAM_INVALID_RESPONSE', 'UPSTREAM_UNAVAILABLE']).toContain(outcomes[id]);
      }
    }),
    { numRuns: 1_000 },
  );
});
