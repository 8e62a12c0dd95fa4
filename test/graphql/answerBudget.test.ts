import { beforeEach, describe, expect, test } from '@jest/globals';
import { GraphQLInt, GraphQLNonNull, Kind, parse, type FieldNode, type GraphQLError, type GraphQLResolveInfo, type OperationDefinitionNode } from 'graphql';
import { ContactsError, MAX_ERRORS } from '../../src/errors.js';
import { AnswerBudget } from '../../src/graphql/limits/answerBudget.js';
import { FIELDS_A_TURN, MAX_FIELDS_UNDER_WAY, Turns } from '../../src/graphql/limits/turns.js';

const MAX_FIELDS = 2 * MAX_FIELDS_UNDER_WAY;
const budget = (turns = new Turns()): AnswerBudget => new AnswerBudget({ maxAnswerFields: MAX_FIELDS, maxIds: 10 }, turns);

const [operation] = parse('{ a\n  b a }').definitions as OperationDefinitionNode[];
const [A, B, OTHER_A] = operation!.selectionSet.selections as FieldNode[];
const A_NODES = [A!, OTHER_A!, A!];
const B_NODES = [B!];
type Path = GraphQLResolveInfo['path'];
const pathOf = (...keys: (string | number)[]): Path => keys.reduce<Path | undefined>((prev, key) => ({ prev, key, typename: undefined }), undefined)!;
const infoOf = (fieldNodes: readonly FieldNode[], path: Path, returnType: unknown = GraphQLInt): GraphQLResolveInfo => ({ fieldNodes, path, returnType }) as GraphQLResolveInfo;
const partsOf = (error: GraphQLError | null): unknown => error && [error.message, error.path, error.locations, error.originalError];

const REFUSED = new ContactsError('BAD_USER_INPUT');
const FAILED = new ContactsError('UPSTREAM_TIMEOUT');
const AT_A = [{ line: 1, column: 3 }, { line: 2, column: 5 }];
const AT_B = [{ line: 2, column: 3 }];

let answer: AnswerBudget;
beforeEach(() => void (answer = budget()));

describe('An error of an answer', () => {
  test('has its own place, whatever others its field and other fields have', () => {
    const errors = [
      answer.error(REFUSED, infoOf(A_NODES, pathOf('a', 0))),
      answer.error(REFUSED, infoOf(A_NODES, pathOf('a')), 3),
      answer.error(FAILED, infoOf(A_NODES, pathOf('a', 1))),
      answer.error(REFUSED, infoOf(A_NODES, pathOf('a', 2))),
      answer.error(REFUSED, infoOf(B_NODES, pathOf('x', 7, 'b'))),
    ];
    expect(errors.map(partsOf)).toEqual([
      [REFUSED.message, ['a', 0], AT_A, REFUSED],
      [REFUSED.message, ['a', 3], AT_A, REFUSED],
      [FAILED.message, ['a', 1], AT_A, FAILED],
      [REFUSED.message, ['a', 2], AT_A, REFUSED],
      [REFUSED.message, ['x', 7, 'b'], AT_B, REFUSED],
    ]);
  });

  test('that is none has one around it', () => {
    const error = answer.error('a text', infoOf(A_NODES, pathOf('a')))!;
    expect([error.message, error.originalError!.cause]).toEqual(['Something other than an error was thrown.', 'a text']);
  });

  test('of nodes that stand nowhere has no place in the document', () => {
    expect(partsOf(answer.error(REFUSED, infoOf([{ kind: Kind.FIELD, name: A!.name }], pathOf('a'))))).toEqual([REFUSED.message, ['a'], [], REFUSED]);
  });

  test('is null after a thousand others, unless its field may not be null', () => {
    for (let n = 0; n < MAX_ERRORS; n++) expect(answer.error(REFUSED, infoOf(A_NODES, pathOf('a')), n)).not.toBeNull();
    expect(answer.isTruncated).toBe(false);
    expect(answer.error(REFUSED, infoOf(A_NODES, pathOf('a')))).toBeNull();
    expect(answer.isTruncated).toBe(true);
    const required = new GraphQLNonNull(GraphQLInt);
    expect([answer.error(REFUSED, infoOf(A_NODES, pathOf('a'), required)) === null, answer.error(REFUSED, infoOf(A_NODES, pathOf('a'), required), 0)]).toEqual([false, null]);
    answer.execute(false);
    expect([answer.isTruncated, answer.error(REFUSED, infoOf(A_NODES, pathOf('a'))) === null]).toEqual([false, false]);
  });

  test.each<[what: string, places: (string | number)[][], first: (string | number)[]]>([
    ['in their order', [['l', 1, 'a'], ['l', 2, 'a'], ['l', 10, 'a']], ['l', 1, 'a']],
    ['from the last one on', [['l', 10, 'a'], ['l', 9, 'a'], ['l', 2, 'a'], ['l', 3, 'a']], ['l', 2, 'a']],
    ['of lists in lists', [['l', 1, 'm', 0, 'a'], ['l', 0, 'm', 5, 'a'], ['l', 0, 'm', 6, 'a'], ['l', 0, 'm', 4, 'a']], ['l', 0, 'm', 4, 'a']],
  ])('that is told once is at the first of its places, reached %s', (_how, places, first) => {
    const [told, ...others] = places.map((keys) => answer.errorOnce(REFUSED, infoOf(A_NODES, pathOf(...keys))));
    expect([partsOf(told!), others]).toEqual([[REFUSED.message, first, AT_A, REFUSED], others.map(() => null)]);
    expect(partsOf(answer.errorOnce(REFUSED, infoOf(B_NODES, pathOf('b'))))).toEqual([REFUSED.message, ['b'], AT_B, REFUSED]);
  });

  test('that is told once is told again of the next execution', () => {
    expect(answer.errorOnce(REFUSED, infoOf(A_NODES, pathOf('a')))).not.toBeNull();
    answer.execute(true);
    expect(answer.errorOnce(REFUSED, infoOf(A_NODES, pathOf('a')))).not.toBeNull();
  });

  test('that is told once, after a thousand others, is told nowhere', () => {
    for (let n = 0; n < MAX_ERRORS; n++) answer.error(REFUSED, infoOf(B_NODES, pathOf('b')));
    for (const n of [1, 0]) expect(answer.errorOnce(REFUSED, infoOf(A_NODES, pathOf('l', n, 'a')))).toBeNull();
  });
});

