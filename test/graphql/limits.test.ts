import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { getIntrospectionQuery, getNamedType, isListType, isNonNullType, isObjectType } from 'graphql';
import { errorsIn, everyField, idsFrom, schema, startTestApp, type Answer, type TestApp } from '../support/testApp.js';

/** Small enough to count by hand. */
const FEW_FIELDS = 100;

let app: TestApp;
let small: TestApp;
/** Both tell their schema; one with a small limit. */
let open: TestApp;
let openToFew: TestApp;
beforeAll(async () => {
  const graphiql = (settings: Record<string, string>): Promise<TestApp> => startTestApp({ GRAPHIQL: 'true', ...settings }, { graphiqlFolder: 'dist/graphiql' });
  [app, small, open, openToFew] = await Promise.all([startTestApp(), startTestApp({ MAX_ANSWER_FIELDS: String(FEW_FIELDS) }), graphiql({}), graphiql({ MAX_ANSWER_FIELDS: '6000' })]);
});
afterAll(() => Promise.all([app, small, open, openToFew].map((one) => one.stop())));

const many = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(' ');
const nest = (levels: number, open: string, inner: string): string => open.repeat(levels) + inner + '}'.repeat(levels);
const ids = (count: number): string[] => idsFrom('cas360', 1001, count);
const representations = (count: number): object[] => ids(count).map((id) => ({ __typename: 'Contact', id }));
const aliases = (count: number): string => many(count, (i) => `a${i}: id`);
const contact = (selections: string): string => `{ contact(id: "cas360:1001") { ${selections} } }`;
const ENTITIES = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';

const EVERY_OPTION = { descriptions: true, specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, experimentalDirectiveDeprecation: true, oneOf: true };

type Ask = [query: string, variables?: Record<string, unknown>];

