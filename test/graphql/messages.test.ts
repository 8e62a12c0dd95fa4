import { readFileSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ERRORS, FAULTS, LIMITS, messageOf, type ErrorCode, type Fault, type LimitName } from '../../src/errorCodes.js';
import type { ServedError } from '../../src/graphql/formatError.js';
import { isContactsError } from '../../published/errors.js';
import { everyField, startTestApp, type TestApp } from '../support/testApp.js';

let closed: TestApp;
let open: TestApp;
beforeAll(async () => {
  [closed, open] = await Promise.all([startTestApp(), startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' })]);
});
afterAll(() => Promise.all([closed.stop(), open.stop()]));

const JSON_TYPE = { 'content-type': 'application/json' };
const { codes: TABLE } = JSON.parse(readFileSync('published/errors.json', 'utf8')) as { codes: readonly { code: string; extensions: { always: string[]; sometimes: string[] } }[] };

interface Told {
  readonly status: number;
  readonly errors: readonly ServedError[];
}

/** The refusal of a request. Checks that clients can read each error by what is published. */
async function told(app: TestApp, { path = '/graphql', ...init }: RequestInit & { path?: string }): Promise<Told> {
  const response = await fetch(app.url + path, { method: 'POST', headers: JSON_TYPE, ...init });
  const { errors = [] } = (await response.json()) as { errors?: readonly ServedError[] };
  for (const error of errors) {
    expect(isContactsError(error)).toBe(true);
    const { always, sometimes } = TABLE.find(({ code }) => code === error.extensions.code)!.extensions;
    const keys = Object.keys(error.extensions);
    expect(keys).toEqual(expect.arrayContaining(always));
    expect([...always, ...sometimes]).toEqual(expect.arrayContaining(keys));
  }
  return { status: response.status, errors };
}

const operation = (query: unknown, more: object = {}): RequestInit => ({ body: JSON.stringify({ query, ...more }) });
const times = (count: number, text: (i: number) => string): string => Array.from({ length: count }, (_, i) => text(i)).join(' ');
const ONE = 'contact(id: "pms:4711")';
const BY_ID = 'query ($id: ID!) { contact(id: $id) { id } }';
const BY_IDS = 'query ($ids: [ID!]!) { contacts(ids: $ids) { id } }';
const ENTITIES = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Contact { name } ... on Address { city } ... on SalesAccount { accountCode } } }';
const entity = (representation: unknown): RequestInit => operation(ENTITIES, { variables: { r: [representation] } });
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe('A request beyond a limit is told its name, its number and what it counts', () => {
  test.each<[limit: LimitName, max: number, request: RequestInit]>([
    ['MAX_BODY_BYTES', 1_048_576, operation('{ __typename }', { x: 'x'.repeat(1_048_576) })],
    ['MAX_BODY_OBJECTS', 17_000, operation('{ __typename }', { x: Array.from({ length: 17_000 }, () => []) })],
    ['MAX_BODY_KEYS', 17_000, operation('{ __typename }', { x: Object.fromEntries(Array.from({ length: 17_000 }, (_, i) => [i, 1])) })],
    ['MAX_QUERY_CHARACTERS', 100_000, operation(`{ contact(id: "${'x'.repeat(100_000)}") { id } }`)],
    ['MAX_QUERY_LINES', 5_000, operation(`${'\n'.repeat(5_000)}{ __typename }`)],
    ['MAX_TOKENS', 2_000, operation(`{ ${times(2_000, () => 'a')} }`)],
    ['MAX_DEPTH', 12, operation(`{ ${ONE} ${'{ representatives '.repeat(11)} { id } ${'}'.repeat(11)} }`)],
    ['MAX_ALIASES', 50, operation(`{ ${ONE} { ${times(51, (i) => `a${i}: name`)} } }`)],
    ['MAX_ALIAS_CHARACTERS', 200, operation(`{ ${'a'.repeat(201)}: __typename }`)],
    ['MAX_DIRECTIVES', 50, operation(`{ ${ONE} { name ${times(51, () => '@skip(if: false)')} } }`)],
    ['MAX_REPEATS', 100, operation(`{ ${ONE} { ${times(101, () => 'name')} } }`)],
    ['MAX_ROOT_FIELDS', 10, operation(`{ ${times(11, (i) => `a${i}: ${ONE} { id }`)} }`)],
    ['MAX_ENTITIES_FIELDS', 5, operation(`{ ${times(6, (i) => `a${i}: _entities(representations: []) { __typename }`)} }`)],
    ['MAX_REPRESENTATIONS', 2_000, operation(ENTITIES, { variables: { r: Array.from({ length: 2_001 }, () => ({})) } })],
    ['MAX_VARIABLES_DEPTH', 12, operation(ENTITIES, { variables: { r: nested(13) } })],
    ['MAX_IDS', 1_000, operation(BY_IDS, { variables: { ids: Array.from({ length: 1_001 }, () => 'pms:1') } })],
    ['MAX_ANSWER_FIELDS', 250_000, operation(`query ($ids: [ID!]!) { ${times(10, (i) => `a${i}: contacts(ids: $ids) { ${everyField()} }`)} }`, { variables: { ids: Array.from({ length: 1_000 }, () => 'pms:1') } })],
  ])('%s', async (limit, max, request) => {
    for (const app of [closed, open]) {
      const { errors } = await told(app, request);
      expect(errors[0]).toMatchObject({ message: expect.stringContaining(`At most ${max.toLocaleString('en')} ${LIMITS[limit]} are allowed (${limit}).`), extensions: { limit } });
    }
  });

  test('and that is every limit but the size of an answer, which is known only after it ran', async () => {
    const small = await startTestApp({ MAX_ANSWER_BYTES: '1024' });
    const { errors } = await told(small, operation(BY_IDS, { variables: { ids: Array.from({ length: 100 }, (_, i) => `pms:${i + 1}`) } }));
    await small.stop();
    expect(errors[0]?.message).toContain('At most 1,024 bytes in an answer are allowed (MAX_ANSWER_BYTES).');
  });
});

