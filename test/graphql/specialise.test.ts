import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Kind, parse, print, type OperationDefinitionNode } from 'graphql';
import { isCompilable } from '../../src/graphql/compiled/compilable.js';
import { conditionsOf, specialise, type Conditions } from '../../src/graphql/compiled/specialise.js';

const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
const special = (text: string, conditions: Conditions): [string, number] | undefined => {
  const document = parse(text);
  const made = specialise(document, document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode, conditions);
  return made && [onOneLine(print(made.document)), made.selections];
};

describe('What is compiled in the place of an operation', () => {
  test.each<[text: string, conditions: Conditions, compiled: string, selections: number]>([
    ['{ a b { c } }', {}, '{ a b { c } }', 3],
    ['query A { a } query B { b }', {}, 'query A { a }', 1],
    ['query ($v: Boolean!) { a @include(if: $v) b @skip(if: $v) }', { v: true }, 'query ($v: Boolean!) { a }', 2],
    ['query ($v: Boolean!) { a @include(if: $v) b @skip(if: $v) }', { v: false }, 'query ($v: Boolean!) { b }', 2],
    ['{ a @include(if: true) b @include(if: false) c @skip(if: true) d @skip(if: false) }', {}, '{ a d }', 4],
    ['query ($v: Boolean!, $w: Boolean!) { a @include(if: $v) @skip(if: $w) b @skip(if: $v) @include(if: $w) c }', { v: true, w: false }, 'query ($v: Boolean!, $w: Boolean!) { a c }', 3],
    ['query ($v: Boolean!) { a { b } ... @include(if: $v) { c { d } } ... @skip(if: $v) { e { f } } }', { v: true }, 'query ($v: Boolean!) { a { b } ... { c { d } } }', 6],
    ['{ a { ... on T { b } } }', {}, '{ a { ... on T { b } } }', 3],
    ['fragment F on T { b @skip(if: true) c } { ...F ...F @skip(if: true) a { ...F } }', {}, '{ ... on T { c } a { ... on T { c } } }', 8],
    ['{ x: a(id: 1) { y: b } }', {}, '{ x: a(id: 1) { y: b } }', 2],
  ])('%s under %j', (text, conditions, compiled, selections) => {
    expect(special(text, conditions)).toEqual([compiled, selections]);
  });

  test.each([
    [1_000, true],
    [1_001, false],
  ])('has a thousand selections at most: %d', (count, isMade) => {
    const text = `{ ...F } fragment F on T { ${'a '.repeat(count - 1)} }`;
    expect(special(text, {}) !== undefined).toBe(isMade);
  });
});

test.each<[text: string, conditions: string[]]>([
  ['{ a b { c } }', []],
  ['query ($a: Int) { a(b: $a) @include(if: true) }', []],
  ['query { a @include(if: $v) { b @skip(if: $w) @include(if: $v) } ... @skip(if: $x) { c @skip(if: $y) } ...F @skip(if: $z) } fragment F on T { d @skip(if: $u) }', ['v', 'w', 'x', 'y', 'z', 'u']],
  ['type T { a: Int }', []],
  ['{ a @include }', []],
])('The conditions of %s', (text, conditions) => {
  expect(conditionsOf(parse(text))).toEqual(conditions);
});

