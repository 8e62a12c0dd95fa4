import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Seal } from '../../src/shared/seal.js';
import { Canaries } from '../security/support/canaries.js';
import { anyText } from '../support/anyText.js';

const seal = new Seal('a secret', 'a test');
const PLACE = 'cache:1';
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
const values = fc.dictionary(fc.string(), fc.jsonValue());

describe('Encrypted values', () => {
  test('come back as they were, to whoever has the secret', () => {
    fc.assert(
      fc.property(values, anyText(), (given, place) => {
        const other = new Seal('a secret', 'a test');
        expect(JSON.stringify(other.decrypt(seal.encrypt(given, place), place))).toBe(JSON.stringify(given));
      }),
    );
  });

  test('can be read by replicas of another version', () => {
    expect(seal.decrypt('BwcHBwcHBwcHBwcH6fNm1PW12rgR1N12PCqjhOyGgR0MBWuQO5qWZc3M0A==', PLACE)).toEqual({ name: 'Zoë' });
  });

  test('cannot be read', () => {
    const canaries = new Canaries();
    const text = seal.encrypt({ passport: canaries.at('passport') }, PLACE);
    expect(canaries.foundIn(text + bytesOf(text).toString('latin1') + bytesOf(text).toString('hex'))).toEqual([]);
  });

  test('take a nonce of 96 bits and a tag of 128, and never the same nonce twice', () => {
    const texts = Array.from({ length: 1_000 }, () => bytesOf(seal.encrypt({}, PLACE)));
    expect(new Set(texts.map((bytes) => bytes.length))).toEqual(new Set([12 + '{}'.length + 16]));
    expect(new Set(texts.map((bytes) => bytes.subarray(0, 12).toString('hex'))).size).toBe(1_000);
  });

  test('are undefined with another secret, for another purpose or at another place', () => {
    const text = seal.encrypt({ a: 1 }, PLACE);
    expect(seal.decrypt(text, PLACE)).toEqual({ a: 1 });
    expect(new Seal('a secreT', 'a test').decrypt(text, PLACE)).toBeUndefined();
    expect(new Seal('a secret', 'another test').decrypt(text, PLACE)).toBeUndefined();
    expect(seal.decrypt(text, 'cache:2')).toBeUndefined();
  });

  test('are undefined once a bit is changed, or a part is cut off or put there', () => {
    const bytes = bytesOf(seal.encrypt({ passport: 'P1234567' }, PLACE));
    const at = fc.nat(bytes.length - 1);
    const tampered = fc.oneof(
      fc.tuple(at, fc.nat(7)).map(([n, bit]) => Buffer.from(bytes.map((byte, m) => (m === n ? byte ^ (1 << bit) : byte)))),
      at.map((n) => bytes.subarray(0, n)),
      at.map((n) => bytes.subarray(n + 1)),
      at.map((n) => Buffer.concat([bytes, bytes.subarray(n)])),
    );
    fc.assert(fc.property(tampered, (text) => seal.decrypt(text.toString('base64'), PLACE) === undefined), { numRuns: 1_000 });
  });

  test('are undefined whatever text stands there', () => {
    fc.assert(fc.property(fc.oneof(anyText(), fc.base64String()), (text) => seal.decrypt(text, PLACE) === undefined), { numRuns: 1_000 });
  });
});
