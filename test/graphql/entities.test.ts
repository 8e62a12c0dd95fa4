import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from '../support/anyText.js';
import { errorsIn, idsFrom, startTestApp, type TestApp } from '../support/testApp.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const none = { pms: 0, cas360: 0, addresses: 0 };
const BAD = { code: 'BAD_USER_INPUT', retryable: false };
const contact = (id: unknown) => ({ __typename: 'Contact', id });

const FIELDS = `__typename
  ... on Contact { id name }
  ... on Address { id city }
  ... on SalesAccount { id accountCode contact { id name } }
  ... on Company { id }`;

const resolve = (representations: unknown[], fields = FIELDS) =>
  app.query(`query ($representations: [_Any!]!) { _entities(representations: $representations) { ${fields} } }`, { representations });

/** Resolves what nothing is wrong with. */
const entities = async (representations: unknown[], fields = FIELDS) => {
  const { data, errors } = await resolve(representations, fields);
  expect(errors).toBeUndefined();
  return data._entities;
};

/** Neither null, which no list of representations may hold, nor with a key that the JSON reader refuses in any body. */
const isHarmless = (value: unknown) => value !== null && !/__proto__|constructor/.test(JSON.stringify(value));

/** Ids that are none, each of them near to one. */
const MALFORMED: unknown[] = [
  '',
  '54',
  'cas360',
  'cas360:',
  'cas360:0',
  'cas360:054',
  'cas360:-54',
  'cas360:+54',
  'cas360:5.4',
  'cas360:5e1',
  'cas360:0x36',
  'cas360:54,55',
  'cas360:54/../55',
  'cas360:54?relationships=true',
  'cas360:54#',
  'cas360:%35%34',
  'cas360: 54',
  ' cas360:54',
  'cas360:54 ',
  'cas360:54\n',
  'cas360:54\u0000',
  'cas360:٥٤',
  'cas360:５４',
  'cas360:54:55',
  'cas360:12345678901234567890',
  'CAS360:54',
  'Cas360:54',
  'pms:4711/51',
  'bgl:54',
  'constructor:54',
  '__proto__:54',
  54,
  null,
  true,
  {},
  [],
  ['cas360:54'],
  { toString: 'cas360:54' },
];

describe('one bad representation among fifty good ones', () => {
  // A contact of the PMS is a call.
  const good = idsFrom('cas360', 1001, 45).concat(idsFrom('pms', 5001, 5)).map(contact);

  test.each<[string, unknown]>([
    ['an unknown type', { __typename: 'Unicorn', id: 'cas360:54' }],
    ['no type', { id: 'cas360:54' }],
    ['null for a type', { __typename: null, id: 'cas360:54' }],
    ['a number for a type', { __typename: 7, id: 'cas360:54' }],
    ['a list for a type', { __typename: ['Contact'], id: 'cas360:54' }],
    ['__proto__ for a type', { __typename: '__proto__', id: 'cas360:54' }],
    ['constructor for a type', { __typename: 'constructor', id: 'cas360:54' }],
    ['a scalar type', { __typename: 'String', id: 'cas360:54' }],
    ['an enum type', { __typename: 'Gender', id: 'MALE' }],
    ['a type of ours that is no entity', { __typename: 'Relationship', id: 'cas360:54' }],
    ['the root type', { __typename: 'Query' }],
    ['the union', { __typename: '_Entity', id: 'cas360:54' }],
    ['a string', 'cas360:54'],
    ['an empty string', ''],
    ['a number', 54],
    ['true', true],
    ['a list', [contact('cas360:54')]],
    ['an empty list', []],
    ['an empty object', {}],
    ['no id', { __typename: 'Contact' }],
    ['another key than the id', { __typename: 'Contact', sourceId: '54' }],
    ['an address without an id', { __typename: 'Address' }],
    ['an address with the id of a PMS contact', { __typename: 'Address', id: 'pms:4711' }],
    ['an address with an id of both forms', { __typename: 'Address', id: 'cas360:54/15' }],
    ['an address in a list', { __typename: 'Address', id: ['cas360:15'] }],
    ['a sales account without its contact', { __typename: 'SalesAccount', id: 'pms:902' }],
    ['a sales account with a malformed contact', { __typename: 'SalesAccount', id: 'pms:902', contact: { id: 'pms:' } }],
    ['a sales account with a contact that is none', { __typename: 'SalesAccount', id: 'pms:902', contact: 'pms:4711' }],
    ['a sales account with a malformed id', { __typename: 'SalesAccount', id: '902', contact: { id: 'pms:4711' } }],
    ...MALFORMED.map((id): [string, unknown] => [`the id ${JSON.stringify(id)}`, contact(id)]),
  ])('that is %s costs itself alone', async (_, bad) => {
    const answer = await resolve([...good.slice(0, 25), bad, ...good.slice(25)], '__typename ... on Contact { id lastName }');
    expect(answer.status).toBe(200);
    expect(errorsIn(answer)).toEqual([{ at: '_entities.25', ...BAD }]);
    expect(answer.errors![0]!.message).toMatch(/^This (representation cannot be resolved here|is not (the id|a reference))\b/);
    const served = answer.data._entities;
    expect(served[25]).toBeNull();
    expect(served.toSpliced(25, 1)).toEqual(good.map(({ id }) => ({ __typename: 'Contact', id, lastName: expect.any(String) })));
    expect(app.calls()).toEqual({ pms: 5, cas360: 1, addresses: 0 });
  });
});

