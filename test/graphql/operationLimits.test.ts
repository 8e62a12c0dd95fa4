import { Kind, parse, type GraphQLError, type OperationDefinitionNode } from 'graphql';
import { describe, expect, test } from '@jest/globals';
import { badRequest, ContactsError, limitExceeded, MAX_ERRORS, overloaded } from '../../src/errors.js';
import { LONG_FIELDS } from '../../src/graphql/answerText.js';
import type { AnswerFields, RootList } from '../../src/graphql/limits/answerFields.js';
import { operationLimits } from '../../src/graphql/limits/operationLimits.js';

const LIMITS = { maxAnswerFields: 1_000, maxIds: 4, maxRepresentations: 6, maxVariablesDepth: 2 };
const EXCESS = limitExceeded('MAX_ANSWER_FIELDS', 1_000);

interface Asked {
  readonly query?: string;
  readonly variables?: Record<string, unknown> | undefined;
  readonly operationName?: string;
  readonly begun?: 'begun' | 'excess' | 'overload';
}

/** Counts an operation. Returns the fields that it begins with, or the message and the status of its refusal. */
async function counted({ query, variables, operationName, begun = 'begun' }: Asked): Promise<unknown> {
  const document = parse(query ?? '{ x }');
  const operation = query === undefined ? undefined : (document.definitions[0] as OperationDefinitionNode);
  const argument = (name: string, fieldsOfItem: number): RootList[] =>
    operation!.selectionSet.selections.flatMap((one) => (one.kind === Kind.FIELD && one.name.value === name ? [{ name, argument: one.arguments![0]?.value, fieldsOfItem }] : []));
  const fields = { ofOperation: () => ({ fixed: 1, lists: [...argument('contacts', 10), ...argument('_entities', 100)] }) } as unknown as AnswerFields;
  let known: number | undefined;
  const answer = { excess: EXCESS, begin: (count: number) => ((known = count), begun) };
  const request = await operationLimits(LIMITS, fields, () => {}).requestDidStart!({} as never);
  try {
    await request!.didResolveOperation!({ request: { variables, operationName }, document, operation, contextValue: { answer } } as never);
    return known;
  } catch (error) {
    const { message, extensions } = error as GraphQLError;
    return [message, (extensions.http as { status: number }).status];
  }
}

describe('An operation begins with the fields that its answer may have', () => {
  test.each<[string, Asked, number]>([
    ['a list in the query', { query: '{ contacts(ids: ["a", "b"]) }' }, 21],
    ['one id for a list', { query: '{ contacts(ids: "a") }' }, 11],
    ['a variable', { query: 'query ($i: [ID!]!) { contacts(ids: $i) }', variables: { i: ['a', 'b', 'c'] } }, 31],
    ['a variable with one id for a list', { query: 'query ($i: [ID!]!) { contacts(ids: $i) }', variables: { i: 'a' } }, 11],
    ['a variable with its default', { query: 'query ($h: [ID!] = ["z"], $i: [ID!] = ["a", "b"]) { contacts(ids: $i) }', variables: {} }, 21],
    ['a variable without a value', { query: 'query ($i: [ID!]!) { contacts(ids: $i) }' }, 1],
    ['a variable that every object has', { query: 'query ($toString: [ID!]!) { contacts(ids: $toString) }', variables: {} }, 1],
    ['no argument', { query: '{ contacts }' }, 1],
    ['as many ids as a list may have', { query: '{ contacts(ids: [1, 2, 3, 4]) }' }, 41],
    ['more ids, which is an error of the field', { query: '{ contacts(ids: [1, 2, 3, 4, 5]) }' }, 1],
    ['ids, which are no representations', { query: '{ contacts(ids: [1, 2, 3, 4]) _entities(representations: [1, 2, 3]) }' }, 341],
    ['as many representations as there may be', { query: '{ _entities(representations: [1, 2, 3, 4, 5, 6]) }' }, 601],
  ])('%s', async (_name, asked, fields) => {
    expect(await counted(asked)).toBe(fields);
  });

  test.each<[string, Asked, string, number]>([
    ['has an unknown name', { operationName: 'Nobody' }, badRequest('unknownOperation').message, 400],
    ['has an empty name', { operationName: '' }, badRequest('unknownOperation').message, 400],
    ['is one of several, and has no name', {}, badRequest('severalOperations').message, 400],
    ['has too many representations in all', { query: '{ _entities(representations: [1, 2, 3]) _entities(representations: [1, 2, 3, 4]) }' }, limitExceeded('MAX_REPRESENTATIONS', 6).message, 400],
    ['has variables that are too deep', { query: '{ x }', variables: { a: [{ b: {} }] } }, limitExceeded('MAX_VARIABLES_DEPTH', 2).message, 400],
    ['has null for a condition', { query: 'query ($v: Boolean = true) { x { ... @include(if: $v) { y } } }', variables: { v: null } }, new ContactsError('BAD_USER_INPUT', undefined, { fault: 'condition' }).message, 400],
    ['has too many fields', { query: '{ x }', begun: 'excess' }, EXCESS.message, 400],
    ['comes while too many are under way', { query: '{ x }', begun: 'overload' }, overloaded().message, 503],
  ])('or is refused, if it %s', async (_name, asked, message, status) => {
    expect(await counted(asked)).toEqual([message, status]);
  });

  test.each<[Record<string, unknown>, unknown]>([
    [{ a: [] }, 1],
    [{ a: null, b: 'x' }, 1],
    [{ a: [{}] }, 1],
    [{ a: { b: { c: null, d: 1 } } }, 1],
    [{ a: { b: { c: null, d: [] } } }, [limitExceeded('MAX_VARIABLES_DEPTH', 2).message, 400]],
  ])('variables are as deep as allowed, or not (%j)', async (variables, expected) => {
    expect(await counted({ query: '{ x }', variables })).toEqual(expected);
  });

  test('lists that their field refuses are cut behind the first item that is too much', async () => {
    const variables = { short: [1], full: Array(7).fill(1), long: Array(8).fill(1), text: 'x'.repeat(9) };
    await counted({ query: '{ x }', variables });
    expect(variables).toStrictEqual({ short: [1], full: Array(7).fill(1), long: Array(7).fill(1), text: 'x'.repeat(9) });
  });
});

