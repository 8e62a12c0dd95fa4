import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { streetLines, type StreetParts } from '../../src/mapping/streetLines.js';

const NOTHING: StreetParts = { building: null, unit: null, level: null, block: null, street1: null, street2: null };
const linesOf = (parts: Partial<StreetParts>): string[] => streetLines({ ...NOTHING, ...parts });

describe('unit, level and block stand on the line of the street', () => {
  const street1 = '16 Hawthorn Road';
  test.each<[Partial<StreetParts>, string]>([
    [{}, '16 Hawthorn Road'],
    [{ unit: '40' }, '40/16 Hawthorn Road'],
    [{ unit: '4A' }, '4A/16 Hawthorn Road'],
    [{ unit: '12-14' }, '12-14/16 Hawthorn Road'],
    [{ unit: ' 40 ' }, '40/16 Hawthorn Road'],
    [{ unit: 'A' }, 'Unit A, 16 Hawthorn Road'],
    [{ unit: 'Unit 40' }, 'Unit 40, 16 Hawthorn Road'],
    [{ unit: '#05-12' }, '#05-12, 16 Hawthorn Road'],
    [{ unit: 'Penthouse' }, 'Penthouse, 16 Hawthorn Road'],
    [{ level: '2' }, 'Level 2, 16 Hawthorn Road'],
    [{ level: 'G' }, 'Level G, 16 Hawthorn Road'],
    [{ level: 'Ground' }, 'Ground, 16 Hawthorn Road'],
    [{ level: '2nd floor' }, '2nd floor, 16 Hawthorn Road'],
    [{ block: '703A' }, 'Block 703A, 16 Hawthorn Road'],
    [{ block: 'Blk 7' }, 'Blk 7, 16 Hawthorn Road'],
    [{ unit: '40', level: '2' }, 'Level 2, 40/16 Hawthorn Road'],
    [{ unit: '40', block: 'B' }, 'Block B, 40/16 Hawthorn Road'],
    [{ level: '2', block: 'B' }, 'Level 2, Block B, 16 Hawthorn Road'],
    [{ unit: '40', level: '2', block: 'B' }, 'Level 2, Block B, 40/16 Hawthorn Road'],
    [{ unit: 'Suite 40', level: '2', block: 'B' }, 'Suite 40, Level 2, Block B, 16 Hawthorn Road'],
  ])('%j: %s', (parts, expected) => {
    expect(linesOf({ ...parts, street1 })).toEqual([expected]);
  });

  test.each<[Partial<StreetParts>, string]>([
    [{ level: '2', street1: '9 Quay Street' }, 'Level 2, 9 Quay Street'],
    [{ unit: '40', street1: '16A-18 Hawthorn Road' }, '40/16A-18 Hawthorn Road'],
    [{ unit: '40', street1: 'Hawthorn Road' }, 'Unit 40, Hawthorn Road'],
    [{ unit: '40', street1: '1st Avenue' }, 'Unit 40, 1st Avenue'],
    [{ unit: '3', street1: '40/16 Hawthorn Road' }, 'Unit 3, 40/16 Hawthorn Road'],
    [{ unit: '40', street1: '16' }, 'Unit 40, 16'],
    [{ unit: '40', level: '2', block: 'B', street1: 'Hawthorn Road' }, 'Unit 40, Level 2, Block B, Hawthorn Road'],
    [{ unit: '40', street1: '', street2: '16 Hawthorn Road' }, '40/16 Hawthorn Road'],
    [{ unit: '40', street1: ' ', street2: ' 16 Hawthorn Road ' }, '40/16 Hawthorn Road'],
  ])('where the number of the house is, or is not: %j: %s', (parts, expected) => {
    expect(linesOf(parts)).toEqual([expected]);
  });
});