/** An operation at a limit, or `over` it by one. */
const AT_THE_LIMIT: [limit: string, max: number, how: string, (over: number) => Ask][] = [
  // Twelve, and one for each id.
  ['MAX_TOKENS', 2_000, 'in a list', (over) => [`{ contacts(ids: [${many(1_988 + over, () => '"x"')}]) { id } }`]],
  ['MAX_DEPTH', 12, 'one below the other', (over) => [contact(nest(9 + over, 'representatives { ', 'address { id }'))]],
  [
    'MAX_DEPTH',
    12,
    'in fragments',
    (over) => [`${contact('...f0')} ${many(9 + over, (i) => `fragment f${i} on Contact { representatives { ...f${i + 1} } }`)} fragment f${9 + over} on Contact { representatives { id } }`],
  ],
  ['MAX_ALIASES', 50, 'side by side', (over) => [contact(aliases(50 + over))]],
  ['MAX_ALIASES', 50, 'in a fragment that is spread ten times', (over) => [`${contact(`${many(10, () => '...f')} ${over ? 'b: id' : 'id'}`)} fragment f on Contact { ${aliases(5)} }`]],
  [
    'MAX_ALIASES',
    50,
    'in fragments of fragments',
    // 2 * (1 + 2 * (1 + 2 * (1 + 2 * 2))) = 46
    (over) => [`${contact(`...f0 ...f0 ${aliases(4 + over)}`)} ${many(3, (i) => `fragment f${i} on Contact { x${i}: id ...f${i + 1} ...f${i + 1} }`)} fragment f3 on Contact { y: id z: id }`],
  ],
  ['MAX_ALIAS_CHARACTERS', 200, 'in a fragment', (over) => [`${contact('...f')} fragment f on Contact { address { ${'a'.repeat(200 + over)}: id } }`]],
  ['MAX_DIRECTIVES', 50, 'side by side', (over) => [contact(many(50 + over, () => 'id @include(if: true)'))]],
  ['MAX_DIRECTIVES', 50, 'in a fragment that is spread five times', (over) => [`${contact(`${many(5, () => '...f @skip(if: false)')} ${over ? 'id @skip(if: false)' : 'id'}`)} fragment f on Contact { ${many(9, () => 'id @include(if: true)')} }`]],
  ['MAX_ROOT_FIELDS', 10, 'side by side', (over) => [`{ ${many(10 + over, (i) => `a${i}: contact(id: "cas360:1001") { id }`)} }`]],
  ['MAX_ROOT_FIELDS', 10, 'in fragments', (over) => [`{ ...f ...g } fragment f on Query { ${many(5, (i) => `a${i}: __typename`)} } fragment g on Query { ${many(5 + over, (i) => `b${i}: __typename`)} }`]],
  ['MAX_ENTITIES_FIELDS', 5, 'side by side', (over) => [`query ($r: [_Any!]!) { ${many(5 + over, (i) => `a${i}: _entities(representations: $r) { __typename }`)} }`, { r: [] }]],
  ['MAX_REPEATS', 100, 'side by side', (over) => [contact(many(100 + over, () => 'address { id }'))]],
  ['MAX_REPEATS', 100, 'in inline fragments', (over) => [contact(`id ${many(99 + over, () => '... { id }')}`)]],
  ['MAX_REPEATS', 100, 'in fragments', (over) => [`${contact(`${many(99 + over, (i) => `...f${i}`)} address { id }`)} ${many(99 + over, (i) => `fragment f${i} on Contact { address { id } }`)}`]],
  ['MAX_REPEATS', 100, 'one below the other', (over) => [contact(many(10, () => `representatives { ${many(10 + over, () => 'address { id }')} }`))]],
  ['MAX_REPRESENTATIONS', 2_000, 'in one field', (over) => [ENTITIES, { r: representations(2_000 + over) }]],
  [
    'MAX_REPRESENTATIONS',
    2_000,
    'in several fields',
    (over) => ['query ($r: [_Any!]!, $s: [_Any!]!) { a: _entities(representations: $r) { __typename } ... { b: _entities(representations: $s) { __typename } } }', { r: representations(1_000), s: representations(1_000 + over) }],
  ],
  [
    'MAX_REPRESENTATIONS',
    2_000,
    'by default, and in a list',
    (over) => [`query ($r: [_Any!]! = [${many(9 + over, () => '7')}], $s: [_Any!]!) { a: _entities(representations: $r) { __typename } b: _entities(representations: $s) { __typename } c: _entities(representations: [7]) { __typename } }`, { s: representations(1_990) }],
  ],
  ['MAX_VARIABLES_DEPTH', 12, 'one below the other', (over) => [ENTITIES, { r: [{ __typename: 'Company', x: JSON.parse('['.repeat(10 + over) + ']'.repeat(10 + over)) as unknown }] }]],
];

/** Operations whose answers can have a hundred fields, or with `over` one more. */
const A_HUNDRED_FIELDS: [how: string, (over: number) => Ask][] = [
  ['an id', (over) => [contact(`${many(49, () => 'id')} ${aliases(50)} ${over ? 'name' : ''}`)]],
  ['ids of a variable', (over) => [`query ($i: [ID!]!) { contacts(ids: $i) { id name email } ${over ? '__typename' : ''} }`, { i: ids(33) }]],
  ['ids in a list', (over) => [`{ contacts(ids: [${many(33, () => '"cas360:1001"')}]) { id name email } ${over ? '__typename' : ''} }`]],
  ['ids by default', (over) => [`query ($i: [ID!]! = ["cas360:1001", "cas360:1002"]) { contacts(ids: $i) { ${many(49, () => 'id')} } __typename ${over ? 'x: __typename' : ''} }`]],
  ['one id that stands for a list', (over) => [`query ($i: [ID!]!) { contacts(ids: $i) { ${many(99 + over, () => 'id')} } }`, { i: 'cas360:1001' }]],
  ['fragments', (over) => [`query ($i: [ID!]!) { contacts(ids: $i) { ...f ...f ... { id } } ${over ? '__typename' : ''} } fragment f on Contact { id }`, { i: ids(33) }]],
  ['what is below', (over) => [`query ($i: [ID!]!) { contacts(ids: $i) { address { country { code } } } ${over ? '__typename' : ''} }`, { i: ids(33) }]],
  ['lists of a known length', (over) => [`query ($i: [ID!]!) { contacts(ids: $i) { emailAddresses { address } phoneNumbers { kind } } ${many(3 + over, (i) => `x${i}: __typename`)} }`, { i: ids(16) }]],
  ['representations, by the type that has the most', (over) => [`query ($r: [_Any!]!) { _entities(representations: $r) { ... on Contact { id name } ... on Address { id lines city } } ${over ? '__typename' : ''} }`, { r: representations(33) }]],
  ['fragments on the union', (over) => [`query ($r: [_Any!]!) { _entities(representations: $r) { ...e ...c } ${many(3 + over, (i) => `x${i}: __typename`)} } fragment e on _Entity { ...c ... on Address { id } } fragment c on Contact { id ...d } fragment d on _Entity { ... on Contact { ...n } } fragment n on Contact { name }`, { r: representations(24) }]],
];

