import { expect, test } from '@jest/globals';
import { parseJson } from '../../src/upstream/json.js';
import { rowId } from '../../src/upstream/reduce.js';

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