describe('what the street lines already say is not repeated', () => {
  test.each<[Partial<StreetParts>, string[]]>([
    [{ unit: '40', street1: '40/16 Hawthorn Road' }, ['40/16 Hawthorn Road']],
    [{ unit: '40', street1: 'Unit 40, 16 Hawthorn Road' }, ['Unit 40, 16 Hawthorn Road']],
    [{ unit: '40', street1: 'UNIT 40/16 Hawthorn Road' }, ['UNIT 40/16 Hawthorn Road']],
    [{ unit: 'Flat 40', street1: 'flat 40 16 Hawthorn Road' }, ['flat 40 16 Hawthorn Road']],
    [{ unit: '9', street1: 'Unit 9', street2: '9 Whisker Street' }, ['Unit 9', '9 Whisker Street']],
    [{ unit: '9', street1: '9 Whisker Street', street2: 'Unit 9' }, ['9 Whisker Street', 'Unit 9']],
    [{ level: '2', block: 'B', street1: 'Level 2, Blk B, 9 Quay Street' }, ['Level 2, Blk B, 9 Quay Street']],
    [{ building: 'Quay House', street1: 'QUAY HOUSE', street2: '9 Quay Street' }, ['QUAY HOUSE', '9 Quay Street']],
    [{ unit: 'Rear', street1: 'Rear 5 Quay Street' }, ['Rear 5 Quay Street']],
    [{ unit: 'Rear', street1: '5 Quay Street, REAR' }, ['5 Quay Street, REAR']],
    [{ unit: 'Penthouse', street1: '9 Quay Street', street2: 'Penthouse' }, ['9 Quay Street', 'Penthouse']],
    [{ block: 'North', street1: 'North, 9 North Street' }, ['North, 9 North Street']],
    [{ unit: 'Rear', street1: 'Rear Lane, Rear/5 Quay Street' }, ['Rear Lane, Rear/5 Quay Street']],
    [{ unit: 'Shop 3, Ground Floor', street1: 'Shop 3, Ground Floor, 9 Quay Street' }, ['Shop 3, Ground Floor, 9 Quay Street']],
    [{ level: 'Ground', street1: 'Ground Floor, 5 Quay Street' }, ['Ground Floor, 5 Quay Street']],
    [{ level: '1st', street1: 'Shop 3, 1st level, 40 1st Avenue' }, ['Shop 3, 1st level, 40 1st Avenue']],
    [{ level: '2nd floor', street1: '2nd Floor 9 Quay Street' }, ['2nd Floor 9 Quay Street']],
    [{ unit: '#05-12', street1: '9 Quay Street #05-12' }, ['9 Quay Street #05-12']],
    [{ unit: 'Suite 40', level: 'Level 2', street1: 'Suite 40 Level 2 9 Quay Street' }, ['Suite 40 Level 2 9 Quay Street']],
    [{ unit: 'Unit 40', street1: '40/16 Hawthorn Road' }, ['40/16 Hawthorn Road']],
    [{ unit: '4a', street1: '4A/16 Hawthorn Road' }, ['4A/16 Hawthorn Road']],
    // These only look alike. A part repeated is better than a part lost.
    [{ block: 'North', street1: '9 North Street' }, ['North, 9 North Street']],
    [{ block: 'North', street1: 'North Street 9' }, ['North, North Street 9']],
    [{ block: 'North', street1: '9 Quay Street North' }, ['North, 9 Quay Street North']],
    [{ block: 'St James', street1: '4 St James Road' }, ['St James, 4 St James Road']],
    [{ level: '1st', street1: '40 1st Avenue' }, ['1st, 40 1st Avenue']],
    [{ level: 'Ground', street1: '5 Ground Road' }, ['Ground, 5 Ground Road']],
    [{ unit: 'Rear', street1: '5 Rear Lane' }, ['Rear, 5 Rear Lane']],
    [{ unit: 'Rear', street1: 'Rear Lane', street2: '5 Quay Street' }, ['Rear, Rear Lane', '5 Quay Street']],
    [{ unit: 'Shop 4', street1: 'Shop 40, 9 Quay Street' }, ['Shop 4, Shop 40, 9 Quay Street']],
    [{ unit: 'Unit 4', street1: '40/16 Hawthorn Road' }, ['Unit 4, 40/16 Hawthorn Road']],
    [{ unit: 'Suite 40', street1: '40/16 Hawthorn Road' }, ['Suite 40, 40/16 Hawthorn Road']],
    [{ unit: '4', street1: 'Unit 40, 16 Hawthorn Road' }, ['Unit 4, Unit 40, 16 Hawthorn Road']],
    [{ level: '4', street1: '4/16 Hawthorn Road' }, ['Level 4, 4/16 Hawthorn Road']],
    [{ unit: '9', street1: '9 Whisker Street' }, ['9/9 Whisker Street']],
    [{ building: 'Quay', street1: '9 Quay Street' }, ['Quay', '9 Quay Street']],
  ])('%j: %j', (parts, expected) => {
    expect(linesOf(parts)).toEqual(expected);
  });
});