const refused = ({ data, errors, status }: Answer): [unknown, unknown, number] => [data, errors?.map(({ extensions }) => extensions.code), status];

const expectRefusal = ({ data, errors, status }: Answer, limit: string, max: number): void => {
  expect([status, data]).toEqual([400, undefined]);
  expect(errors!.map(({ extensions }) => extensions)).toEqual([{ code: 'LIMIT_EXCEEDED', retryable: false, limit }]);
  expect(errors![0]!.message).toContain(`At most ${max.toLocaleString('en')} `);
  expect(errors![0]!.message).toContain(`(${limit})`);
};

describe('An operation', () => {
  test.each(AT_THE_LIMIT)('that reaches %s (%s, %s) passes', async (_limit, _max, _how, operation) => {
    const { data, errors } = await app.query(...operation(0));
    expect((errors ?? []).filter(({ path }) => !path)).toEqual([]);
    expect(data).toBeDefined();
  });

  test.each(AT_THE_LIMIT)('that exceeds %s (%s, %s) is told so, and nothing is asked of an upstream', async (limit, max, _how, operation) => {
    app.reset();
    expectRefusal(await app.query(...operation(1)), limit, max);
    expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  });

  test.each(A_HUNDRED_FIELDS)('may have as many fields in its answer as MAX_ANSWER_FIELDS says, counted for %s', async (_how, operation) => {
    const { status, data, errors } = await small.query(...operation(0));
    expect([status, errors ?? []]).toEqual([200, []]);
    expect(data).toBeDefined();
    expectRefusal(await small.query(...operation(1)), 'MAX_ANSWER_FIELDS', FEW_FIELDS);
  });

  test('may be allowed more, or less', async () => {
    const limits = { MAX_TOKENS: '40', MAX_DEPTH: '2', MAX_ALIASES: '1', MAX_DIRECTIVES: '1', MAX_ROOT_FIELDS: '2', MAX_ENTITIES_FIELDS: '1', MAX_REPRESENTATIONS: '3', MAX_VARIABLES_DEPTH: '3', MAX_REPEATS: '2', MAX_ANSWER_FIELDS: '30' };
    const less = await startTestApp({ ...limits, MAX_IDS: '4' });
    expect((await less.query('{ contact(id: "cas360:54") { name } }')).errors).toBeUndefined();
    const beyond: [string, Ask][] = [
      ['MAX_TOKENS', [`{ ${many(50, () => '__typename')} }`]],
      ['MAX_DEPTH', ['{ contact(id: "cas360:54") { address { id } } }']],
      ['MAX_ALIASES', ['{ contact(id: "cas360:54") { a: id b: id } }']],
      ['MAX_DIRECTIVES', ['{ contact(id: "cas360:54") { id @include(if: true) @skip(if: false) } }']],
      ['MAX_ROOT_FIELDS', ['{ __typename a: __typename _service { sdl } }']],
      ['MAX_ENTITIES_FIELDS', ['query ($r: [_Any!]!) { _entities(representations: $r) { __typename } a: _entities(representations: $r) { __typename } }', { r: [] }]],
      ['MAX_REPRESENTATIONS', [ENTITIES, { r: representations(4) }]],
      ['MAX_VARIABLES_DEPTH', [ENTITIES, { r: [{ a: { b: [] } }] }]],
      ['MAX_REPEATS', ['{ contact(id: "cas360:54") { id id id } }']],
      ['MAX_ANSWER_FIELDS', ['query ($i: [ID!]!) { contacts(ids: $i) { id source sourceId name title email phone } x: contact(id: "cas360:54") { name } }', { i: ids(4) }]],
    ];
    for (const [limit, ask] of beyond) expectRefusal(await less.query(...ask), limit, Number(limits[limit as 'MAX_DEPTH']));
    expect(errorsIn(await less.query('query ($i: [ID!]!) { contacts(ids: $i) { id } }', { i: ids(5) }))).toEqual([{ at: 'contacts', code: 'BAD_USER_INPUT', retryable: false, limit: 'MAX_IDS' }]);
    await less.stop();
  });

  test.each([1_001, 100_000])('with %d ids in one field is refused at its place', async (count) => {
    const { data, errors } = await app.query('query ($i: [ID!]!) { contacts(ids: $i) { name } }', { i: Array.from({ length: count }, () => 'pms:1') });
    expect(data).toBeNull();
    expect(errors).toEqual([
      { message: 'At most 1,000 ids in a list are allowed (MAX_IDS). Ask for less at once.', locations: expect.anything(), path: ['contacts'], extensions: { code: 'BAD_USER_INPUT', retryable: false, limit: 'MAX_IDS' } },
    ]);
  });

  test('with circular fragments is refused, once', async () => {
    const answer = await app.query(`${contact('...a')} fragment a on Contact { representatives { ...b } } fragment b on Contact { representatives { ...a } }`);
    expect(refused(answer)).toEqual([undefined, ['GRAPHQL_VALIDATION_FAILED'], 400]);
  });

  test.each([
    ['levels', 'representatives { ...f${i + 1} ...f${i + 1} }', 'MAX_DEPTH', 12],
    ['fields', '...f${i + 1} ...f${i + 1}', 'MAX_REPEATS', 100],
  ])('of fragments that would unfold to a billion %s costs no more than its text', async (_what, selections, limit, max) => {
    const fragments = many(30, (i) => `fragment f${i} on Contact { ${selections.replaceAll('${i + 1}', String(i + 1))} }`);
    for (let sight = 0; sight < 3; sight++) expectRefusal(await app.query(`${contact('...f0')} ${fragments} fragment f30 on Contact { name }`), limit, max);
  });

  test.each<[string, Ask]>([
    ['1,000 contacts with every field that they have', [`query ($i: [ID!]!) { contacts(ids: $i) { ${everyField()} } }`, { i: ids(1_000) }]],
    ['2,000 representations with ten fields each', ['query ($r: [_Any!]!) { _entities(representations: $r) { ... on Contact { id source sourceId contactType name firstName lastName email phone address { id } } } }', { r: representations(2_000) }]],
  ])('for %s passes', async (_what, ask) => {
    const { status, data, errors = [] } = await app.query(...ask);
    expect([status, errors.filter(({ extensions }) => extensions.code !== 'FORBIDDEN')]).toEqual([200, []]);
    expect(Object.values<object[]>(data)[0]!.length).toBeGreaterThanOrEqual(1_000);
  });

  test.each([
    ['of a gateway', 'query Web__contacts__1($representations:[_Any!]!){_entities(representations:$representations){...on Contact{name email address{id city country{code}}representatives{id name}}}}'],
    ['of a code generator, for the schema', getIntrospectionQuery()],
    ['of a code generator, for all of the schema', getIntrospectionQuery({ ...EVERY_OPTION, typeDepth: 100 })],
    ['for three types', 'query ($n: String! = "Contact") { ...Q a: __type(name: "Address") { ...T } b: __type(name: $n) { ...T } } fragment Q on Query { __type(name: "Country") { ...T } } fragment T on __Type { name fields { name type { name ofType { name } } } }'],
    ['of GraphiQL, for the schema', '{ __schema { types { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } }'],
  ])('%s passes', async (_what, query) => {
    expect((await openToFew.query(query, { representations: representations(500) })).errors).toBeUndefined();
  });

  test.each<[what: string, query: string, limit: string, max: number]>([
    ['ten times', `{ ${many(10, (i) => `a${i}: __schema { types { fields { type { ...T ofType { ...T ofType { ...T } } } } } }`)} } fragment T on __Type { fields { name description args { name type { kind name } } type { kind name enumValues { name } } } }`, 'MAX_ANSWER_FIELDS', 250_000],
    ['in a list that is repeated below itself', `{ __schema { types { ${many(5, (i) => `a${i}: fields { ${many(8, (n) => `b${n}: type { enumValues { name description } ...T ofType { ...T } }`)} }`)} } } } fragment T on __Type { fields { name description } }`, 'MAX_ANSWER_FIELDS', 250_000],
  ])('for the schema %s is refused', async (_what, query, limit, max) => {
    expectRefusal(await open.query(query), limit, max);
  });
});