describe('The fields of an answer', () => {
  test('are taken until none is left, and given back for the next execution, but for those that were known', () => {
    expect([answer.begin(MAX_FIELDS + 1), answer.fields]).toEqual(['excess', 0]);
    expect([answer.begin(100), answer.fields]).toEqual(['begun', 100]);
    const left = MAX_FIELDS - 100;
    expect([answer.take(left + 1), answer.take(left - 1), answer.take(2), answer.take(1), answer.take(1), answer.fields]).toEqual([false, true, false, true, false, MAX_FIELDS]);
    answer.execute(true);
    expect([answer.fields, answer.take(left + 1), answer.take(left)]).toEqual([100, false, true]);
    expect(answer.excess).toMatchObject({ code: 'LIMIT_EXCEEDED', facts: { limit: { name: 'MAX_ANSWER_FIELDS', max: MAX_FIELDS } } });
    expect(answer.excess).toBe(answer.excess);
  });

  test('count for the service until the operation ends, once', () => {
    const turns = new Turns();
    const [one, two] = [budget(turns), budget(turns)];
    expect([one.begin(MAX_FIELDS_UNDER_WAY), two.begin(MAX_FIELDS_UNDER_WAY), two.fields]).toEqual(['begun', 'overload', 0]);
    one.end();
    one.end();
    expect(two.begin(MAX_FIELDS_UNDER_WAY)).toBe('begun');
    expect(budget(turns).begin(MAX_FIELDS_UNDER_WAY)).toBe('overload');
  });
});

describe('Items', () => {
  const items = Array.from({ length: 2_500 }, (_, n) => n);
  const settled = (values: readonly unknown[]): Promise<unknown[]> => Promise.all(values);

  test.each([
    ['interpreted', false, 1],
    ['compiled', true, 5],
  ])('come at once where the turn has room for their fields (%s)', async (_way, isCompiled, speed) => {
    answer.execute(isCompiled);
    // As many as a turn has, and then one more takes the next one.
    const some = items.slice(0, 1_000);
    expect(answer.inTurns(some, (speed * FIELDS_A_TURN) / 1_000)).toBe(some);
    const late = answer.inTurns([7], 1);
    expect(late).toBeInstanceOf(Promise);
    expect(await late).toEqual([7]);
  });

  test('without fields count as one each', () => {
    const all = items.concat(items);
    expect(answer.inTurns(all, 0)).toBe(all);
    expect(answer.inTurn(1, 0)).toBeInstanceOf(Promise);
  });

  test('that are too many for one turn come in slices, and all of them', async () => {
    const paced = answer.inTurns(items, 5) as readonly unknown[];
    expect(paced.map((one) => one instanceof Promise)).toEqual(items.map((n) => n >= 1_000));
    expect(await settled(paced)).toEqual(items);
  });

  test('that have more fields than a turn come one a turn', async () => {
    const paced = answer.inTurns([1, 2, 3], 2 * FIELDS_A_TURN) as readonly unknown[];
    expect(paced.map((one) => one instanceof Promise)).toEqual([false, true, true]);
    expect(await settled(paced)).toEqual([1, 2, 3]);
  });

  test('are null once the caller has left', async () => {
    const paced = answer.inTurns(items, 5) as readonly unknown[];
    const one = answer.inTurn('late', 1);
    answer.abandon();
    expect(await settled(paced)).toEqual(items.map((n) => (n < 1_000 ? n : null)));
    expect(await one).toBeNull();
  });

  test('that came by themselves wait for their turn', async () => {
    expect(answer.inTurn('one', FIELDS_A_TURN)).toBe('one');
    const next = answer.inTurn('two', 1);
    expect(next).toBeInstanceOf(Promise);
    expect(await next).toBe('two');
  });
});
