import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../src/upstream/json.js';

const parsed = (text: string): unknown => parseJson(Buffer.from(text));

describe('Parsing an upstream’s JSON', () => {
  test('keeps integers that a number cannot hold as their digits, and those around them as numbers', () => {
    expect(parsed('[9007199254740991,9007199254740992,9007199254740993,-9007199254740993,9223372036854775807]')).toEqual([
      9007199254740991, '9007199254740992', '9007199254740993', '-9007199254740993', '9223372036854775807',
    ]);
  });

  test('never rounds an integer, wherever it stands', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 19n }), (id) => {
        const { rows } = parsed(`{"rows":[{"id":${id},"text":"${id}","part":${id}.5}]}`) as { rows: { id: unknown; text: unknown }[] };
        expect(String(rows[0]?.id)).toBe(String(id));
        expect(rows[0]?.text).toBe(String(id));
      }),
    );
  });

  test('never rounds the only integer that there is, at whatever distance from the beginning', () => {
    for (const id of ['9007199254740993', '90071992547409931', '900719925474099311', '9223372036854775807']) {
      for (let blanks = 0; blanks < 64; blanks++) expect(parsed(`${' '.repeat(blanks)}[${id}]`)).toEqual([id]);
    }
  });

  test.each(['[1]', '[12345678901234567]'])('refuses what is nested too deep, or reads it (%s inside)', (inside) => {
    const text = '['.repeat(100_000) + inside + ']'.repeat(100_000);
    try {
      expect(Array.isArray(parsed(text))).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
  });

  test('passes by a byte order mark, and reads UTF-8', () => {
    expect(parsed('\ufeff["Zoë 名"]')).toEqual(['Zoë 名']);
  });

  test('is JSON.parse for everything else', () => {
    const holdsNoLongInteger = (text: string): boolean => !(text.match(/\d{16,}/g) ?? []).some((digits) => !Number.isSafeInteger(Number(digits)));
    fc.assert(fc.property(fc.json().filter(holdsNoLongInteger), (text) => expect(parsed(text)).toEqual(JSON.parse(text))));
  });
});
