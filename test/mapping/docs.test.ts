import { describe, expect, test } from '@jest/globals';
import { isLeafType } from 'graphql';
import { examples, recordWith } from './examples.js';
import { at, everything } from './harness.js';
import { KEYS, partsOf, rowsUnder } from './keys.js';
import { enums, leaves, typeAt } from './schemaPaths.js';

const HEADINGS = ['PMS', 'Contacts', 'Addresses'];
const derived = rowsUnder('What comes from no documented key').map(({ key }) => key);
const served = KEYS.flatMap((key) => key.paths.map((path) => ({ ...key, path })));
const isContainer = ({ path }: { path: string }) => !isLeafType(typeAt(path));

describe('the tables are complete', () => {
  test.each(HEADINGS)('%s: a row for every key, and no other', (heading) => {
    const keys = KEYS.filter((key) => key.heading === heading).map(({ key }) => key);
    expect(rowsUnder(heading).map(({ key }) => key).sort()).toEqual(keys.sort());
  });

  test.each(HEADINGS)('%s: in every row a field, or a reason', (heading) => {
    expect(rowsUnder(heading).filter(({ text }) => !/^(`Contact\.|not served[:;,] .{10})/.test(text))).toEqual([]);
  });

  test('every path is one of the schema', () => {
    expect([...served.map(({ path }) => path), ...derived].filter((path) => typeAt(path) === undefined)).toEqual([]);
  });

  test('every field of a contact is told of', () => {
    const told = new Set([...served.map(({ path }) => path), ...derived]);
    expect(leaves().length).toBeGreaterThan(70);
    expect(leaves().filter((leaf) => !told.has(leaf))).toEqual([]);
  });
});

describe('the tables are true', () => {
  test.each(served.filter((row) => !isContainer(row)))('$heading: $key is $path', (row) => {
    for (const [value, expected] of examples(row, row.path)) {
      const { model, drifts } = row.map(recordWith(row.key, value));
      expect([at(model, row.path.replace('Contact.', ''))].flat(3)).toEqual([expected]);
      expect(drifts).toEqual([]);
    }
  });

  test.each(served.filter(isContainer))('$heading: $key is $path by its parts', (row) => {
    const shown = partsOf(row).flatMap(({ paths }) => paths);
    expect(shown.filter((path) => path.startsWith(`${row.path}.`))).not.toEqual([]);
  });

  test.each(KEYS.filter(({ paths }) => paths.length === 0))('$heading: $key is not served', ({ key, property, map }) => {
    const value = property.type?.includes('integer') ? 7_777_777 : 'not to be seen';
    expect(JSON.stringify(everything(map(recordWith(key, value)).model))).not.toContain(String(value));
  });
});

describe('closed lists', () => {
  /** What comes of all the words that the upstreams say for fields of this type. */
  function wordsOf(type: string): unknown[] {
    const rows = served.filter(({ path }) => typeAt(path)!.name === type);
    const models = rows.flatMap((row) => examples(row, row.path).map(([value]) => ({ ...row, ...row.map(recordWith(row.key, value)) })));
    return models.flatMap(({ model, path }) => at(model, path.replace('Contact.', '')));
  }

  test.each(enums().filter(({ name }) => name !== 'ContactSource'))('%s: every word is one that an upstream says', (type) => {
    expect([...new Set(wordsOf(type.name))].sort()).toEqual(type.getValues().map(({ name }) => name).sort());
  });
});
