import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { idsFrom, startTestApp, type Answer, type TestApp } from '../support/testApp.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const many = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(' ');
const nest = (levels: number, open: string, inner: string): string => open.repeat(levels) + inner + '}'.repeat(levels);
const representations = (count: number): object[] => idsFrom('cas360', 1001, count).map((id) => ({ __typename: 'Contact', id }));
const ENTITIES = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';

/** An operation at a limit, or `over` it by one. */
const AT_THE_LIMIT: [string, string, (over: number) => [string, Record<string, unknown>?]][] = [
  // Twelve, and one for each id.
  ['2,000 tokens', 'GRAPHQL_PARSE_FAILED', (over) => [`{ contacts(ids: [${many(1_988 + over, () => '"x"')}]) { id } }`]],
  ['12 levels', 'GRAPHQL_VALIDATION_FAILED', (over) => [`{ contact(id: "cas360:1001") ${nest(10 + over, '{ representatives ', '{ id }')} }`]],
  [
    '12 levels by fragments',
    'GRAPHQL_VALIDATION_FAILED',
    (over) => [`{ contact(id: "cas360:1001") { ...f0 } } ${many(9 + over, (i) => `fragment f${i} on Contact { representatives { ...f${i + 1} } }`)} fragment f${9 + over} on Contact { representatives { id } }`],
  ],
  ['50 aliases', 'GRAPHQL_VALIDATION_FAILED', (over) => [`{ contact(id: "cas360:1001") { ${many(50 + over, (i) => `a${i}: id`)} } }`]],
  ['50 directives', 'GRAPHQL_VALIDATION_FAILED', (over) => [`{ contact(id: "cas360:1001") { ${many(50 + over, () => 'id @include(if: true)')} } }`]],
  ['10 root fields', 'GRAPHQL_VALIDATION_FAILED', (over) => [`{ ${many(10 + over, (i) => `a${i}: contact(id: "cas360:1001") { id }`)} }`]],
  ['10 root fields by fragments', 'GRAPHQL_VALIDATION_FAILED', (over) => [`{ ...f ...g } fragment f on Query { ${many(5, (i) => `a${i}: __typename`)} } fragment g on Query { ${many(5 + over, (i) => `b${i}: __typename`)} }`]],
  ['5 _entities fields', 'GRAPHQL_VALIDATION_FAILED', (over) => [`query ($r: [_Any!]!) { ${many(5 + over, (i) => `a${i}: _entities(representations: $r) { __typename }`)} }`, { r: [] }]],
  ['2,000 representations', 'BAD_USER_INPUT', (over) => [ENTITIES, { r: representations(2_000 + over) }]],
  [
    '2,000 representations in several fields',
    'BAD_USER_INPUT',
    (over) => ['query ($r: [_Any!]!, $s: [_Any!]!) { a: _entities(representations: $r) { __typename } ... { b: _entities(representations: $s) { __typename } } }', { r: representations(1_000), s: representations(1_000 + over) }],
  ],
  ['12 levels of variables', 'BAD_USER_INPUT', (over) => [ENTITIES, { r: [{ __typename: 'Company', x: JSON.parse('['.repeat(10 + over) + ']'.repeat(10 + over)) as unknown }] }]],
];

const refused = ({ data, errors, status }: Answer): [unknown, unknown, number] => [data, errors?.map(({ extensions }) => extensions.code), status];

describe('An operation', () => {
  test.each(AT_THE_LIMIT)('of %s passes', async (_what, _code, operation) => {
    const { data, errors } = await app.query(...operation(0));
    expect((errors ?? []).filter(({ path }) => !path)).toEqual([]);
    expect(data).toBeDefined();
  });

  test.each(AT_THE_LIMIT)('of one more than %s is refused with %s, and nothing is asked of an upstream', async (_what, code, operation) => {
    app.reset();
    expect(refused(await app.query(...operation(1)))).toEqual([undefined, [code], 400]);
    expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  });

  test('may be allowed more, or less', async () => {
    const small = await startTestApp({ MAX_TOKENS: '40', MAX_DEPTH: '2', MAX_ALIASES: '1', MAX_DIRECTIVES: '1', MAX_ROOT_FIELDS: '2', MAX_ENTITIES_FIELDS: '1', MAX_REPRESENTATIONS: '3', MAX_VARIABLES_DEPTH: '3' });
    expect((await small.query('{ contact(id: "cas360:54") { name } }')).errors).toBeUndefined();
    for (const [query, variables] of [
      [`{ ${many(50, () => '__typename')} }`],
      ['{ contact(id: "cas360:54") { address { id } } }'],
      ['{ contact(id: "cas360:54") { a: id b: id } }'],
      ['{ contact(id: "cas360:54") { id @include(if: true) @skip(if: false) } }'],
      ['{ __typename a: __typename b: __typename }'],
      ['query ($r: [_Any!]!) { _entities(representations: $r) { __typename } a: _entities(representations: $r) { __typename } }', { r: [] }],
      [ENTITIES, { r: representations(4) }],
      [ENTITIES, { r: [{ a: { b: [] } }] }],
    ] as [string, Record<string, unknown>?][]) {
      expect(refused(await small.query(query, variables))[2]).toBe(400);
    }
    await small.stop();
  });

  test('with circular fragments is refused, once', async () => {
    const answer = await app.query('{ contact(id: "cas360:54") { ...a } } fragment a on Contact { representatives { ...b } } fragment b on Contact { representatives { ...a } }');
    expect(refused(answer)).toEqual([undefined, ['GRAPHQL_VALIDATION_FAILED'], 400]);
  });

  test('of fragments that would unfold to a billion fields costs no more than its text', async () => {
    const bomb = `{ contact(id: "cas360:54") { ...f0 } } ${many(30, (i) => `fragment f${i} on Contact { representatives { ...f${i + 1} ...f${i + 1} } }`)} fragment f30 on Contact { id }`;
    expect(refused(await app.query(bomb))).toEqual([undefined, ['GRAPHQL_VALIDATION_FAILED'], 400]);
  });

  test.each([
    ['of a gateway', 'query Web__contacts__1($representations:[_Any!]!){_entities(representations:$representations){...on Contact{name email address{id city country{code}}representatives{id name}}}}'],
    ['of GraphiQL, for the schema', '{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } }'],
  ])('%s passes', async (_what, query) => {
    const open = await startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' });
    const { errors } = await open.query(query, { representations: representations(500) });
    await open.stop();
    expect(errors).toBeUndefined();
  });
});
