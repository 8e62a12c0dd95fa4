import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { answerText } from '../../src/graphql/answerText.js';
import { anyText } from '../support/anyText.js';

const NO_LIMIT = 2 ** 29;

/** Values as resolvers and scalars give them, and some that JSON writes in a way of its own. */
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    anyText(),
    fc.double(),
    fc.boolean(),
    fc.constantFrom(null, undefined, () => 1, Symbol('s'), { toJSON: () => 'own' }, { toJSON: () => undefined }, new Date(0), { toJSON: { id: 1 } }),
    fc.constantFrom({ toJSON: () => 'own', list: new Array(20).fill(1) }, Object.assign(new Array(20).fill(1), { toJSON: () => 'own' })),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toJSON', 'constructor')), tie('any'), { maxKeys: 3, noNullPrototype: false }),
  ),
})).any;
const list = fc.tuple(fc.array(value, { minLength: 1, maxLength: 5 }), fc.integer({ min: 0, max: 250 })).map(([items, length]) => Array.from({ length }, (_, n) => items[n % items.length]));
const data = fc.oneof(fc.constantFrom(null, undefined), fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'toJSON')), fc.oneof(value, list), { noNullPrototype: false }));

/** So long that it is written in pieces, where it can be. */
const padding = Array.from({ length: 400 }, () => ({ pad: 'x'.repeat(6_000) }));

const refusal = (max: number): object => ({
  errors: [{ message: `At most ${max.toLocaleString('en')} bytes in an answer are allowed (MAX_ANSWER_BYTES). Ask for less at once.`, extensions: { code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_ANSWER_BYTES' } }],
  data: null,
});

test('A result is written as JSON.stringify writes it, at once or in pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ errors: value, data, extensions: value }, { requiredKeys: [] }), fc.constantFrom(true, false, false, false), fc.boolean(), async (drawn, isPadded, isLong) => {
      const result = isPadded && drawn.data ? { ...drawn, data: { ...drawn.data, padding, nested: { one: [{ padding: padding.slice(0, 20) }] } } } : drawn;
      expect(await answerText(result, NO_LIMIT, isLong)).toBe(JSON.stringify(result));
    }),
    { numRuns: 100 },
  );
});