test.each<[text: string, is: boolean]>([
  ['query ($v: Int, $to: Int) { x: a(b: $v, c: 1, d: "e") { ...F ... { b } } } fragment F on T { c(d: [1, [2]], e: { f: { g: 3 } }) }', true],
  ['{ a(b: [$v]) }', false],
  ['{ a(b: 1, c: [1, [$v]]) }', false],
  ['{ a(b: { c: 1, d: { e: $v } }) }', false],
  ['{ a { b(c: [$v]) } }', false],
  ['{ a ... { b(c: [$v]) } }', false],
  ['{ ...F } fragment F on T { b(c: [$v]) }', false],
  ['{ constructor: a }', false],
  ['{ a { __x: b } }', false],
  ['{ x__: a __typename }', true],
  ['{ x_y: a }', true],
  ['{ x_y: a x_z: b }', true],
  ['{ a_b: a b: c { a: d } }', false],
  ['{ a { ... { a_b: b } } b }', false],
  ['{ a_b: a c: b { d } } fragment F on T { a b: c }', false],
  ['{ _v0__entities: _entities { a { b } } _v1__entities: _entities { a { b } } }', true],
  ['{ a: b { c_idx0: d } }', true],
  ['{ idx0_a: b a { c } }', false],
  [`{ ${'a'.repeat(40)}: b }`, true],
  [`{ ${'a'.repeat(41)}: b }`, false],
  ['{ Contact_a: b a { c } }', false],
  ['{ _entities { a } }', true],
  ['{ a { b } __schema { c } }', false],
  ['{ ... { __type(name: "A") { c } } }', false],
  ['{ a(b: "pms:4711/51", c: "cas360:0f-1E", d: "", e: [true, null, -7]) }', true],
  ['{ a(b: "a b") }', false],
  ['{ a(b: "__MAGIC") }', false],
  ['{ a(b: "\\u005f") }', false],
  ['{ a(b: """x\n""") }', true],
  ['{ a(b: """x\ny""") }', false],
  ['{ a(b: "x\\n") }', false],
  ['{ a(b: 1.5) }', false],
  ['{ a(b: C) }', false],
  ['{ a(b: [{ __typename: "A", c: "_" }]) }', false],
  ['{ a(b: { __typename: "A", c: { id: "b" } }) }', true],
  ['{ a(b: { __proto__: { c: 1 } }) }', false],
  ['{ a(b: [{ c: { constructor: 1 } }]) }', false],
  ['query ($v: Int = 7, $w: A = { __typename: "A" }) { a(b: $v) }', true],
  ['query ($v: Int, $w: A = [{ __proto__: 1 }]) { a(b: $v) }', false],
  ['query ($v: String = "a_b") { a(b: $v) }', false],
  ['query ($__v: Int) { a }', false],
  ['query ($a: Int, $toString: Int) { a }', false],
  ['query A { a } query B ($valueOf: Int) { a }', false],
  ['type T { toString: Int } query { a }', true],
])('Whether graphql-jit answers %s as graphql-js does: %s', (text, is) => {
  expect(isCompilable(parse(text))).toBe(is);
});

interface Place {
  readonly key: string;
  readonly isList: boolean;
  readonly below: readonly Place[];
}

const { place } = fc.letrec<{ place: Place }>((tie) => ({
  place: fc.record({
    key: fc.constantFrom('a', 'b', 'idx0', 'A', 'a_b', 'b_a', 'a_b_a', 'x_a', 'a_x', '_a', 'a_', 'idx0_a', 'a_idx1', 'A_a', 'y_idx0', 'z__b'),
    isList: fc.boolean(),
    below: fc.oneof({ maxDepth: 3 }, fc.constant<Place[]>([]), fc.array(tie('place'), { maxLength: 3 })),
  }),
}));

test('graphql-jit never has one name for two places of a document that it compiles', () => {
  const textOf = (places: readonly Place[]): string => `{ ${places.map(({ key, below }) => `${key}: c ${below.length > 0 ? textOf(below) : ''}`).join(' ')} }`;
  /** The name of each place, by its path. Places with one path are one place. */
  const namesOf = (places: readonly Place[], names = new Map<string, string>(), path = '', above = '', depth = 0): Map<string, string> => {
    for (const { key, isList, below } of places) {
      const own = `${path}.${key}${isList ? '[]' : ''}`;
      names.set(own, key + above);
      namesOf(below, names, own, `${isList ? `_idx${depth}` : ''}_${key}${above}`, depth + Number(isList));
    }
    return names;
  };
  let compiled = 0;
  fc.assert(
    fc.property(fc.array(place, { minLength: 1, maxLength: 4 }), (places) => {
      // A key is a list, or it is not.
      const names = namesOf(places.map(function even(one): Place { return { ...one, isList: one.key.length % 2 === 0, below: one.below.map(even) }; }));
      if (!isCompilable(parse(textOf(places)))) return;
      compiled++;
      expect(new Set(names.values()).size).toBe(names.size);
    }),
    { numRuns: 2_000 },
  );
  expect(compiled).toBeGreaterThan(100);
});