describe('A request that cannot be run is told what is wrong with it', () => {
  test.each<[fault: Fault, status: number, request: Parameters<typeof told>[1]]>([
    ['json', 400, { body: '{ "query": ' }],
    ['json', 400, { body: '' }],
    ['body', 400, { body: 'null' }],
    ['body', 400, { body: '"{ __typename }"' }],
    ['body', 400, { body: '[{ "query": "{ __typename }" }]' }],
    ['query', 400, operation('')],
    ['query', 400, operation(7)],
    ['query', 400, operation(undefined, { extensions: { persistedQuery: true } })],
    ['query', 400, operation(undefined, { operationName: 'A' })],
    ['variables', 400, operation('{ __typename }', { variables: '{}' })],
    ['variables', 400, operation('{ __typename }', { variables: [] })],
    ['extensions', 400, operation('{ __typename }', { extensions: '{}' })],
    ['operationName', 400, operation('query A { __typename }', { operationName: 7 })],
    ['severalOperations', 400, operation('query A { __typename } query B { __typename }')],
    ['severalOperations', 400, operation('query A { __typename } query B { __typename }', { operationName: '' })],
    ['unknownOperation', 400, operation('query A { __typename }', { operationName: 'B' })],
    ['method', 405, { method: 'GET' }],
    ['method', 405, { method: 'PUT', body: '{}' }],
    ['method', 405, { method: 'DELETE', headers: {}, path: '/graphql?query={__typename}' }],
    ['path', 404, { ...operation('{ __typename }'), path: '/graphqlx' }],
    ['path', 400, { method: 'GET', path: '/%zz' }],
    ['contentType', 415, { ...operation('{ __typename }'), headers: { 'content-type': 'text/plain' } }],
    ['encoding', 415, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, 'content-encoding': 'br' } }],
    ['encoding', 400, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }],
    ['accept', 406, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, accept: 'text/html' } }],
    ['headers', 431, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, 'x-long': 'x'.repeat(20_000) } }],
    ['condition', 400, operation('query ($v: Boolean = true) { __typename @skip(if: $v) }', { variables: { v: null } })],
    ['contactId', 200, operation('{ contact(id: "4711") { name } }')],
    ['contactId', 200, entity({ __typename: 'Contact', id: 4711 })],
    ['addressId', 200, entity({ __typename: 'Address', id: 'pms:1' })],
    ['salesAccount', 200, entity({ __typename: 'SalesAccount', id: 'pms:902' })],
    ['representation', 200, entity({ __typename: 'Country' })],
    ['representation', 200, entity('pms:1')],
    ['token', 401, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, authorization: 'Basic eDp5' } }],
    ['token', 401, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, authorization: 'Bearer x.y.z' } }],
    ['operationType', 400, operation('mutation { a }')],
    ['operationType', 400, operation('subscription { a }')],
  ])('%s, %d', async (fault, status, request) => {
    for (const app of [closed, open]) {
      if (fault === 'method' && app === open && request.method === 'GET') continue;
      const { status: actual, errors } = await told(app, request);
      expect([actual, errors.map(({ message }) => message)]).toEqual([status, expect.arrayContaining([messageOf('BAD_REQUEST', { fault })])]);
    }
  });

  test.each<[what: string, text: string, query: string, variables?: object]>([
    ['a variable', messageOf('BAD_USER_INPUT', { fault: 'variable', place: { line: 1, column: 8 } }), BY_ID, {}],
    ['too many faults of variables', messageOf('BAD_USER_INPUT', { fault: 'variable' }), BY_IDS, { ids: Array.from({ length: 6 }, () => ({})) }],
    ['a variable of another type', messageOf('BAD_USER_INPUT', { fault: 'variable', place: { line: 1, column: 8 } }), BY_ID, { id: {} }],
    ['introspection', FAULTS.introspection, '{ __type(name: "Contact") { name } }'],
    ['an unknown field', 'The query is not valid at line 3, column 5. Compare that place with the schema and the rest of the query. A service with GRAPHIQL=true names the fault.', `{\n  ${ONE} {\n    nam\n  }\n}`],
    ['its syntax', 'The query is not valid GraphQL at line 2, column 3. Correct its syntax.', '{\n  ?\n}'],
  ])('with GraphiQL closed: %s', async (_what, text, query, variables = {}) => {
    const { errors } = await told(closed, operation(query, { variables }));
    expect(errors.at(-1)?.message).toBe(text);
  });

  test('that a token has expired', async () => {
    // From here on, tokens can be verified.
    await closed.bearer();
    const token = await closed.sandbox.identity.token({ scopes: ['contact:identity'], expiresInSeconds: -60 });
    const { status, errors } = await told(closed, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, authorization: `Bearer ${token}` } });
    expect([status, errors[0]?.message]).toEqual([401, FAULTS.expiredToken]);
  });

  test('that a token cannot be verified, which may pass', async () => {
    const bearer = await closed.bearer('contact:identity');
    const keyless = await startTestApp({ AUTH_JWKS_URL: `${closed.sandbox.identity.url}/nothing.json` });
    const { status, errors } = await told(keyless, { ...operation('{ __typename }'), headers: { ...JSON_TYPE, ...bearer } });
    await keyless.stop();
    expect([status, errors[0]]).toEqual([401, { message: FAULTS.unverifiedToken, extensions: { code: 'UNAUTHENTICATED', retryable: true } }]);
  });

  test('that the secret of the router is missing', async () => {
    const guarded = await startTestApp({ ROUTER_SECRET: 'secret' });
    const { status, errors } = await told(guarded, operation('{ __typename }'));
    await guarded.stop();
    expect([status, errors[0]?.message]).toEqual([401, FAULTS.routerSecret]);
  });

  test('how large headers may be', () => {
    expect(FAULTS.headers).toContain(`${maxHeaderSize.toLocaleString('en')} bytes`);
  });
});