/** Counts the turns of the event loop until the returned function is called, which tells how many there were. */
function countTurns(): () => number {
  let turns = 0;
  const turn = (): void => {
    turns++;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  return () => {
    clearImmediate(next);
    return turns;
  };
}

test.each([
  ['in a list', { padding }, false],
  ['in lists of lists, known to be long', { contacts: [{ id: 1 }, { contact: { representatives: padding } }, { id: 2 }] }, true],
])('A long result lets others be served while it is written (%s)', async (_where, data, isLong) => {
  const turns = countTurns();
  const text = answerText({ data }, NO_LIMIT, isLong);
  await text;
  const counted = turns();
  expect(text).toBeInstanceOf(Promise);
  expect(await text).toBe(JSON.stringify({ data }));
  expect(counted).toBeGreaterThan(1);
});

test('A result without data is written too', async () => {
  expect(await answerText({}, NO_LIMIT, true)).toBe('{}');
});

test.each<[string, object, number]>([
  ['short items', { contacts: Array.from({ length: 60_000 }, (_, id) => ({ id, name: 'x'.repeat(80), address: { lines: ['Quay'] } })) }, 610],
  ['items of which one holds a long list', { contacts: [1, 2, 3, 4, { contact: { representatives: padding } }] }, 25],
  ['items that each hold a long list', { contacts: new Array(2_000).fill({ ids: new Array(10).fill(1) }) }, 10_100],
  ['short items before long ones', { contacts: Array.from({ length: 1_000 }, (_, n) => (n < 500 ? null : { name: 'x'.repeat(5_000) })) }, 25],
])('A piece has half a million characters (%s)', async (_what, data, mostTexts) => {
  const written = jest.spyOn(JSON, 'stringify');
  const turns = countTurns();
  const text = await answerText({ data }, NO_LIMIT, true);
  const counted = turns();
  const lengths = written.mock.results.map(({ value }) => (value as string).length);
  written.mockRestore();
  expect(text).toBe(JSON.stringify({ data }));
  expect(Math.max(...lengths)).toBeLessThan(600_000);
  expect(lengths.length).toBeLessThan(mostTexts);
  expect(counted).toBeLessThan(40);
});

// Of 64 items, the first is written to estimate all. The first list has 2,097,152 characters.
test.each([
  [64, 32_768, NO_LIMIT, false],
  [64, 32_769, NO_LIMIT, true],
  [10, 300_000, NO_LIMIT, true],
  [9, 300_000, NO_LIMIT, false],
  [64, 1_000, 64_000, false],
  [64, 1_000, 63_999, true],
  [100, 1_000, 100_000, false],
  [250, 1_000, 300_000, false],
  [250, 1_000, 299_999, true],
])('A result is written in pieces if its lists are long, or longer than allowed (%i of %i characters, %i bytes)', async (items, characters, maxBytes, isInPieces) => {
  const text = answerText({ data: { contacts: new Array(items).fill('x'.repeat(characters - 2)) } }, maxBytes);
  expect(text instanceof Promise).toBe(isInPieces);
  await text;
});

test.each([
  [0.5, true],
  [0, false],
])('The items that are written to estimate a list cannot be foreseen (%d of each hundred)', async (drawn, isInPieces) => {
  // Only the first of each hundred is short. The last hundred is not complete.
  const contacts = Array.from({ length: 250 }, (_, n) => (n % 100 === 0 ? null : 'x'.repeat(9_000)));
  const text = answerText({ data: { contacts } }, NO_LIMIT, false, () => drawn);
  expect(text instanceof Promise).toBe(isInPieces);
  await text;
});

test('Each item of a list may be written to estimate it', async () => {
  for (const length of [10, 100, 201, 250]) {
    const sampled = new Set<number>();
    for (let percent = 0; percent < 100; percent++) {
      const seen: number[] = [];
      const contacts = Array.from({ length }, (_, n) => ({ n: { toJSON: () => seen.push(n) } }));
      await answerText({ data: { contacts } }, NO_LIMIT, false, () => (percent + 0.5) / 100);
      // All are written once more for the answer.
      for (const n of seen.slice(0, -length)) sampled.add(n);
    }
    expect(sampled.size).toBe(length);
  }
});

describe('An item that throws as it is written', () => {
  const written = async (error: Error, isLong: boolean): Promise<string> => {
    const contacts = new Array(10).fill({
      toJSON: () => {
        throw error;
      },
    });
    return answerText({ data: { contacts } }, 1_000, isLong);
  };

  test.each([false, true])('is refused where the text is too long for V8 (known to be long: %s)', async (isLong) => {
    expect(JSON.parse(await written(new RangeError('Invalid string length'), isLong))).toEqual(refusal(1_000));
  });

  test.each([false, true])('throws any other error (known to be long: %s)', async (isLong) => {
    await expect(written(new Error('broken'), isLong)).rejects.toThrow('broken');
  });
});

test('A result that is too large by a byte is refused, at once or in pieces', async () => {
  const expectRefusal = async (result: object): Promise<void> => {
    const text = JSON.stringify(result);
    const bytes = Buffer.byteLength(text);
    expect(await answerText(result, bytes)).toBe(text);
    expect(JSON.parse(await answerText(result, bytes - 1))).toEqual(refusal(bytes - 1));
  };
  for (const data of [{ padding }, { padding, one: 'é' }]) await expectRefusal({ data });
  await fc.assert(fc.asyncProperty(fc.array(anyText(), { maxLength: 300 }), (contacts) => expectRefusal({ data: { contacts } })));
});

test.each<[string, object]>([
  ['a list', { contacts: new Array(1_000).fill({ name: 'x'.repeat(1_000_000) }) }],
  ['an item that no text can hold', { contact: new Array(50).fill('\u0001'.repeat(2_000_000)) }],
  ['many root fields', Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`a${n}`, new Array(100).fill('x'.repeat(200_000))]))],
])('%s of a gigabyte is refused', async (_what, huge) => {
  expect(JSON.parse(await answerText({ data: huge }, 16_777_216))).toEqual(refusal(16_777_216));
});

test('Only the item that is too long is written of a list', async () => {
  let written = 0;
  const contacts = Array.from({ length: 1_000 }, () => ({ toJSON: () => (written++, 'x'.repeat(100_000)) }));
  expect(JSON.parse(await answerText({ data: { contacts } }, 1_000_000))).toEqual(refusal(1_000_000));
  // Ten for the estimate, and what a million characters hold.
  expect(written).toBeLessThan(40);
});
