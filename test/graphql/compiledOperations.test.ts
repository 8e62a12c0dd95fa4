import { expect, test } from '@jest/globals';
import { parse, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { CompiledOperations } from '../../src/graphql/compiled/compiledOperations.js';
import { schema } from '../support/testApp.js';

let nowMs = 0;
const operations = (): CompiledOperations => new CompiledOperations({ schema, now: () => nowMs });
const documentOf = (text: string): [DocumentNode, OperationDefinitionNode] => {
  const document = parse(text);
  return [document, document.definitions[0] as OperationDefinitionNode];
};

test('an operation is compiled at its second sight, and only once', () => {
  const known = operations();
  const one = documentOf('{ contact(id: "pms:1") { id } }');
  expect(known.find(...one, {})).toBeUndefined();
  const run = known.find(...one, {});
  expect(run).toBeInstanceOf(Function);
  expect(known.find(...one, {})).toBe(run);
});

test('what @skip and @include leave out makes another one; a few of them, then no more', () => {
  const known = operations();
  const names = ['a', 'b', 'c', 'd'];
  const one = documentOf(`query (${names.map((name) => `$${name}: Boolean!`).join(' ')}) { contact(id: "pms:1") { id ${names.map((name) => `${name}: name @skip(if: $${name})`).join(' ')} } }`);
  const all = Array.from({ length: 16 }, (_, n) => Object.fromEntries(names.map((name, bit) => [name, (n & (1 << bit)) !== 0])));
  for (const values of all) expect(known.find(...one, values)).toBeUndefined();
  const runs = all.map((values) => known.find(...one, values));
  expect(new Set(runs.filter(Boolean)).size).toBe(8);
});

test('a condition without a value that can decide is left to graphql-js', () => {
  const known = operations();
  const one = documentOf('query ($a: Boolean = true) { contact(id: "pms:1") { id name @skip(if: $a) } }');
  for (const a of [null, 'true', 1]) for (let sight = 0; sight < 3; sight++) expect(known.find(...one, { a })).toBeUndefined();
  expect(known.find(...one, {})).toBeUndefined();
  expect(known.find(...one, {})).toBeInstanceOf(Function);
});

test('fragments that multiply are not compiled', () => {
  const known = operations();
  const levels = Array.from({ length: 14 }, (_, n) => `fragment F${n} on Contact { a${n}: representatives { ...F${n + 1} } b${n}: representatives { ...F${n + 1} } }`);
  const one = documentOf(`{ contact(id: "pms:1") { ...F0 } } ${levels.join(' ')} fragment F14 on Contact { id }`);
  for (let sight = 0; sight < 3; sight++) expect(known.find(...one, {})).toBeUndefined();
});

test('compiling takes a twentieth of the time at most', () => {
  // Each look at the clock finds it a second later: no compiling could be slower.
  const known = new CompiledOperations({ schema, now: () => (nowMs += 1_000) });
  const compiles = (): boolean => {
    const one = documentOf('{ contact(id: "pms:1") { id } }');
    known.find(...one, {});
    return known.find(...one, {}) !== undefined;
  };
  expect(compiles()).toBe(true);
  expect(compiles()).toBe(false);
  nowMs += 20_000;
  expect(compiles()).toBe(true);
});
