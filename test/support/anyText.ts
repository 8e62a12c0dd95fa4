import fc, { type StringConstraints } from 'fast-check';

const FIRST_SURROGATE = 0xd800;
const SURROGATES = 0x800;

const character = fc.nat(0x10ffff - SURROGATES).map(
  (n) => String.fromCodePoint(n < FIRST_SURROGATE ? n : n + SURROGATES),
  // With it fast-check draws names such as `__proto__` too.
  (text) => {
    const code = String(text).codePointAt(0) ?? NaN;
    if (String.fromCodePoint(code) !== text) throw new Error('No character');
    return code < FIRST_SURROGATE ? code : code - SURROGATES;
  },
);

/** The texts of `fc.string({ unit: 'binary' })`, which makes a table of all characters first: that takes a second. */
export const anyText = (constraints?: StringConstraints): fc.Arbitrary<string> => fc.string({ ...constraints, unit: character });
