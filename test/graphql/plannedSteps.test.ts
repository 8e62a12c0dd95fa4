import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import { MAX_HOLDERS } from '../../src/loaders/addressLoader.js';
import { idsFrom, startTestApp, type Answer, type TestApp } from '../support/testApp.js';

const BUILT = { graphiqlFolder: 'dist/graphiql' };
const PLAN = { 'x-upstream-calls': 'plan' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ GRAPHIQL: 'true' }, BUILT);
});
afterAll(() => app.stop());

const planIn = ({ text }: Answer): UpstreamPlan => JSON.parse(text).extensions?.upstreamPlan;
const planOf = async (query: string, variables = {}, headers = {}): Promise<UpstreamPlan> => planIn(await app.query(query, variables, { ...PLAN, ...headers }));

/** Each step in a line: `0 CAS360 contacts+relationships 1..1 (1..2)`. */
const linesOf = ({ steps }: UpstreamPlan): string[] =>
  steps.map(({ source, resource, relationships, after, calls }) => `${after.join()}> ${source} ${resource}${relationships ? '+relationships' : ''} ${calls.atLeast}..${calls.atMost} (${calls.inRareCases})`);

describe('The steps of a plan', () => {
  test.each<[string, string, string[], object?]>([
    ['nothing but ids', '{ contacts(ids: ["cas360:54", "pms:4711"]) { id source sourceId __typename } }', []],
    ['one of the PMS', '{ contact(id: "pms:4711") { name address { city } salesAccount { companyName } relationships { type } representatives { name } } }', ['> PMS contacts 1..1 (1)']],
    ['one of the register', '{ contact(id: "cas360:54") { name } }', ['> CAS360 contacts 1..1 (1)']],
    ['a call of several, of which the register may know only some', '{ contacts(ids: ["cas360:54", "cas360:55"]) { name } }', ['> CAS360 contacts 1..1 (2)']],
    ['malformed ids', '{ contacts(ids: ["cas360:0", "54", ""]) { name } }', []],
    ['the same id twice', '{ a: contact(id: "cas360:54") { name } b: contact(id: "cas360:54") { email relationships { type } } }', ['> CAS360 contacts+relationships 1..1 (1)']],
    ['relationships for some', '{ a: contact(id: "cas360:54") { name } b: contact(id: "cas360:55") { relationships { type } } }', ['> CAS360 contacts+relationships 1..1 (1)', '> CAS360 contacts 1..1 (1)']],
    ['a skipped field', '{ contact(id: "cas360:54") { name relationships @skip(if: true) { type } } }', ['> CAS360 contacts 1..1 (1)']],
    ['a guarded field without its scope', '{ contact(id: "cas360:54") { id dateOfBirth } }', []],
    ['an address, which a Joint Member may lack', '{ contact(id: "cas360:54") { address { city } } }', ['> CAS360 contacts 1..1 (1)', '0> CAS360 addresses 0..1 (1)', '0> CAS360 contacts 0..0 (20)']],
    ['an address in two places', '{ contact(id: "cas360:54") { address { id } address { city } } }', ['> CAS360 contacts 1..1 (1)', '0> CAS360 addresses 0..1 (1)', '0> CAS360 contacts 0..0 (20)']],
    ["an address's id", '{ contact(id: "cas360:54") { address { id } } }', ['> CAS360 contacts 1..1 (1)', '0> CAS360 contacts 0..0 (20)']],
    ['representatives', '{ contact(id: "cas360:54") { representatives { name } } }', ['> CAS360 contacts 1..1 (1)', '0> CAS360 contacts 0..null (null)']],
    ["representatives' ids", '{ contact(id: "cas360:54") { representatives { id } } }', ['> CAS360 contacts 1..1 (1)']],
    [
      'two levels of them',
      '{ contact(id: "cas360:54") { representatives { name representatives { relationships { type } } } } }',
      ['> CAS360 contacts 1..1 (1)', '0> CAS360 contacts 0..null (null)', '1> CAS360 contacts+relationships 0..null (null)'],
    ],
    ['an address by its id', '{ _entities(representations: [{ __typename: "Address", id: "cas360:15" }, { __typename: "Address", id: "pms:4711/51" }]) { ... on Address { city } } }', ['> PMS contacts 1..1 (1)', '> CAS360 addresses 1..1 (1)']],
    ['a sales account', '{ _entities(representations: [{ __typename: "SalesAccount", id: "pms:902", contact: { id: "pms:4711" } }]) { ... on SalesAccount { companyName } } }', ['> PMS contacts 1..1 (1)']],
    [
      'an id that others have too: a contact of the PMS, and an address',
      '{ a: contact(id: "pms:54") { name } b: contact(id: "cas360:54") { address { city } } _entities(representations: [{ __typename: "Address", id: "cas360:54" }]) { ... on Address { city } } }',
      ['> PMS contacts 1..1 (1)', '> CAS360 contacts 1..1 (1)', '> CAS360 addresses 1..1 (1)', '1> CAS360 addresses 0..1 (1)', '1> CAS360 contacts 0..0 (20)'],
    ],
    [
      'an address of one of those that are loaded',
      '{ a: contact(id: "cas360:54") { relationships { type } } b: contact(id: "cas360:55") { address { id } } c: contact(id: "cas360:56") { name } }',
      ['> CAS360 contacts+relationships 1..1 (1)', '> CAS360 contacts 1..1 (2)', '1> CAS360 contacts 0..0 (20)'],
    ],
    [
      'an address of one of two chunks',
      `{ a: contacts(ids: ${JSON.stringify(idsFrom('cas360', 1_001, 150))}) { name } b: contact(id: "cas360:1001") { address { id } } }`,
      ['> CAS360 contacts 2..2 (4)', '0> CAS360 contacts 0..0 (20)'],
    ],
    ['a field that is refused alone', 'query ($id: ID = "cas360:1") { a: contact(id: $id) { name } b: contact(id: "cas360:54") { name } }', ['> CAS360 contacts 1..1 (1)'], { id: null }],
    ['the schema', '{ __schema { queryType { name } } _service { sdl } __typename }', []],
  ])('%s', async (_name, query, steps, variables = {}) => {
    const plan = await planOf(query, variables);
    expect(linesOf(plan).sort()).toEqual([...steps].sort());
    expect(app.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
  });

  test('name the ids of each call, and the fields that wait', async () => {
    const { steps, calls, endpoints } = await planOf('query ($ids: [ID!]!) { list: contacts(ids: $ids) { name } contact(id: "cas360:54") { email } }', { ids: [...idsFrom('cas360', 1_001, 150), 'pms:4711', 'pms:5001'] });
    const [pms, cas360] = steps;
    expect(pms).toMatchObject({ source: 'PMS', fields: ['list'], chunks: [['4711'], ['5001']], ids: { atLeast: 2, atMost: 2 } });
    expect(cas360).toMatchObject({ source: 'CAS360', fields: ['list', 'contact'], after: [] });
    expect(cas360!.chunks!.map(({ length }) => length)).toEqual([100, 51]);
    expect(calls).toEqual({ atLeast: 4, atMost: 4, inRareCases: 6 });
    expect(endpoints).toEqual([
      { source: 'PMS', resource: 'contacts', calls: { atLeast: 2, atMost: 2, inRareCases: 2 } },
      { source: 'CAS360', resource: 'contacts', calls: { atLeast: 2, atMost: 2, inRareCases: 4 } },
    ]);
  });

  test('name the fields that wait by their path in the answer, and how many ids there are', async () => {
    const { steps } = await planOf('{ list: contacts(ids: ["cas360:54"]) { home: address { id city } other: address { id } representatives { name first: representatives { name } } } }');
    expect(steps.map(({ resource, fields, ids }) => [resource, fields, ids])).toEqual([
      ['contacts', ['list'], { atLeast: 1, atMost: 1 }],
      ['addresses', ['list.home'], { atLeast: 0, atMost: 1 }],
      ['contacts', ['list.home', 'list.other'], { atLeast: 0, atMost: MAX_HOLDERS }],
      ['contacts', ['list.representatives'], { atLeast: 0, atMost: null }],
      ['contacts', ['list.representatives.first'], { atLeast: 0, atMost: null }],
    ]);
  });

  test('have the ids in the order of the root fields, whatever these are called', async () => {
    const { steps } = await planOf('{ a: contacts(ids: ["cas360:54"]) { name } b: contact(id: "cas360:55") { name } ...More } fragment More on Query { c: contacts(ids: ["cas360:56"]) { name } }');
    expect(steps[0]!.chunks).toEqual([['54', '55', '56']]);
  });

  test('count lists that use up the turn in which others are resolved', async () => {
    const { data } = app.sandbox.cas360;
    const relationship = { parentId: '1', parentType: null, type: null, startDate: null, endDate: null };
    for (const id of ['1001', '1002', '1003']) data.relationships.set(id, Array(2_500).fill(relationship));
    const query = `query ($some: [_Any!]!) {
      companies: contacts(ids: ["cas360:1001", "cas360:1002", "cas360:1003"]) { address { city } relationships { type parentId parentType startDate endDate current } }
      _entities(representations: $some) { ... on Contact { address { city } } ... on Address { city } }
    }`;
    const some = [{ __typename: 'Address', id: 'cas360:7001' }, ...idsFrom('cas360', 1_004, 10).map((id) => ({ __typename: 'Contact', id }))];
    const { endpoints } = await planOf(query, { some });
    app.reset();
    const { errors } = await app.query(query, { some });
    expect(errors).toBeUndefined();
    const most = endpoints.find(({ resource }) => resource === 'addresses')!.calls.atMost!;
    expect(app.calls().addresses).toBeLessThanOrEqual(most);
    // Not more than there can be: the address by its id, the companies, and the others in two parts.
    expect(most).toBe(4);
  });

  test('know what the token opens', async () => {
    const plan = await planOf('{ contact(id: "cas360:54") { id dateOfBirth } }', {}, await app.bearer('contact:identity'));
    expect(linesOf(plan)).toEqual(['> CAS360 contacts 1..1 (1)']);
  });
});

describe('The parts in which contacts arrive', () => {
  /** Ten ids a call: each further part may cost one more. */
  let tens: TestApp;
  beforeAll(async () => {
    tens = await startTestApp({ GRAPHIQL: 'true', CAS360_MAX_IDS: '10' }, BUILT);
  });
  afterAll(() => tens.stop());

  const list = (name: string, from: number, count: number, fields: string, more: string[] = []): string => `${name}: contacts(ids: ${JSON.stringify([...idsFrom('cas360', from, count), ...more])}) { address { city } ${fields} }`;
  const entities = (from: number, count: number, fields: string, more = ''): string => `_entities(representations: [${idsFrom('cas360', from, count).map((id) => `{ __typename: "Contact", id: "${id}" }`).join(' ')} ${more}]) { ... on Contact { address { city } ${fields} } }`;
  const PMS = ['pms:4711'];
  const ADDRESS = '{ __typename: "Address", id: "cas360:9001" }';
  /** Lists whose length is not known can use up a turn. */
  const LIST = 'relationships { type }';
  const five = (fields: string): string => [0, 1, 2, 3, 4].map((n) => list(`a${n}`, 1_001 + 180 * n, 180, fields)).join(' ');
  /** With `address`, its city, and these an item has as many fields as needed. */
  const names = (count: number): string => Array.from({ length: count }, (_, n) => `n${n}: name`).join(' ');

  test.each([
    ['a list of the register', list('a', 1_001, 25, LIST), [25, 3]],
    ['a list of both systems', list('a', 1_001, 25, LIST, PMS), [25, 3]],
    ['two lists of the register', list('a', 1_001, 25, LIST) + list('b', 2_001, 10, ''), [35, 4]],
    ['two lists of both systems', list('a', 1_001, 25, LIST, PMS) + list('b', 2_001, 10, '', PMS), [35, 4]],
    ['a list of the register, and one of both systems', list('a', 1_001, 25, LIST) + list('b', 2_001, 10, '', PMS), [35, 5]],
    ['the same behind representatives', list('a', 1_001, 25, 'representatives { id }') + list('b', 2_001, 10, '', PMS), [35, 5]],
    ['the same without lists of unknown length', list('a', 1_001, 25, 'name') + list('b', 2_001, 10, '', PMS), [35, 4]],
    ['a list of the register, and one with a malformed id', list('a', 1_001, 25, LIST) + list('b', 2_001, 10, '', ['54']), [35, 5]],
    ['one contact, and a list of the register', `a: contact(id: "cas360:2001") { address { city } } ${list('b', 1_001, 25, LIST)}`, [26, 3]],
    ['one contact, and a list of both systems', `a: contact(id: "cas360:2001") { address { city } } ${list('b', 1_001, 25, LIST, PMS)}`, [26, 4]],
    ['contacts as entities, and a list of the register', entities(1_001, 25, LIST) + list('b', 2_001, 10, ''), [35, 4]],
    ['contacts among other entities', entities(1_001, 25, LIST, ADDRESS), [25, 4]],
    ['contacts among other entities, and a list of the register', entities(1_001, 25, LIST, ADDRESS) + list('b', 2_001, 10, ''), [35, 6]],
    ['5,000 fields', list('a', 1_001, 400, names(4)) + list('b', 2_001, 432, names(4), PMS), [832, 84]],
    ['5,001 fields', `${list('a', 1_001, 400, names(4))} ${list('b', 2_001, 432, names(4), PMS)} __typename`, [832, 85]],
    ['5,000 fields and lists of unknown length', list('a', 1_001, 400, `${names(3)} ${LIST}`) + list('b', 2_001, 433, `${names(3)} ${LIST}`), [833, 84]],
    ['5,001 fields and lists of unknown length', `${list('a', 1_001, 400, `${names(3)} ${LIST}`)} ${list('b', 2_001, 433, `${names(3)} ${LIST}`)} __typename`, [833, 85]],
    ['a list of two turns', list('a', 1_001, 900, names(8)), [900, 91]],
    ['two lists of a turn each', list('a', 1_001, 450, names(8)) + list('b', 2_001, 450, names(8)), [900, 91]],
    ['entities of two turns', entities(1_001, 225, names(38), ADDRESS), [225, 25]],
    ['five lists in three turns', five(names(8)), [900, 92]],
  ])('%s', async (_name, fields, expected) => {
    const { steps } = planIn(await tens.query(`{ ${fields} }`, {}, PLAN));
    const { ids, calls } = steps.find(({ resource, after }) => resource === 'addresses' && after.length > 0)!;
    expect([ids.atMost, calls.atMost]).toEqual(expected);
  });
});

describe('An operation that is not planned', () => {
  test.each([
    ['its variables are wrong', 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: 7.5 }],
    ['a variable is missing', 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', {}],
    ['a list has no ids, so the whole answer would be null', 'query ($ids: [ID!] = ["cas360:1"]) { contacts(ids: $ids) { name } }', { ids: null }],
    ['it is not valid', '{ contact(id: "pms:1") { nam } }', {}],
    ['it is too deep', `{ contact(id: "cas360:54") { ${'representatives { '.repeat(12)} id ${'} '.repeat(12)} } }`, {}],
  ])('%s', async (_name, query, variables) => {
    const answer = await app.query(query, variables, PLAN);
    const run = await app.query(query, variables);
    expect(planIn(answer)).toBeUndefined();
    expect([answer.status, answer.data, answer.errors]).toEqual([run.status, run.data, run.errors]);
  });

  test('a list has more ids than one field takes, so the whole answer would be null', async () => {
    const query = 'query ($ids: [ID!]!) { contacts(ids: $ids) { name } contact(id: "pms:4711") { name } }';
    const { data, errors, status } = await app.query(query, { ids: idsFrom('cas360', 1, 1_001) }, PLAN);
    expect([status, data, errors!.map(({ path, extensions }) => ({ path, extensions }))]).toEqual([200, null, [{ path: ['contacts'], extensions: { code: 'BAD_USER_INPUT', retryable: false, limit: 'MAX_IDS' } }]]);
  });

  test('plans are closed with GraphiQL: the operation runs', async () => {
    const closed = await startTestApp();
    const answer = await closed.query('{ contact(id: "cas360:54") { name } }', {}, PLAN);
    expect(planIn(answer)).toBeUndefined();
    expect(answer.data.contact.name).toEqual(expect.any(String));
    expect(closed.calls()).toMatchObject({ cas360: 1 });
    await closed.stop();
  });

  test('a system that is not set up has no calls', async () => {
    const alone = await startTestApp({ GRAPHIQL: 'true', CAS360_BASE_URL: undefined }, BUILT);
    const answer = await alone.query('{ contacts(ids: ["cas360:54", "pms:4711"]) { name address { city } } }', {}, PLAN);
    expect(linesOf(planIn(answer))).toEqual(['> PMS contacts 1..1 (1)']);
    await alone.stop();
  });
});

test('Plans are counted by no metric of operations', async () => {
  const counts = async (): Promise<string[]> => (await (await fetch(`${app.url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('contacts_operation'));
  await app.query('{ contact(id: "pms:4711") { name } }');
  const before = await counts();
  expect(before).not.toEqual([]);
  await planOf('{ contact(id: "pms:4711") { name } }');
  expect(await counts()).toEqual(before);
});