describe('lines of their own', () => {
  test.each<[Partial<StreetParts>, string[]]>([
    [{}, []],
    [{ unit: '', level: ' ', street1: '', street2: ' ' }, []],
    [{ building: 'Quay House', street1: '9 Quay Street', street2: 'Docks' }, ['Quay House', '9 Quay Street', 'Docks']],
    [{ building: 'Quay House', unit: '40', street1: '9 Quay Street', street2: 'Docks' }, ['Quay House', '40/9 Quay Street', 'Docks']],
    [{ building: 'Quay House', unit: '40', level: '2' }, ['Quay House', 'Unit 40, Level 2']],
    [{ unit: '40' }, ['Unit 40']],
    [{ street2: 'Docks' }, ['Docks']],
    [{ street1: 'PO Box 12' }, ['PO Box 12']],
    [{ unit: '40', street1: 'PO Box 12' }, ['Unit 40', 'PO Box 12']],
    [{ unit: '40', level: '2', street1: 'G.P.O. Box 12', street2: 'Docks' }, ['Unit 40, Level 2', 'G.P.O. Box 12', 'Docks']],
    [{ level: '2', street1: 'P O Box 12' }, ['Level 2', 'P O Box 12']],
    [{ level: '2', street1: 'Locked Bag 7' }, ['Level 2', 'Locked Bag 7']],
    [{ level: '2', street1: 'Box Road' }, ['Level 2, Box Road']],
  ])('%j: %j', (parts, expected) => {
    expect(linesOf(parts)).toEqual(expected);
  });
});

describe('texts too long to compare are joined as they stand', () => {
  const long = `Suite ${'a'.repeat(500)}`;
  const [blanks, manyBlanks] = ['a '.repeat(50_000), 'a '.repeat(400_000)].map((text) => text.trim());
  test.each<[string, Partial<StreetParts>, string[]]>([
    ['a part', { unit: long, level: ' 2 ', street1: `${long}, 9 Quay Street`, street2: 'Docks' }, [`${long}, 2, ${long}, 9 Quay Street`, 'Docks']],
    ['a line', { building: 'Quay House', unit: 'Suite 40', street1: ` Suite 40, ${long} ` }, ['Quay House', `Suite 40, Suite 40, ${long}`]],
    ['the second line', { block: 'B', street1: 'Block B', street2: long }, ['B, Block B', long]],
    ['a building', { building: long, street1: long }, [long, long]],
    ['a megabyte in which a search would start over at every word', { unit: `${blanks} b ${blanks}`, street1: manyBlanks! }, [`${blanks} b ${blanks}, ${manyBlanks}`]],
  ])('%s', (_what, parts, expected) => {
    // Not `toEqual`: a difference of a megabyte takes long to print.
    expect(JSON.stringify(linesOf(parts)) === JSON.stringify(expected)).toBe(true);
  });
});

test('never an empty line, and never a part lost', () => {
  const part = fc.option(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('40', 'Unit 40', '16 Hawthorn Road', 'PO Box 1', ' ', '/', '40/')));
  const all = fc.record({ building: part, unit: part, level: part, block: part, street1: part, street2: part });
  fc.assert(
    fc.property(all, (parts) => {
      const lines = streetLines(parts);
      expect(lines.filter((line) => line.trim() === '')).toEqual([]);
      const written = lines.join('\n').toLowerCase();
      // `40/16 Hawthorn Road` says "Unit 40".
      const wordsOf = (text: string): string => text.toLowerCase().replace('unit 40', '40').replaceAll(/[.\s,/]+/g, ' ').trim();
      for (const text of Object.values(parts)) if (text !== null) expect(wordsOf(written)).toContain(wordsOf(text));
    }),
    { numRuns: 2_000 },
  );
});

test('the table of docs/mapping.md is of these rules', () => {
  const [, table] = /\| CAS 360 has \|.*\n.*\n((?: {2}\|.*\n)+)/.exec(readFileSync('docs/mapping.md', 'utf8'))!;
  const rows = table!.trim().split('\n');
  expect(rows.length).toBe(9);
  for (const row of rows) {
    const [, given, expected] = row.split('|');
    const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
    const valuesOf = (key: string): (string | null)[] => {
      const [, values] = new RegExp(`${key} (\`[^\`]+\`(?: or \`[^\`]+\`)*)`).exec(given!) ?? [];
      return values === undefined ? [null] : codes(values);
    };
    const [units, streets] = [valuesOf('unit'), valuesOf('street')];
    const lines = units.flatMap((unit) => streets.map((street1) => linesOf({ unit, level: valuesOf('level')[0]!, block: valuesOf('block')[0]!, street1 })));
    const written = codes(expected!);
    expect(lines.flat()).toEqual(written.length > 0 ? written : streets);
  }
});
