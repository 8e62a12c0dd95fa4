import { describe, expect, test } from '@jest/globals';
import { parseJson } from '../../src/upstream/json.js';
import { country, list, nested, rowId, single } from '../../src/upstream/reduce.js';

const idIn = (json: string): string | undefined => rowId(parseJson(Buffer.from(json)));

test.each([
  ['1001', '1001'],
  ['"1001"', '1001'],
  ['1e3', '1000'],
  ['1001.0', '1001'],
  ['9007199254740991', '9007199254740991'],
  ['9007199254740993', '9007199254740993'],
  ['"9223372036854775807"', '9223372036854775807'],
])('The id of a row is its number, exactly: %s', (id, digits) => {
  expect(idIn(`{"id":${id}}`)).toBe(digits);
});

test.each([
  'null', '""', '"null"', 'true', '[1001]', '{"id":1001}', '0', '-1001', '1001.5', '1e30', '"01001"', '"+1001"', '" 1001"', '"1001\\n"', '"1001.0"', '"1e3"',
  // Numbers that JSON.parse rounds to 9007199254740992.
  '9007199254740993.0', '9.007199254740993e15', '90071992547409930e-1',
])('A row has no usable id where it is %s', (id) => {
  expect(idIn(`{"id":${id}}`)).toBeUndefined();
});

test.each(['null', '1001', '"1001"', '[]', '[{"id":1001}]', '{}', '{"ID":1001}', '{"Id":"1001"}'])('What is no row with an id has none: %s', (row) => {
  expect(idIn(row)).toBeUndefined();
});

const PLAIN: readonly unknown[] = ['text', '', 1, 0, true, false, null, undefined];
/** What may hold any keys is emptied where nothing of it is selected. */
const EMPTIED: readonly [unknown, unknown][] = [[{ secret: 1 }, {}], [['secret'], []]];

describe('Of a key that holds', () => {
  const others = PLAIN.map((value) => [value, value] as const);

  test.each([...others, ...EMPTIED])('one value, %j becomes %j', (value, reduced) => expect(single(value)).toEqual(reduced));

  test.each([...others, EMPTIED[1]!, [{ kept: 1, secret: 2 }, { kept: 1 }]])('an object, %j becomes %j', (value, reduced) => {
    expect(nested(value as { readonly kept?: unknown }, ({ kept }) => ({ kept }))).toEqual(reduced);
  });

  test.each([...others, EMPTIED[0]!, [[{ kept: 1, secret: 2 }, { kept: 3 }], [1, 3]], [[], []]])('a list, %j becomes %j', (value, reduced) => {
    expect(list(value as unknown[], (item) => (item as { readonly kept: unknown }).kept)).toEqual(reduced);
  });

  test('a country, its name and codes remain', () => {
    const codes = { name: 'Australia', countryCodeAlpha2: 'AU', countryCodeAlpha3: 'AUS', countryCodeNumeric: 36, isoCode: null };
    expect(country({ ...codes, secret: 1 })).toEqual(codes);
    expect(country({ name: { secret: 1 }, isoCode: ['secret'] })).toEqual({ name: {}, isoCode: [] });
    for (const [value, reduced] of [...others, EMPTIED[1]!]) expect(country(value)).toEqual(reduced);
  });
});
