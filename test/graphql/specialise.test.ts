import { describe, expect, test } from '@jest/globals';
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
  ['{ x: a __typename }', true],
  ['{ x_y: a }', false],
  ['{ a { ... { x_y: b } } }', false],
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