describe('An answer', () => {
  const error = (n: number, path?: readonly string[]): object => ({ message: String(n), path });
  async function sent(body: object, answer: object): Promise<unknown[]> {
    const long: unknown[] = [];
    const request = await operationLimits(LIMITS, {} as AnswerFields, (data) => long.push(data)).requestDidStart!({} as never);
    await request!.willSendResponse!({ response: { body }, contextValue: { answer } } as never);
    return long;
  }

  test.each([
    [{ a: 1 }, LONG_FIELDS, 0],
    [{ a: 1 }, LONG_FIELDS + 1, 1],
    [null, LONG_FIELDS + 1, 0],
    [undefined, LONG_FIELDS + 1, 0],
  ])('with the data %j of %i fields is long, or not (%i)', async (data, fields, count) => {
    expect(await sent({ kind: 'single', singleResult: { data } }, { fields })).toEqual(Array(count).fill(data));
  });

  test('in several parts is left alone', async () => {
    expect(await sent({ kind: 'incremental' }, { fields: LONG_FIELDS + 1 })).toEqual([]);
  });

  test('with too many errors that nobody counted has no more than are allowed', async () => {
    const body = { kind: 'single', singleResult: { data: {}, errors: Array.from({ length: MAX_ERRORS + 1 }, (_, n) => error(n)) } };
    await sent(body, { fields: 1, isTruncated: false });
    expect(body.singleResult.errors).toHaveLength(MAX_ERRORS + 1);
    expect(body.singleResult.errors.at(-1)).toMatchObject({ extensions: { code: 'ERRORS_TRUNCATED' } });
  });

  test('with too many errors keeps those with the shortest paths, and says so', async () => {
    const errors = [error(-3), ...Array.from({ length: MAX_ERRORS }, (_, n) => error(n, ['a', 'b'])), error(-1, ['a']), error(-2)];
    const body = { kind: 'single', singleResult: { data: null, errors } };
    await sent(body, { fields: 1, isTruncated: true });
    const { errors: left } = body.singleResult as { errors: { message: string; extensions?: { code: string } }[] };
    expect(left.length).toBe(MAX_ERRORS + 1);
    expect(left.slice(0, 4).map(({ message }) => message)).toEqual(['-3', '-2', '-1', '0']);
    expect(left.at(-1)!.extensions!.code).toBe('ERRORS_TRUNCATED');
  });

  test('with all of its errors stays as it is', async () => {
    const errors = [error(1, ['a', 'b']), error(2)];
    const body = { kind: 'single', singleResult: { data: null, errors } };
    await sent(body, { fields: 1, isTruncated: false });
    expect(body.singleResult.errors).toBe(errors);
  });
});
