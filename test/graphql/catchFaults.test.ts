import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';
import { catchFaults } from '../../src/graphql/compiled/catchFaults.js';

const fault = new RangeError('a fault');
const refused = new Error('refused');
const good = { name: 'good', scores: [1] };
/** Its name is read after its promise is fulfilled. */
const bad = {
  get name(): string {
    throw fault;
  },
};

/** What compiled code answers where the field has this value. */
async function answered(field: string, value: () => unknown, selection: string): Promise<unknown> {
  const schema = buildSchema('type Query { one: Item many: [Item] scores: [Int] untouched: Item } type Item { name: String item: Item items: [Item] scores: [Int] }');
  schema.getQueryType()!.getFields()[field]!.resolve = value;
  expect(catchFaults(schema)).toBe(schema);
  const compiled = compileQuery(schema, parse(`{ ${field} ${selection} }`));
  if (!isCompiledQuery(compiled)) throw new Error('not compiled');
  const { data, errors = [] } = await compiled.query(undefined, {}, {});
  return [data?.[field], errors.map(({ message, path }) => [message, path])];
}

const NAME = '{ name }';

test.each<[what: string, field: string, value: () => unknown, selection: string, data: unknown, errors: unknown[]]>([
  ['an object', 'one', () => good, NAME, { name: 'good' }, []],
  ['the promise of an object', 'one', async () => good, NAME, { name: 'good' }, []],
  ['no object', 'one', async () => null, NAME, null, []],
  ['a promise that is rejected', 'one', () => Promise.reject(refused), NAME, null, [['refused', ['one']]]],
  ['the promise of an object with a fault', 'one', async () => bad, NAME, null, [['a fault', ['one']]]],
  ['the promise of a list', 'many', async () => [good, null, good], NAME, [{ name: 'good' }, null, { name: 'good' }], []],
  ['the promise of a list with a fault in an item', 'many', async () => [good, bad], NAME, null, [['a fault', ['many']]]],
  ['a list of promises, and of objects', 'many', () => [Promise.resolve(good), good, null], NAME, [{ name: 'good' }, { name: 'good' }, null], []],
  ['a list of promises, one with a fault', 'many', () => [good, Promise.resolve(bad), Promise.resolve(good)], NAME, [{ name: 'good' }, null, { name: 'good' }], [['a fault', ['many', 1]]]],
  ['a list of promises, one rejected', 'many', () => [Promise.resolve(good), Promise.reject(refused)], NAME, [{ name: 'good' }, null], [['refused', ['many', 1]]]],
  ['the promise of a list of promises', 'many', async () => [Promise.resolve(good), null, Promise.resolve(good)], NAME, [{ name: 'good' }, null, { name: 'good' }], []],
  ['the promise of a list of promises, one rejected', 'many', async () => [good, Promise.reject(refused)], NAME, [{ name: 'good' }, null], [['refused', ['many', 1]]]],
  ['the promise of numbers', 'scores', async () => [1, 2], '', [1, 2], []],
])('%s', async (_what, field, value, selection, data, errors) => {
  expect(await answered(field, value, selection)).toEqual([data, errors]);
});
