import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { flag, id, oneOf, spelled, text } from '../../src/mapping/readers.js';
import { remember } from '../../src/mapping/remember.js';

describe('text and flag', () => {
  test.each([
    [text, 'Iris', 'Iris'],
    [text, ' Iris ', ' Iris '],
    [text, 'Null', 'Null'],
    [text, '\u{1f43e}', '\u{1f43e}'],
    [text, 'Anna \ud83d', undefined],
    [text, '\ude00', undefined],
    [text, 17, '17'],
    [text, 0, '0'],
    [text, -1, '-1'],
    [text, Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [text, 2 ** 53, undefined],
    [text, 1.5, undefined],
    [text, NaN, undefined],
    [text, true, undefined],
    [text, {}, undefined],
    [flag, true, true],
    [flag, false, false],
    [flag, 'true', undefined],
    [flag, 1, undefined],
  ])('%p reads %p as %p', (reader, value, expected) => {
    expect(reader(value)).toBe(expected);
  });
});

describe('id', () => {
  test.each([
    [4711, '4711'],
    ['4711', '4711'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    [Number.MAX_SAFE_INTEGER + 1, undefined],
    [1e21, undefined],
    [0, undefined],
    [-0, undefined],
    [-1, undefined],
    [1.5, undefined],
    [NaN, undefined],
    ['0', undefined],
    ['007', undefined],
    ['-1', undefined],
    ['4711/../1', undefined],
    [' 4711', undefined],
    ['4711\n', undefined],
    ['1'.repeat(20), undefined],
    ['٤', undefined],
    [[4711], undefined],
  ])('reads %p as %p', (value, expected) => {
    expect(id(value)).toBe(expected);
  });

  test('is exact around 2^53 and 2^63, or refused', () => {
    const around = (centre: bigint) => fc.bigInt({ min: centre - 5_000n, max: centre + 5_000n });
    fc.assert(
      fc.property(fc.oneof(around(2n ** 53n), around(2n ** 63n)), (number) => {
        expect(id(String(number))).toBe(String(number));
        const rounded = Number(number);
        expect(id(rounded)).toBe(Number.isSafeInteger(rounded) ? String(number) : undefined);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('closed lists', () => {
  const kind = spelled({ People: 'PERSON', 'Other Entity': 'OTHER_ENTITY' });

  test.each([
    [kind, 'People', 'PERSON'],
    [kind, ' other entity ', 'OTHER_ENTITY'],
    [kind, 'PERSON', undefined],
    [oneOf('LEAD'), 'LEAD', 'LEAD'],
    [oneOf('LEAD'), 'lead', 'LEAD'],
    [oneOf('LEAD'), 'LEADER', undefined],
    [oneOf('LEAD'), ['LEAD'], undefined],
  ])('%p reads %p as %p', (reader, value, expected) => {
    expect(reader(value)).toBe(expected);
  });

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is no word', (word) => {
    expect(kind(word)).toBeUndefined();
  });
});

describe('remember', () => {
  function counted() {
    const made: string[] = [];
    return { made, of: remember((text) => (made.push(text), text.length === 0 ? null : text)) };
  }

  test('makes a text once, also where that gives null', () => {
    const { made, of } = counted();
    for (const text of ['a', '', 'a', '']) of(text);
    expect(made).toEqual(['a', '']);
  });

  test('begins anew when full', () => {
    const { made, of } = counted();
    for (let number = 0; number <= 5_000; number++) of(String(number));
    of('5000');
    expect(made).toHaveLength(5_001);
    of('0');
    expect(made).toHaveLength(5_002);
  });

  test('does not keep long texts', () => {
    const { made, of } = counted();
    of('x'.repeat(65));
    of('x'.repeat(65));
    expect(made).toHaveLength(2);
  });
});
