import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../src/upstream/json.js';
import { LONG_RUN } from '../support/longRun.js';

const parsed = (text: string): unknown => parseJson(Buffer.from(text));

/** What it gives, or the class of what it throws. */
function resultOf(parse: (text: string) => unknown, text: string): unknown {
  try {
    return { value: parse(text) };
  } catch (error) {
    return { thrown: (error as Error).constructor };
  }
}

/** What `parseJson` promises, done slowly. */
function reference(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const source = context?.source ?? '';
    return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value;
  });
}

const DIGITS = fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 12, maxLength: 24 });
const NUMBER = fc.oneof(
  fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
  fc.bigInt({ min: 2n ** 53n - 4n, max: 2n ** 53n + 4n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), DIGITS, fc.constantFrom('', 'e5', 'E-17', 'e+300')).map(([whole, part, exponent]) => `${whole}.${part}${exponent}`),
  fc.bigInt({ min: 10n ** 15n, max: 10n ** 18n }).map((whole) => `${whole}e2`),
  fc.constantFrom('0', '-0', '0.0', '-0e1'),
);
const TEXT = fc
  .array(fc.oneof(DIGITS, fc.constantFrom('"', '\\', '\\\\', '-', ',', ':', '}', '[', 'é', '名', '\u{1f600}', '\n', '\u2028', '__proto__'), fc.string()), { maxLength: 5 })
  .map((parts) => JSON.stringify(parts.join('')));
/** None with a backslash: once V8 has met the key `\\`, it reads the key `\n` of a like object as `\\` too, and the reviver gets no source. */
const KEY = TEXT.filter((text) => !text.includes('\\\\'));
const BLANK = fc.constantFrom('', '', '', ' ', '\n\t', '\r\n  ');
const { value: VALUE } = fc.letrec<{ value: string }>((tie) => {
  const inner = fc.tuple(BLANK, tie('value'), BLANK).map((parts) => parts.join(''));
  const member = fc.tuple(BLANK, KEY, BLANK, inner).map(([before, key, after, value]) => `${before}${key}${after}:${value}`);
  const list = fc.array(inner, { maxLength: 4 }).map((items) => `[${items.join(',')}]`);
  const object = fc.array(member, { maxLength: 4 }).map((members) => `{${members.join(',')}}`);
  return { value: fc.oneof({ depthSize: 'small' }, NUMBER, TEXT, fc.constantFrom('true', 'false', 'null'), list, object) };
});
/** JSON, or what is left of it once some of its characters are replaced. */
const ANY_TEXT = fc
  .tuple(VALUE, fc.array(fc.tuple(fc.nat(), fc.nat(2), fc.oneof(DIGITS, fc.constantFrom(...'"\\{}[]:,-+.eE0 \né'.split(''), ''))), { maxLength: 2 }))
  .map(([text, edits]) => edits.reduce((edited, [place, drop, put]) => {
    const at = place % (edited.length + 1);
    return edited.slice(0, at) + put + edited.slice(at + drop);
  }, text))
  // Half a character cannot be sent in UTF-8.
  .map((text) => text.toWellFormed());

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

  test.each(['[1]', '[12345678901234567]'])('reads what is nested 100,000 deep (%s inside)', (inside) => {
    expect(Array.isArray(parsed('['.repeat(100_000) + inside + ']'.repeat(100_000)))).toBe(true);
  });

  test('reads 500,000 long integers, and one of 8,000,000 digits', () => {
    const ids = Array.from({ length: 500_000 }, (_, n) => String(9_223_372_036_854_000_000n + BigInt(n)));
    expect(isDeepStrictEqual(parsed(`[${ids.join(' , ')}]`), ids)).toBe(true);
    const long = '9'.repeat(8_000_000);
    expect(parsed(`[${long}]`)).toEqual([long]);
  });

  test.each([
    '{12345678901234567:1}', '{ 12345678901234567 \n:1}', '{"a":1,12345678901234567:1}', '[00012345678901234567]', '[-012345678901234567]',
    '[+12345678901234567]', '[--12345678901234567]', '[12345678901234567.]', '[.12345678901234567]', '[12345678901234567e]',
    '[12345678901234567-1]', '[12345678901234567 1]', '[12345678901234567"a"]', '["a"12345678901234567]', '["12345678901234567]',
    '["\\"12345678901234567]', '[12345678901234567', 'a12345678901234567', '12345678901234567n', '[\\12345678901234567]',
  ])('refuses %s, as JSON.parse does', (text) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(() => parsed(text)).toThrow(SyntaxError);
  });

  test('reads whatever it is given as JSON.parse does with a reviver that keeps long integers', () => {
    fc.assert(fc.property(ANY_TEXT, (text) => isDeepStrictEqual(resultOf(parsed, text), resultOf(reference, text))), { numRuns: LONG_RUN ? 50_000 : 1_000 });
  });

  test('passes by a byte order mark, and reads UTF-8', () => {
    expect(parsed('\ufeff["Zoë 名"]')).toEqual(['Zoë 名']);
  });

  test('is JSON.parse for everything else', () => {
    const holdsNoLongInteger = (text: string): boolean => !(text.match(/\d{16,}/g) ?? []).some((digits) => !Number.isSafeInteger(Number(digits)));
    fc.assert(fc.property(fc.json().filter(holdsNoLongInteger), (text) => expect(parsed(text)).toEqual(JSON.parse(text))));
  });
});

