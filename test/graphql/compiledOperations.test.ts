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

test('the least used operations make room for others, by the selections that they have', () => {
  const known = new CompiledOperations({ schema, now: () => nowMs, compilingShare: Infinity });
  const large = (n: number): [DocumentNode, OperationDefinitionNode] => documentOf(`{ contact(id: "pms:${n + 1}") { ${Array.from({ length: 900 }, (_, field) => `a${field}: id`).join(' ')} } }`);
  const isCompiled = (one: [DocumentNode, OperationDefinitionNode]): boolean => {
    const run = known.find(...one, {});
    return run !== undefined && known.find(...one, {}) === run;
  };
  const first = large(0);
  known.find(...first, {});
  expect(isCompiled(first)).toBe(true);
  // 11 of them weigh 20,000, the one that is used among them: 900 selections each, and 900 kB for the document.
  const others = Array.from({ length: 30 }, (_, n) => large(n + 1));
  for (const one of others) {
    known.find(...one, {});
    expect(isCompiled(one)).toBe(true);
    expect(known.find(...first, {})).toBeDefined();
  }
  const forgotten = others.filter((one) => known.find(...one, {}) === undefined);
  expect([forgotten.length, forgotten.includes(others[0]!), forgotten.includes(others.at(-1)!)]).toEqual([20, true, false]);
}, 60_000);

test.each([
  ['a variable in a list', 'query ($id: ID!) { contacts(ids: [$id]) { name } }'],
  ['a variable in an object', 'query ($id: ID!) { _entities(representations: [{ __typename: "Contact", id: $id }]) { __typename } }'],
  ['an alias that JavaScript reads otherwise', '{ contact(id: "pms:1") { __proto__: id } }'],
  ['an alias of 41 characters', `{ contact(id: "pms:1") { ${'a'.repeat(41)}: id } }`],
  ['a variable with a name of 41 characters', `query ($${'a'.repeat(41)}: ID!) { contact(id: $${'a'.repeat(41)}) { id } }`],
  ['such an alias in a fragment', '{ contact(id: "pms:1") { ...f } } fragment f on Contact { address { constructor: id } }'],
])('%s is left to graphql-js', (_what, query) => {
  const known = operations();
  const one = documentOf(query);
  for (let sight = 0; sight < 3; sight++) expect(known.find(...one, { id: 'pms:1' })).toBeUndefined();
});

test.each<[query: string, left: unknown[], compiled: unknown[]]>([
  ['query ($list: [ID!]!) { contacts(ids: $list) { name } }', [['pms:1', null], [null], [1.5], [true], [{}], [[]], [NaN]], [['pms:1'], [1, 'pms:1'], [], null, 'null']],
  ['query ($list: [_Any!]!) { _entities(representations: $list) { __typename } }', [[{}, null], [null]], [[{ __typename: 'Contact' }], ['null'], [1.5], [{}, []], []]],
])('A list among the variables with an item that is not of its type is left to graphql-js, and no other value is: %s', (query, left, compiled) => {
  const known = operations();
  const one = documentOf(query);
  for (let sight = 0; sight < 2; sight++) known.find(...one, { list: [] });
  expect([...left, ...compiled].map((list) => known.find(...one, { list }) === undefined)).toEqual([...left.map(() => true), ...compiled.map(() => false)]);
});

test.each([
  ['true', {}, true],
  ['true', { a: undefined }, true],
  ['true', { a: false }, false],
  ['false', {}, false],
  ['false', { a: true }, true],
])('a condition that is %s by default, with the variables %j, is as with the value %j', (byDefault, variables, value) => {
  const known = operations();
  const one = documentOf(`query ($unused: Int, $a: Boolean = ${byDefault}) { contact(id: "pms:1") { id name @skip(if: $a) } }`);
  for (let sight = 0; sight < 2; sight++) for (const a of [true, false]) known.find(...one, { a });
  const [run, other] = [value, !value].map((a) => known.find(...one, { a }));
  expect(run).toBeInstanceOf(Function);
  expect(known.find(...one, variables)).toBe(run);
  expect(run).not.toBe(other);
});