describe('A message names the system or the limit, and says what to do', () => {
  test.each<[code: ErrorCode, facts: Parameters<typeof messageOf>[1], message: string]>([
    ['UPSTREAM_TIMEOUT', { source: 'PMS' }, 'The PMS did not answer in time. Try again later.'],
    ['UPSTREAM_UNAVAILABLE', { source: 'CAS360', retryAfterSeconds: 30 }, 'CAS 360 is not available. Try again in 30 seconds.'],
    ['UPSTREAM_UNAVAILABLE', { retryAfterSeconds: 1 }, 'The system that holds this is not available. Try again in a second.'],
    ['UPSTREAM_RATE_LIMITED', { source: 'PMS', retryAfterSeconds: 3_600 }, 'The PMS takes no more requests for now. Try again in 3,600 seconds.'],
    ['UPSTREAM_AUTH_FAILED', { source: 'PMS' }, 'The PMS refused the credentials of this service. Tell the operator.'],
    ['UPSTREAM_AUTH_FAILED', { source: 'CAS360', isTransient: false }, 'CAS 360 cannot be asked, because no token for it could be had. Tell the operator.'],
    ['UPSTREAM_AUTH_FAILED', { source: 'CAS360', isTransient: true, retryAfterSeconds: 5 }, 'CAS 360 cannot be asked, because no token for it could be had. Try again in 5 seconds.'],
    ['UPSTREAM_INVALID_RESPONSE', { source: 'PMS' }, 'The PMS gave an answer that cannot be used. Tell the operator.'],
    ['SOURCE_NOT_CONFIGURED', { source: 'PMS' }, 'The PMS is not connected to this service. Leave its contacts out, or ask the operator to connect it.'],
    ['LIMIT_EXCEEDED', { limit: { name: 'MAX_DIRECTIVES', max: 50 } }, 'At most 50 directives are allowed (MAX_DIRECTIVES). Use fewer directives.'],
    ['LIMIT_EXCEEDED', { limit: { name: 'MAX_QUERY_LINES', max: 5_000 } }, 'At most 5,000 lines in a query are allowed (MAX_QUERY_LINES). Shorten the query, or split it.'],
    ['OVERLOADED', { source: 'PMS' }, 'The PMS is asked for more than it can answer in time. Try again later. Ask for less at once.'],
    ['OVERLOADED', { retryAfterSeconds: 1 }, 'This service is asked for more than it can answer in time. Try again in a second. Ask for less at once.'],
  ])('%s %j', (code, facts, message) => {
    expect(messageOf(code, facts)).toBe(message);
  });

  test('while a pause that the system asked for lasts', async () => {
    open.reset();
    open.sandbox.pms.faults.set([{ status: 429, retryAfter: '30' }]);
    const { errors } = await open.query(`{ ${ONE} { name } }`);
    open.reset();
    expect(errors).toMatchObject([{ message: 'The PMS takes no more requests for now. Try again in 30 seconds.', extensions: { retryAfterSeconds: 30 } }]);
  });
});