describe('malformed ids', () => {
  test.each([
    ['contacts', 'query ($ids: [ID!]!) { contacts(ids: $ids) { id name } }'],
    ['contacts without a call', 'query ($ids: [ID!]!) { contacts(ids: $ids) { id } }'],
  ])('cost themselves alone in %s', async (_, query) => {
    const malformed = MALFORMED.filter((id) => typeof id === 'string' || typeof id === 'number');
    const ids = malformed.flatMap((id) => [id, 'cas360:54']);
    const answer = await app.query(query, { ids });
    expect(errorsIn(answer)).toEqual(malformed.map((_, n) => ({ at: `contacts.${2 * n}`, ...BAD })));
    expect(answer.data.contacts.map((one: { id: string } | null) => one?.id)).toEqual(malformed.flatMap(() => [undefined, 'cas360:54']));
    expect(app.calls().cas360).toBeLessThanOrEqual(1);
  });

  test.each(MALFORMED.filter((id) => typeof id === 'string'))('%j is no contact', async (id) => {
    const answer = await app.query('query ($id: ID!) { contact(id: $id) { id name } }', { id });
    expect(errorsIn(answer)).toEqual([{ at: 'contact', ...BAD }]);
    expect(answer.data).toEqual({ contact: null });
    expect(app.calls()).toEqual(none);
  });

  test('of any text never reach a URL', async () => {
    const nearlyIds = fc.stringMatching(/^(pms|cas360)[:/][0-9a-f%./?&#, \\\n-]{0,24}$/);
    const anything = anyText();
    const valid = /^(pms|cas360):[1-9][0-9]{0,18}$/;
    const drawn = fc.sample(fc.oneof(nearlyIds, anything, fc.tuple(fc.constantFrom('pms:', 'cas360:'), anything).map((parts) => parts.join(''))), 200);
    const allowed = [/^\/contacts\/[1-9]\d{0,18}(,[1-9]\d{0,18})*\?offset=0&limit=500$/, /^\/api\/v3\/contacts\/[1-9]\d{0,18}$/];
    for (let from = 0; from < drawn.length; from += 50) {
      const ids = drawn.slice(from, from + 50);
      const answers = [
        await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids }),
        await resolve(ids.map(contact), '... on Contact { name }'),
      ];
      for (const answer of answers) expect(answer.errors ?? []).toHaveLength(ids.filter((id) => !valid.test(id)).length);
    }
    const calls = [...app.sandbox.pms.calls, ...app.sandbox.cas360.calls].filter(({ kind }) => kind !== 'token');
    expect(calls.map(({ path }) => path).filter((path) => !allowed.some((form) => form.test(path)))).toEqual([]);
  }, 30_000);
});

