import { expect, test } from '@jest/globals';
import { buildSchema, isObjectType, parse } from 'graphql';
import { ContactsError } from '../../src/errors.js';
import { compiledExecution } from '../../src/graphql/compiled/compiledExecution.js';

const refused = new ContactsError('UPSTREAM_TIMEOUT', 'PMS');
const VALUES: Readonly<Record<string, () => unknown>> = {
  one: () => 1,
  item: () => ({}),
  bad: () => {
    throw refused;
  },
  fault: () => {
    throw new RangeError('canaryWord');
  },
};
const schema = buildSchema('type Query { one: Int item: Item bad: Int fault: Int must: Must } type Item { one: Int bad: Int } type Must { bad: Int! }');
for (const type of Object.values(schema.getTypeMap())) {
  if (!isObjectType(type) || type.name.startsWith('__')) continue;
  for (const field of Object.values(type.getFields())) field.resolve = VALUES[field.name] ?? (() => ({}));
}

interface Seen {
  /** Null: graphql-js is to answer. */
  readonly answer: unknown;
  /** What the budget was told of executions. */
  readonly told: readonly boolean[];
}

/** What becomes of an operation at its first sights. */
async function sights(text: string, { captureTraces = false, isThere = true, variables = {} } = {}): Promise<Seen[]> {
  const document = parse(text);
  const plugin = compiledExecution({ schema, now: () => 0, compilingShare: Infinity, introspection: false });
  const seen: Seen[] = [];
  for (let sight = 0; sight < 3; sight++) {
    const told: boolean[] = [];
    const { responseForOperation } = (await plugin.requestDidStart!({} as never)) as { responseForOperation: (request: unknown) => Promise<unknown> };
    const contextValue = { answer: { execute: (isCompiled: boolean) => told.push(isCompiled) } };
    const answer = await responseForOperation({ document, operation: isThere ? document.definitions[0] : undefined, request: { variables }, contextValue, metrics: { captureTraces } });
    seen.push({ answer: JSON.parse(JSON.stringify(answer)) as unknown, told });
  }
  return seen;
}

const NOT: Seen = { answer: null, told: [] };
const given = (data: object, ...errors: object[]): Seen => ({ answer: { http: expect.anything(), body: { kind: 'single', singleResult: { data, ...(errors.length > 0 && { errors }) } } }, told: [true] });
/** Compiled code was of no use. */
const LEFT: Seen = { answer: null, told: [true, false] };
const told = (column: number, ...path: string[]): object => ({ message: refused.message, locations: [{ line: 1, column }], path, extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true, source: 'PMS' } });

test.each<[what: string, text: string, how: Parameters<typeof sights>[1], later: Seen]>([
  ['does well', '{ one item { one } }', {}, given({ one: 1, item: { one: 1 } })],
  ['has null for variables', '{ one }', { variables: null as never }, given({ one: 1 })],
  ['has a part that failed', '{ one bad }', {}, given({ one: 1, bad: null }, told(7, 'bad'))],
  ['has parts that failed, some of them twice in one place', '{ item { ...F ...F } x: item { bad } } fragment F on Item { bad }', {}, given({ item: { bad: null }, x: { bad: null } }, told(61, 'item', 'bad'), told(32, 'x', 'bad'))],
  ['lost an object to a part', '{ one must { bad } }', {}, given({ one: 1, must: null }, told(14, 'must', 'bad'))],
  ['selects a part that failed at several places', '{ bad ... { bad }\n  bad }', {}, given({ bad: null }, { ...told(0, 'bad'), locations: [{ line: 1, column: 3 }, { line: 1, column: 13 }, { line: 2, column: 3 }] })],
  ['met a fault of ours', '{ one fault }', {}, LEFT],
  ['met a fault of ours among other errors', '{ bad fault item { bad } }', {}, LEFT],
  ['has a variable of another type', 'query ($v: Boolean!) { one ... @include(if: true) { one } bad }', { variables: { v: 'text' } }, LEFT],
  ['is traced', '{ one }', { captureTraces: true }, NOT],
  ['is not there', '{ one }', { isThere: false }, NOT],
])('From its second sight on, compiled code answers an operation that %s, or leaves it to graphql-js', async (_what, text, how, later) => {
  expect(await sights(text, how)).toEqual([NOT, later, later]);
});