describe('With GraphiQL closed', () => {
  /** Every message that there is, with `#` for each number. */
  const SHAPES = new Set(
    [
      ...Object.keys(FAULTS).flatMap((fault) => [{}, { place: { line: 1, column: 1 } }].map((facts) => messageOf('BAD_REQUEST', { fault: fault as Fault, ...facts }))),
      ...Object.keys(ERRORS).flatMap((code) => [{}, { place: { line: 1, column: 1 } }].map((facts) => messageOf(code as ErrorCode, facts))),
      ...Object.keys(LIMITS).map((name) => messageOf('LIMIT_EXCEEDED', { limit: { name: name as LimitName, max: 1 } })),
      messageOf('FORBIDDEN', { coordinate: 'Contact.dateOfBirth', scope: 'contact:identity' }),
    ].map(shapeOf),
  );
  function shapeOf(message: string): string {
    return message.replace(/\d[\d,]*/g, '#');
  }

  const VALID = [
    'query Vale($id: ID! = "pms:4711", $no: Boolean = false) { a: contact(id: $id) { ...Parts @skip(if: $no) } } fragment Parts on Contact { name address { city } }',
    'query Vale($ids: [ID!]!, $r: [_Any!]!) { contacts(ids: $ids) { dateOfBirth relationships(current: true) { type } } _entities(representations: $r) { ... on Contact { email } } }',
    '{ contact(id: "pms:4711") { id source representatives { name } } }',
  ];
  const WORDS = /[A-Za-z_]\w*|"[^"]*"|[{}()$:!@[\].=]+/g;
  const canary = fc.constantFrom('canaryWord', '"canaryWord"', '$canaryWord', '@canaryWord', '{ canaryWord }', '...canaryWord', 'mutation', '1.5', '', '__schema', '"pms:99999"', 'Contact', 'null');
  /** A valid document in which some words are replaced. */
  const spoilt = fc.tuple(fc.constantFrom(...VALID), fc.array(fc.tuple(fc.nat(), canary), { maxLength: 3 })).map(([query, changes]) => {
    const words = query.match(WORDS)!;
    for (const [at, word] of changes) words[at % words.length] = word;
    return words.join(' ');
  });
  const value = fc.constantFrom<unknown>('canaryWord', 'pms:4711', 'pms:99999', { canaryWord: 'canaryWord' }, ['canaryWord'], null, 1.5, true, { __typename: 'canaryWord', id: 'canaryWord' });
  const variables = fc.record({ id: value, no: value, ids: fc.oneof(value, fc.array(value, { maxLength: 9 })), r: fc.oneof(value, fc.array(value, { maxLength: 9 })), canaryWord: value }, { requiredKeys: [] });

  test('every message is one of the list: it has no value of the caller, no name of the schema and no id', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(spoilt, variables, fc.constantFrom(undefined, 'Vale', 'canaryWord'), async (query, given, operationName) => {
        const { errors } = await told(closed, operation(query, { variables: given, operationName }));
        refused += errors.length > 0 ? 1 : 0;
        for (const { message, path = [] } of errors) {
          expect(SHAPES).toContain(shapeOf(message));
          expect(JSON.stringify(path)).not.toContain('pms:');
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(150);
  }, 60_000);
});