test.each([
  ['objects', '{},'],
  ['rows with an id', '{"id":2},'],
  ['lists', '[],'],
  ['numbers', '1,'],
])('A body of millions of small values is refused before it is parsed: %s', (_what, value) => {
  const bodyOf = (bytes: number): Buffer => Buffer.from(`[${value.repeat(bytes / value.length)}0]`);
  expect(parseJson(bodyOf(200_000))).toBeInstanceOf(Array);
  expect(() => parseJson(bodyOf(8_388_000))).toThrow(new SyntaxError('too many values'));
});

describe('A body in another character set', () => {
  const read = (bytes: Buffer, charset: string): unknown => parseJson(bytes, `application/json; charset=${charset}`);

  test('is looked for at the beginning of the declaration: a header may have 16 kB', () => {
    const japanese = Buffer.from('2293638d9e22', 'hex');
    const declared = (blanks: number): string => `application/json;${' '.repeat(blanks)}charset = " shift_jis "`;
    expect(parseJson(japanese, declared(100))).toBe(new TextDecoder('shift_jis').decode(japanese.subarray(1, -1)));
    expect(() => parseJson(japanese, declared(200))).toThrow(SyntaxError);
    expect(parseJson(Buffer.from('7'), `application/json;charset=${' '.repeat(16_000)},`)).toBe(7);
  });

  test.each([
    ['shift_jis', '93638d9e', undefined],
    ['gbk', 'c9bdccef', undefined],
    ['big5', 'a473a5d0', undefined],
    ['euc-kr', 'b1e8', '김'],
    ['euc-jp', 'bbb3c5c4', '山田'],
    ['iso-2022-jp', '1b24423b333d451b2842', undefined],
    ['windows-1251', 'c8e2e0ed', 'Иван'],
    ['windows-1252', '4a659265', 'Je’e'],
    ['tis-620', 'cad2c2', 'สาย'],
    ['csISOLatin1', '4af67267', 'Jörg'],
  ])('is read as its declaration says: %s', (charset, hex, text) => {
    const bytes = Buffer.concat([Buffer.from('["'), Buffer.from(hex, 'hex'), Buffer.from('"]')]);
    expect(read(bytes, charset)).toEqual([text ?? new TextDecoder(charset).decode(Buffer.from(hex, 'hex'))]);
  });

  test.each<[string, string, number[]]>([
    ['utf-16be', 'without a mark', []],
    ['utf-16be', 'with a byte order mark', [0xfe, 0xff]],
    ['utf-16le', 'without a mark', []],
    ['utf-16le', 'with a byte order mark', [0xff, 0xfe]],
  ])('is read where its first bytes show that it is %s, %s, whatever is declared', (charset, _how, mark) => {
    const text = Buffer.from('["Zoë 名"]', 'utf16le');
    const bytes = Buffer.concat([Buffer.from(mark), charset === 'utf-16be' ? text.swap16() : text]);
    for (const declared of ['utf-8', 'shift_jis', 'utf-16']) expect(read(bytes, declared)).toEqual(['Zoë 名']);
    expect(() => read(bytes.subarray(0, -1), charset)).toThrow(new SyntaxError(`not ${charset}`));
  });

  test('is refused where it is neither UTF-8 nor declared', () => {
    const bytes = Buffer.from('["J\xf6rg"]', 'latin1');
    for (const declared of [undefined, 'application/json', 'application/json; charset=utf-8', ['application/json; charset=latin1']]) {
      expect(() => parseJson(bytes, declared)).toThrow(new SyntaxError('not utf-8'));
    }
    for (const declared of ['a;charset=latin1', 'a ; CharSet = "latin1"', 'a;charset=latin1;b=c', 'a;charset=latin1, a']) expect(parseJson(bytes, declared)).toEqual(['Jörg']);
    expect(() => read(bytes, 'unheard-of')).toThrow(new SyntaxError('in a character set that is not known'));
  });

  test.each(['shift_jis', 'Windows-31J', 'gbk', 'GB2312', 'gb18030', 'big5', 'euc-jp', 'euc-kr', 'tis-620', 'iso-2022-jp', 'iso-8859-2', 'windows-1251', 'koi8-r'])('is refused where it may be UTF-8 as well: %s', (charset) => {
    expect(() => read(Buffer.from('["Jörg Müller"]'), charset)).toThrow(SyntaxError);
    expect(read(Buffer.from('["Jane Citizen"]'), charset)).toEqual(['Jane Citizen']);
  });

  test.each(['utf-7', 'UTF7', 'unicode-1-1-utf-7', 'Unicode11UTF7', 'csUnicode11UTF7', 'hz-gb-2312', 'iso-2022-kr'])('is refused where its ASCII means other letters: %s', (charset) => {
    expect(() => read(Buffer.from('["J+APY-rg ~{VPND~}"]'), charset)).toThrow(SyntaxError);
  });

  test.each(['iso-8859-1', 'windows-1252', 'us-ascii', 'csISOLatin1', 'utf8mb4', 'unicode-1-1-utf-8', 'utf-16', 'utf-16be', 'x-utf-7'])('is UTF-8 if it is valid UTF-8, although the declaration says %s', (charset) => {
    expect(read(Buffer.from('["Jörg Müller"]'), charset)).toEqual(['Jörg Müller']);
  });

  test.each([
    ['a name cut inside a character', '["Jörg", "Ren@"]', 'c3'],
    ['letters with an accent', '["é@"]', 'ff'],
    ['Polish letters', '["łąŁ@"]', 'ff'],
    ['a Czech letter', '["Š@"]', 'c5'],
    ['a curly apostrophe', '["O’Neil@"]', 'ff'],
    ['Cyrillic letters', '["Иван@"]', 'd0'],
    ['Greek letters', '["Νίκος@"]', 'ff'],
    ['Thai letters', '["ไทย@"]', 'e0'],
    ['Chinese letters', '["名@"]', 'e5 90'],
    ['an emoji', '["\u{1f43e}@"]', 'f0 9f'],
  ])('is refused where it is called Latin-1 and is UTF-8 but for one byte: %s', (_what, text, hex) => {
    const [before, after] = text.split('@').map((part) => Buffer.from(part));
    const bytes = Buffer.concat([before!, Buffer.from(hex.replaceAll(' ', ''), 'hex'), after!]);
    for (const charset of ['iso-8859-1', 'windows-1252', 'us-ascii']) expect(() => read(bytes, charset)).toThrow(new SyntaxError('in one of two character sets'));
  });

  test.each([
    ['ANDRÉ’S, Zoë', '414e4452c992532c205a6feb'],
    ['CAFÉ\u00a0MÜLLER', '434146c9a04ddc4c4c4552'],
    ['MÄKELÄ’S “MÄKELÄ” MÄKELÄ\u00a0OY', '4dc44b454cc4925320934dc44b454cc494204dc44b454cc4a04f59'],
    ['«\u00a0Le Café\u00a0»', 'aba04c6520436166e9a0bb'],
    ['JOÃO São François', '4a4fc34f2053e36f204672616ee76f6973'],
    ['Zoë–Anaïs…', '5a6feb96416e61ef7385'],
  ])('is read where it is Latin-1 that has much of UTF-8: %s', (text, hex) => {
    expect(read(Buffer.concat([Buffer.from('["'), Buffer.from(hex.replaceAll(' ', ''), 'hex'), Buffer.from('"]')]), 'iso-8859-1')).toEqual([text]);
  });
});
