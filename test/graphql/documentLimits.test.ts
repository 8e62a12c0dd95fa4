import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { excessOf, type DocumentLimits } from '../../src/graphql/limits/documentLimits.js';

const LOOSE: DocumentLimits = { maxDepth: 99, maxAliases: 99, maxDirectives: 99, maxRootFields: 99, maxEntitiesFields: 99, maxAliasCharacters: 99, maxRepeats: 99 };
const NAMES = Object.keys(LOOSE) as (keyof DocumentLimits)[];
const codeOf = (name: string): string => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase();

/** What each limit must be at least so that the document passes. */
const sizesOf = (text: string): number[] =>
  NAMES.map((name) => {
    const document = parse(text);
    for (let least = 0; ; least++) {
      const excess = excessOf(document, { ...LOOSE, [name]: least });
      if (!excess) return least;
      expect(excess).toMatchObject({ code: 'LIMIT_EXCEEDED', facts: { limit: { name: codeOf(name), max: least } } });
    }
  });

test.each<[what: string, text: string, sizes: [depth: number, aliases: number, directives: number, rootFields: number, entities: number, aliasCharacters: number, repeats: number]]>([
  ['one field', '{ a }', [1, 0, 0, 1, 0, 0, 1]],
  ['fields side by side', '{ a b c { d } }', [2, 0, 0, 3, 0, 0, 1]],
  ['fields one below the other', '{ a { b { c } } }', [3, 0, 0, 1, 0, 0, 1]],
  ['aliases, with the longest first', '{ long: a { b } x: c { yy: d } }', [2, 3, 0, 2, 0, 4, 1]],
  ['aliases, with the longest below', '{ x: a { longest: b } yy: c }', [2, 3, 0, 2, 0, 7, 1]],
  ['directives at every place', 'query @a { f @b @c { g @d } ... @e { h @f } ...F @g } fragment F on Q @h @i { i @j }', [2, 0, 10, 3, 0, 0, 1]],
  ['an inline fragment, which is no level', '{ a { ... { b { ... on T { c } } } } }', [3, 0, 0, 1, 0, 0, 1]],
  ['a fragment, which is no level', '{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { x: c }', [3, 1, 0, 1, 0, 1, 1]],
  ['a fragment that is spread twice', '{ ...F ...F } fragment F on T { x: a { y: b @d } }', [2, 4, 2, 2, 0, 1, 2]],
  ['a fragment that is spread at two depths', '{ ...F a { b { ...F } } } fragment F on T { c { d } }', [4, 0, 0, 2, 0, 0, 1]],
  ['what is introspected, which is no level', '{ __schema { types { name } } a { __typename } }', [1, 0, 0, 2, 0, 0, 1]],
  ['a fragment on what is introspected', '{ __schema { types { ...F } } } fragment F on __Type { ofType { ofType { name } } }', [0, 0, 0, 1, 0, 0, 1]],
  ['_entities', '{ _entities { a } b: _entities { c } ...F } fragment F on Query { c: _entities { d } }', [2, 2, 0, 3, 3, 1, 1]],
  ['_entities in a fragment that is spread twice', '{ ...F ...F } fragment F on Query { _entities { a } }', [2, 0, 0, 2, 2, 0, 2]],
  ['a field that is repeated', '{ a a a b }', [1, 0, 0, 4, 0, 0, 3]],
  ['a field that is repeated under an alias', '{ a: b a: b b }', [1, 2, 0, 3, 0, 1, 2]],
  ['repeats below repeats, which are merged', '{ a { b b } a { b b b } c { d } }', [2, 0, 0, 3, 0, 0, 6]],
  ['repeats in fragments and beside them', '{ a { b } ...F ... { a { b } } } fragment F on T { a { b b } a { c } }', [2, 0, 0, 4, 0, 0, 8]],
  ['more repeats in a fragment than beside it', '{ ...F b } fragment F on T { a a a }', [1, 0, 0, 4, 0, 0, 3]],
  ['several operations, of which the largest counts', 'query A { a } query B { x: b { y: c @d c } d } query C { a }', [2, 2, 1, 2, 0, 1, 1]],
  ['a fragment that nothing spreads', '{ a } fragment F on T { x: a { y: b { b b @d } } c }', [3, 2, 1, 1, 0, 1, 2]],
  ['a circle of fragments', '{ ...F } fragment F on T { a { ...G } } fragment G on T { x: b { ...F } }', [2, 1, 0, 1, 0, 1, 1]],
  ['a fragment that is not there', '{ a ...F }', [1, 0, 0, 1, 0, 0, 1]],
  ['types, which are no operations', 'type T { a: Int }', [0, 0, 0, 0, 0, 0, 0]],
])('The sizes of a document with %s', (_what, text, sizes) => {
  expect(sizesOf(text)).toEqual(sizes);
});