describe('an address', () => {
  test.each([
    ['cas360:15', 'MELBOURNE', { ...none, addresses: 1 }],
    ['pms:4711/51', 'Cork', { ...none, pms: 1 }],
  ])('is found by the id %s', async (id, city, calls) => {
    expect(await entities([{ __typename: 'Address', id }])).toEqual([{ __typename: 'Address', id, city }]);
    expect(app.calls()).toEqual(calls);
  });

  test.each(['cas360:999999999', 'pms:4711/52', 'pms:4711/15', 'pms:999999999/51', 'pms:5010/1'])('%s is null: there is none', async (id) => {
    expect(await entities([{ __typename: 'Address', id }])).toEqual([null]);
  });

  test('costs no call for its id alone', async () => {
    expect(await entities(['cas360:15', 'pms:4711/51'].map((id) => ({ __typename: 'Address', id })), '... on Address { id __typename }')).toHaveLength(2);
    expect(app.calls()).toEqual(none);
  });

  test('comes in bulk with the others', async () => {
    const ids = Array.from({ length: 150 }, (_, n) => `cas360:${7001 + n}`);
    const found = await entities(ids.map((id) => ({ __typename: 'Address', id })), '... on Address { id postCode }');
    expect(found.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(app.calls()).toEqual({ ...none, addresses: 2 });
  });
});

describe('a sales account', () => {
  const account = (id: string, contactId: string) => ({ __typename: 'SalesAccount', id, contact: { __typename: 'Contact', id: contactId } });

  test('is found through the contact that holds it', async () => {
    expect(await entities([account('pms:902', 'pms:4711')])).toEqual([
      { __typename: 'SalesAccount', id: 'pms:902', accountCode: 'C-000902', contact: { id: 'pms:4711', name: 'Iris Maeve Vale' } },
    ]);
    expect(app.calls()).toEqual({ ...none, pms: 1 });
  });

  test.each([
    ['that the contact does not hold', account('pms:903', 'pms:4711')],
    ['of a contact without one', account('pms:902', 'pms:5004')],
    ['of an unknown contact', account('pms:902', 'pms:999999999')],
    ['of a contact of the register, which keeps none', account('pms:902', 'cas360:54')],
  ])('%s is null, without an error', async (_, representation) => {
    expect(await entities([representation])).toEqual([null]);
  });
});

describe('entities', () => {
  test('that are companies are null without an error', async () => {
    expect(await entities([{ __typename: 'Company', id: 'pms:77' }, contact('cas360:54'), { __typename: 'Company' }])).toEqual([
      null,
      { __typename: 'Contact', id: 'cas360:54', name: 'Fancy Southern Africa Cat Council' },
      null,
    ]);
  });

  test('keep the order and the length of what was asked for, of all kinds mixed', async () => {
    const asked = [
      { __typename: 'Address', id: 'cas360:15' },
      contact('pms:4711'),
      contact('cas360:54'),
      { __typename: 'Company', id: 'pms:77' },
      contact('pms:999999999'),
      contact('pms:4711'),
      { __typename: 'SalesAccount', id: 'pms:902', contact: { id: 'pms:4711' } },
      { __typename: 'Address', id: 'pms:4711/51' },
      { __typename: 'Address', id: 'cas360:15' },
    ];
    const found = await entities(asked);
    expect(found.map((entity: { id: string } | null) => entity?.id)).toEqual(asked.map(({ id }) => (/:77|:999999999/.test(String(id)) ? undefined : id)));
    expect(app.calls()).toEqual({ pms: 2, cas360: 1, addresses: 1 });
  });

  test('written into the query are as good as in a variable', async () => {
    const { data, errors } = await app.query('{ _entities(representations: [{ __typename: "Contact", id: "cas360:54" }]) { ... on Contact { name } } }');
    expect(errors).toBeUndefined();
    expect(data._entities).toEqual([{ name: 'Fancy Southern Africa Cat Council' }]);
  });

  test('of none are none', async () => {
    expect(await entities([])).toEqual([]);
    expect(app.calls()).toEqual(none);
  });

  test('in any mix of good and bad keep their places', async () => {
    const good = fc.constantFrom(...idsFrom('cas360', 1001, 40), ...idsFrom('pms', 5001, 5)).map((id) => ({ id, representation: contact(id) }));
    const bad = fc
      .oneof(fc.jsonValue().filter(isHarmless), fc.constantFrom(...MALFORMED).map(contact))
      .map((representation) => ({ id: null, representation }));
    const mix = fc.array(fc.oneof({ arbitrary: good, weight: 3 }, bad), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(mix, async (asked) => {
        const answer = await resolve(asked.map(({ representation }) => representation), '... on Contact { id lastName }');
        expect(answer.data._entities.map((entity: { id: string } | null) => entity && entity.id)).toEqual(asked.map(({ id }) => id));
        const places = asked.flatMap(({ id }, n) => (id === null ? [`_entities.${n}`] : []));
        expect(errorsIn(answer)).toEqual(places.map((at) => ({ at, ...BAD })));
      }),
      { numRuns: 40 },
    );
  });
});

describe('the schema', () => {
  test('is served to whoever composes a supergraph', async () => {
    const { data, errors } = await app.query('{ _service { sdl } }');
    expect(errors).toBeUndefined();
    expect(data._service.sdl).toMatch(/type Contact @key\(fields: "id"\)/);
    expect(data._service.sdl).toMatch(/federation\/v2\.9/);
  });

  test('has these entities and no others', async () => {
    const { data } = await app.query('{ _service { sdl } }');
    expect([...data._service.sdl.matchAll(/^type (\w+) (@key.*) \{$/gm)].map(([, name, keys]) => `${name} ${keys}`).sort()).toEqual([
      'Address @key(fields: "id")',
      'Company @key(fields: "id", resolvable: false)',
      'Contact @key(fields: "id") @cost(weight: 10)',
      'SalesAccount @key(fields: "id", resolvable: false) @key(fields: "id contact { id }")',
    ]);
  });
});