describe('Lists whose length the systems decide', () => {
  const JOINT = 'cas360:49100';
  const CROWD = 40;
  beforeAll(() => {
    const { contacts, relationships } = small.sandbox.cas360.data;
    const joint = contacts.get('40001')!;
    // It consists of forty people; another one of itself, twice.
    contacts.set('49100', { ...joint, id: 49_100, representativeIds: Array.from({ length: CROWD }, (_, n) => 1_001 + n) });
    contacts.set('49101', { ...joint, id: 49_101, representativeIds: [49_101, 49_101] });
    relationships.set('49100', Array.from({ length: CROWD }, () => ({ parentId: '1', parentType: 'Trust', type: 'Trustee', startDate: '2020-01-01', endDate: null })));
  });

  const excess = (at: string): object => ({ at, code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_ANSWER_FIELDS' });

  test('count as they come: one that has no more room is null, with an error at its place', async () => {
    for (let sight = 0; sight < 3; sight++) {
      const fits = await small.query(`{ contact(id: "${JOINT}") { name representatives { id name } } }`);
      expect([fits.errors, fits.data.contact.representatives.length]).toEqual([undefined, CROWD]);
      const beyond = await small.query(`{ contact(id: "${JOINT}") { id representatives { id name email } relationships { type parentType } } }`);
      expect(errorsIn(beyond)).toEqual([excess('contact.representatives')]);
      expect([beyond.data.contact.id, beyond.data.contact.representatives, beyond.data.contact.relationships.length]).toEqual([JOINT, null, CROWD]);
    }
  });

  test('end, though a joint member consists of itself', async () => {
    const { data, errors } = await small.query(`{ contact(id: "cas360:49101") { ${nest(10, 'representatives { id ', 'name')} } }`);
    expect(errors!.length).toBeGreaterThan(0);
    expect(new Set(errors!.map(({ extensions }) => extensions.limit))).toEqual(new Set(['MAX_ANSWER_FIELDS']));
    expect(JSON.stringify(data).match(/"id"/g)!.length).toBeLessThan(FEW_FIELDS);
  });
});

test('Every list of objects in the schema has a length that is known, by its arguments, by @listSize, or as it comes', () => {
  const COUNTED = ['Query.contacts', 'Query._entities', 'Contact.representatives', 'Contact.relationships'];
  const types = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !type.name.startsWith('__'));
  const lists = types.flatMap((type) =>
    isObjectType(type) ? Object.values(type.getFields()).filter((field) => isListType(isNonNullType(field.type) ? field.type.ofType : field.type) && !('parseValue' in getNamedType(field.type))).map((field) => ({ at: `${type.name}.${field.name}`, field })) : [],
  );
  const others = lists.filter(({ at }) => !COUNTED.includes(at));
  expect(others.map(({ at }) => at)).toEqual(['Contact.emailAddresses', 'Contact.phoneNumbers']);
  for (const { field } of others) expect(field.astNode!.directives!.map(({ name }) => name.value)).toContain('listSize');
});
