import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ERRORS } from '../../src/errors.js';
import { errorsIn, startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
beforeEach(() => app.reset());
afterAll(() => app.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const COUNCIL = '{ contact(id: "cas360:54") { name } }';
const council = { contact: { name: 'Fancy Southern Africa Cat Council' } };
/** A word of the caller's that no answer may repeat. */
const WORD = 'canaryWord';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const send = async (path: string, init: RequestInit = {}, on = app): Promise<Reply> => {
  const response = await fetch(on.url + path, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const post = (body: string, headers: Record<string, string> = JSON_TYPE, on = app) => send('/graphql', { method: 'POST', headers, body }, on);

/** A body with one error of this code, of the form that GraphQL clients read, without data and without the caller's words. */
const expectRefusal = ({ status, headers, text }: Reply, expected: number, code: string, limit?: string) => {
  expect(status).toBe(expected);
  expect(headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
  expect(headers.get('cache-control')).toBe('private, no-store');
  expect(headers.get('www-authenticate')).toBe(expected === 401 ? 'Bearer' : null);
  const { errors, ...rest } = JSON.parse(text);
  expect(rest).toEqual({});
  expect(errors).toHaveLength(1);
  const { message, extensions, locations, ...more } = errors[0];
  expect(more).toEqual({});
  expect(extensions).toEqual({ code, retryable: false, ...(limit && { limit }) });
  expect(Object.keys(ERRORS)).toContain(code);
  expect(message).toEqual(expect.any(String));
  for (const place of locations ?? []) expect(place).toEqual({ line: expect.any(Number), column: expect.any(Number) });
  expect(text).not.toMatch(/canaryWord|did you mean|FST_|node_modules| at .*:\d+:\d+|127\.0\.0\.1/i);
};

describe('a body that is no GraphQL request is a BAD_REQUEST:', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', `{ ${WORD}`],
    ['JSON that ends too soon', `{"query":"${WORD}`],
    ['null', 'null'],
    ['a text', `"${WORD}"`],
    ['a number', '7'],
    ['an empty list', '[]'],
    ['a list of operations', '[{"query":"{ __typename }"}]'],
    ['an object without a query', `{"${WORD}":1}`],
    ['an empty query', '{"query":""}'],
    ['a query that is no text', `{"query":{"${WORD}":1}}`],
    ['variables that are a text', `{"query":"{ __typename }","variables":"${WORD}"}`],
    ['variables that are a list', `{"query":"{ __typename }","variables":["${WORD}"]}`],
    ['extensions that are a text', `{"query":"{ __typename }","extensions":"${WORD}"}`],
    ['an operation name that is no text', '{"query":"query A { __typename }","operationName":7}'],
    ['an operation name that no operation has', `{"query":"query A { __typename }","operationName":"${WORD}"}`],
    ['several operations without a name', `{"query":"query A { __typename } query ${WORD} { __typename }"}`],
  ])('%s', async (_, body) => {
    expectRefusal(await post(body), 400, 'BAD_REQUEST');
  });

  test.each([undefined, 'text/plain', 'application/graphql', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/jsonx', 'canaryWord/x'])(
    'the content type %s',
    async (type) => {
      const body = new Blob([JSON.stringify({ query: COUNCIL })]);
      const reply = await send('/graphql', { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) });
      expectRefusal(reply, 415, 'BAD_REQUEST');
      expect(app.calls().cas360).toBe(0);
    },
  );

  test.each(['/graphql', `/graphql?query=${encodeURIComponent('{ __typename }')}`])('a GET of %s', async (path) => {
    const reply = await send(path, { headers: { accept: 'application/json' } });
    expectRefusal(reply, 405, 'BAD_REQUEST');
    expect(reply.headers.get('allow')).toBe('POST');
  });

  test('an answer that nobody could send', async () => {
    expectRefusal(await post(JSON.stringify({ query: COUNCIL }), { ...JSON_TYPE, accept: 'image/png' }), 406, 'BAD_REQUEST');
  });

  test.each([
    ['GET', '/'],
    ['POST', '/'],
    ['POST', `/${WORD}`],
    ['GET', '/graphql/x'],
    ['GET', '/graphiql/x.js'],
    ['GET', '/.env'],
    ['DELETE', '/health/live'],
  ])('%s %s, where there is nothing', async (method, path) => {
    expectRefusal(await send(path, { method }), 404, 'BAD_REQUEST');
  });

  test.each([`/%${WORD}`, '/graphql%', '/%ff'])('the address %s, which is none', async (path) => {
    expectRefusal(await send(path), 400, 'BAD_REQUEST');
  });

  test('that calls itself gzip and is none is refused in our own words', async () => {
    const response = await fetch(`${app.url}/graphql`, { method: 'POST', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, body: new Uint8Array(1_000_000) });
    expectRefusal({ status: response.status, headers: response.headers, text: await response.text() }, 400, 'BAD_REQUEST');
  });

  test('more than 1 MiB', async () => {
    const bodyOf = (bytes: number) => JSON.stringify({ query: '{ __typename }', variables: { pad: '' } }).replace('""', `"${'x'.repeat(bytes - 49)}"`);
    expect(bodyOf(2 ** 20)).toHaveLength(2 ** 20);
    expect((await post(bodyOf(2 ** 20))).status).toBe(200);
    expectRefusal(await post(bodyOf(2 ** 20 + 1)), 413, 'LIMIT_EXCEEDED', 'MAX_BODY_BYTES');
    expectRefusal(await post(bodyOf(2 ** 21)), 413, 'LIMIT_EXCEEDED', 'MAX_BODY_BYTES');
  });

  test.each([
    ['100,000 characters', 'MAX_QUERY_CHARACTERS', (over: number) => `{ __typename }${' '.repeat(99_986 + over)}`],
    ['5,000 lines', 'MAX_QUERY_LINES', (over: number) => `{ __typename }${'\n'.repeat(4_999 + over)}`],
    ['5,000 lines as Windows and old Macs end them', 'MAX_QUERY_LINES', (over: number) => `{ __typename }${'\r\n'.repeat(2_499)}${'\r'.repeat(2_500 + over)}`],
  ])('more than %s', async (_what, limit, queryOf) => {
    expect((await post(JSON.stringify({ query: queryOf(0) }))).status).toBe(200);
    expectRefusal(await post(JSON.stringify({ query: queryOf(1) })), 400, 'LIMIT_EXCEEDED', limit);
  });

  test('more keys than the largest list of representations has', async () => {
    const bodyOf = (keys: number, colon = ':') => `{"query":"{ __typename }","variables":{${Array.from({ length: keys - 2 }, (_, n) => `"${n.toString(36)}"${colon}1`).join()}}}`;
    expect((await post(bodyOf(17_000))).status).toBe(200);
    for (const colon of [':', ' :', '\n\t: ']) expectRefusal(await post(bodyOf(17_001, colon)), 400, 'LIMIT_EXCEEDED', 'MAX_BODY_KEYS');
  });
});

describe('an operation that cannot run', () => {
  test.each([
    ['GRAPHQL_PARSE_FAILED', `{ ${WORD} (`],
    ['GRAPHQL_PARSE_FAILED', `{ contact(id: "${WORD}) { name } }`],
    ['GRAPHQL_PARSE_FAILED', WORD],
    ['GRAPHQL_VALIDATION_FAILED', `{ ${WORD} }`],
    ['GRAPHQL_VALIDATION_FAILED', '{ contakt(id: "cas360:54") { name } }'],
    ['GRAPHQL_VALIDATION_FAILED', '{ contact(id: "cas360:54") { nam } }'],
    ['GRAPHQL_VALIDATION_FAILED', `{ contact(id: "cas360:54", ${WORD}: 1) { name } }`],
    ['GRAPHQL_VALIDATION_FAILED', '{ contact { name } }'],
    ['GRAPHQL_VALIDATION_FAILED', '{ contact(id: "cas360:54") }'],
    ['GRAPHQL_VALIDATION_FAILED', `{ contact(id: { ${WORD}: 1 }) { name } }`],
    ['GRAPHQL_VALIDATION_FAILED', `{ contact(id: "cas360:54") { ...${WORD} } }`],
    ['GRAPHQL_VALIDATION_FAILED', '{ contact(id: "cas360:54") { ...F } } fragment F on Contact { ...F }'],
    ['GRAPHQL_VALIDATION_FAILED', `{ contact(id: "cas360:54") { name @${WORD} } }`],
    ['GRAPHQL_VALIDATION_FAILED', `fragment ${WORD} on Query { __typename }`],
    ['GRAPHQL_VALIDATION_FAILED', 'mutation { __typename }'],
    ['GRAPHQL_VALIDATION_FAILED', `mutation { ${WORD} }`],
    ['GRAPHQL_VALIDATION_FAILED', `subscription { ${WORD} }`],
  ])('is refused with %s and no word of its own: %s', async (code, query) => {
    expectRefusal(await post(JSON.stringify({ query })), 400, code);
  });

  test.each([
    ['is missing', undefined],
    ['is null', null],
    ['holds null', [null]],
    ['holds an object', [{ [WORD]: 1 }]],
    ['holds a list', [[WORD]]],
    ['is an object', { [WORD]: 1 }],
    ['holds a fraction', [1.5]],
  ])('since a variable %s is BAD_USER_INPUT, without the value', async (_, ids) => {
    const query = 'query ($ids: [ID!]!) { contacts(ids: $ids) { id } }';
    expectRefusal(await post(JSON.stringify({ query, variables: { ids } })), 400, 'BAD_USER_INPUT');
  });

  test('has every fault told once, by its place', async () => {
    const { errors } = await app.query('{ a\n b }');
    expect(errors!.map(({ locations, extensions }) => [locations, extensions.code])).toEqual([
      [[{ line: 1, column: 3 }], 'GRAPHQL_VALIDATION_FAILED'],
      [[{ line: 2, column: 2 }], 'GRAPHQL_VALIDATION_FAILED'],
    ]);
  });

  test.each([
    ['alone', undefined],
    ['with its query', '{ __typename }'],
  ])('is a persisted one by its hash, %s', async (_, query) => {
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    const { status, headers, text } = await post(JSON.stringify({ query, extensions }));
    expect(status).toBeLessThan(500);
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(JSON.parse(text)).toEqual({ errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'BAD_REQUEST', retryable: false } }] });
  });
});

describe('answers', () => {
  test.each([
    ['data', COUNCIL, 200],
    ['null', '{ contact(id: "cas360:9") { name } }', 200],
    ['an error beside data', '{ contact(id: "cas360:x") { name } }', 200],
    ['a field without its scope', '{ contact(id: "cas360:54") { dateOfBirth } }', 200],
    ['a validation error', '{ x }', 400],
    ['a syntax error', '{', 400],
  ])('with %s are kept by no cache, and differ by the caller', async (_, query, expected) => {
    const { status, headers } = await app.query(query);
    expect(status).toBe(expected);
    expect(headers.get('cache-control')).toBe('private, no-store');
    expect(headers.get('vary')?.toLowerCase().split(/, */)).toContain('authorization');
  });

  test('to a bad token are kept by no cache', async () => {
    expectRefusal(await post(JSON.stringify({ query: COUNCIL }), { ...JSON_TYPE, authorization: `Bearer ${WORD}` }), 401, 'UNAUTHENTICATED');
  });

  test('come as application/json, or as application/graphql-response+json to who asks for it', async () => {
    const body = JSON.stringify({ query: COUNCIL });
    for (const accept of [undefined, '*/*', 'application/json', 'application/graphql-response+json', 'application/graphql-response+json, application/json;q=0.9']) {
      const { status, headers, text } = await post(body, { ...JSON_TYPE, ...(accept && { accept }) });
      expect(status).toBe(200);
      expect(headers.get('content-type')).toMatch(accept?.includes('graphql') ? /^application\/graphql-response\+json/ : /^application\/json/);
      expect(JSON.parse(text)).toEqual({ data: council });
    }
  });

  test('to who asks for application/graphql-response+json have the status of the error', async () => {
    expectRefusal(await post('{"query":"{ x }"}', { ...JSON_TYPE, accept: 'application/graphql-response+json' }), 400, 'GRAPHQL_VALIDATION_FAILED');
  });

  test('are of the operation that is named', async () => {
    const body = { query: 'query A { a: __typename } query B { b: __typename }', operationName: 'B', variables: null };
    expect(JSON.parse((await post(JSON.stringify(body))).text)).toEqual({ data: { b: 'Query' } });
  });

  test.each([undefined, null, ''])('are of the only operation, if the name is %j', async (operationName) => {
    for (const query of ['{ a: __typename }', 'query A { a: __typename }']) {
      expect(JSON.parse((await post(JSON.stringify({ query, operationName }))).text)).toEqual({ data: { a: 'Query' } });
    }
  });
});

describe('introspection', () => {
  const queries = ['{ __schema { types { name } } }', '{ __type(name: "Contact") { name } }'];

  test.each(queries)('is closed: %s', async (query) => {
    expectRefusal(await post(JSON.stringify({ query })), 400, 'GRAPHQL_VALIDATION_FAILED');
  });

  test('does not close __typename, or the schema for those who compose it', async () => {
    const { data, errors } = await app.query('{ __typename _service { __typename sdl } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ __typename: 'Query', _service: { __typename: '_Service', sdl: expect.stringContaining('type Contact') } });
  });

  test('is open together with GraphiQL', async () => {
    const open = await startTestApp({ GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' });
    try {
      for (const query of queries) expect((await open.query(query)).errors).toBeUndefined();
      const page = await send('/graphql', { headers: { accept: 'text/html' } }, open);
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expectRefusal(await send('/graphql', { headers: { accept: 'application/json' } }, open), 405, 'BAD_REQUEST');
      expect((await open.query(COUNCIL)).data).toEqual(council);
    } finally {
      await open.stop();
    }
  });
});

describe('for operators', () => {
  test.each(['/health/live', '/health/ready'])('%s is well', async (path) => {
    expect((await send(path)).status).toBe(200);
  });

  test('/metrics count the calls to the upstreams, by what became of them and by nothing of a caller', async () => {
    const counted = async (labels: string) => {
      const { status, text } = await send('/metrics');
      expect(status).toBe(200);
      // Without the figures, which can hold any digits.
      expect(text.replaceAll(/ \S+$/gm, '')).not.toMatch(/54321|4711|127\.0\.0\.1/);
      return Number(text.split('\n').find((line) => line.startsWith(`contacts_upstream_call_seconds_count{${labels}}`))?.split(' ')[1] ?? 0);
    };
    const [good, bad] = ['source="CAS360",resource="contacts",outcome="200"', 'source="PMS",resource="contacts",outcome="503"'];
    const before = [await counted(good), await counted(bad)];
    app.sandbox.pms.faults.set([{ status: 503 }]);
    await app.query('{ a: contact(id: "cas360:54") { name } b: contact(id: "pms:4711") { name } c: contact(id: "cas360:54321") { id } }');
    expect(await counted(good)).toBe(before[0]! + 1);
    expect(await counted(bad)).toBeGreaterThan(before[1]!);
  });
});

describe('a router\'s secret', () => {
  let guarded: TestApp;

  beforeAll(async () => {
    guarded = await startTestApp({ ROUTER_SECRET: 'first-secret, second-secret', GRAPHIQL: 'true' }, { graphiqlFolder: 'dist/graphiql' });
  });
  beforeEach(() => guarded.reset());
  afterAll(() => guarded.stop());

  test.each(['first-secret', 'second-secret'])('%s opens everything', async (secret) => {
    const headers = { 'router-authorization': secret };
    expect((await guarded.query(COUNCIL, {}, headers)).data).toEqual(council);
    expect((await guarded.query('{ _service { sdl } }', {}, headers)).errors).toBeUndefined();
    expect((await send('/graphql', { headers: { ...headers, accept: 'text/html' } }, guarded)).status).toBe(200);
  });

  test.each([undefined, '', 'first-secret, second-secret', 'first-secret,second-secret', 'First-Secret', 'first-secre', 'first-secrets', 'Bearer first-secret', 'undefined', ','])(
    'is missed by %j',
    async (secret) => {
      const headers: Record<string, string> = { ...JSON_TYPE, ...(secret !== undefined && { 'router-authorization': secret }) };
      for (const query of [COUNCIL, '{ _service { sdl } }', '{ __typename }', '{ x }']) {
        expectRefusal(await post(JSON.stringify({ query }), headers, guarded), 401, 'UNAUTHENTICATED');
      }
      expectRefusal(await post('no JSON', headers, guarded), 401, 'UNAUTHENTICATED');
      expect(guarded.calls()).toEqual({ pms: 0, cas360: 0, addresses: 0 });
    },
  );

  test.each(['/graphql', '/graphiql/main.js', '/', '/health', '/health/live/', '/metrics/x', '//health/live'])('guards %s', async (path) => {
    expectRefusal(await send(path, { headers: { accept: 'text/html' } }, guarded), 401, 'UNAUTHENTICATED');
  });

  test('is not taken from any other header', async () => {
    const headers = { ...JSON_TYPE, authorization: 'first-secret', 'x-router-authorization': 'first-secret' };
    expectRefusal(await post(JSON.stringify({ query: COUNCIL }), headers, guarded), 401, 'UNAUTHENTICATED');
  });

  test.each(['/health/live', '/health/ready', '/metrics'])('is not needed for %s', async (path) => {
    expect((await send(path, {}, guarded)).status).toBe(200);
  });

  test('does not stand for a caller\'s token', async () => {
    const answer = await guarded.query('{ contact(id: "pms:4711") { dateOfBirth } }', {}, { 'router-authorization': 'first-secret' });
    expect(errorsIn(answer)).toEqual([{ at: 'contact.dateOfBirth', code: 'FORBIDDEN', retryable: false, coordinate: 'Contact.dateOfBirth', scope: 'contact:identity' }]);
  });
});

describe('stopping', () => {
  /** Whether this comes to an end well before a supervisor loses patience, and before Node would end a connection that sends nothing. */
  const endsInTime = (stopped: Promise<void>) =>
    Promise.race([stopped.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 9_000, false).unref())]);

  test('loses nothing that is under way, and does not wait for its caller to hang up', async () => {
    const stopping = await startTestApp();
    stopping.sandbox.cas360.faults.set([{ latencyMs: 150 }]);
    const kept = new Agent({ keepAlive: true });
    const asked = new Promise<string>((resolve) => {
      const request = httpRequest(`${stopping.url}/graphql`, { method: 'POST', headers: JSON_TYPE, agent: kept }, (response) => resolve(textOf(response)));
      request.end(JSON.stringify({ query: COUNCIL }));
    });
    await stopping.underWay(1);
    const stopped = stopping.stop();
    expect(JSON.parse(await asked)).toEqual({ data: council });
    const inTime = await endsInTime(stopped);
    kept.destroy();
    expect(inTime).toBe(true);
  });

  test('answers what still comes, says that it is not ready, and asks for no more on a connection', async () => {
    const drainMs = 2_000;
    const [ready, live, answer] = await until('callers come within the time of a drain', async () => {
      const stopping = await startTestApp({}, { drainMs });
      const endsAtMs = performance.now() + drainMs;
      const stopped = stopping.stop();
      try {
        return await Promise.all([send('/health/ready', {}, stopping), send('/health/live', {}, stopping), stopping.query(COUNCIL)]);
      } catch (error) {
        if (performance.now() < endsAtMs) throw error;
        return undefined;
      } finally {
        await stopped;
      }
    });
    expect([ready.status, live.status]).toEqual([503, 200]);
    expect(answer.data).toEqual(council);
    expect(answer.headers.get('connection')).toBe('close');
  });

  test('answers a caller who was let in, and whose request is on its way', async () => {
    const stopping = await startTestApp();
    const port = Number(new URL(stopping.url).port);
    const late = connect(port, '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => late.once('connect', resolve));
    // While this one is under way, the service takes its time: the late one need not hurry.
    const letGo = stopping.sandbox.pms.hold();
    const slow = stopping.query('{ contact(id: "pms:4711") { name } }');
    await until('it is under way', () => stopping.calls().pms === 1);
    const stopped = stopping.stop();
    await until('nobody is let in', async () => {
      const knocking = connect(port, '127.0.0.1');
      const isClosed = await new Promise((resolve) => knocking.once('connect', () => resolve(false)).once('error', () => resolve(true)));
      knocking.destroy();
      return isClosed;
    });
    const body = JSON.stringify({ query: COUNCIL });
    late.write(`POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    const answer = await textOf(late);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({ data: council });
    letGo();
    expect((await slow).status).toBe(200);
    await stopped;
  });

  test('does not wait for a connection on which nothing was ever asked', async () => {
    const stopping = await startTestApp({ REQUEST_TIMEOUT_MS: '1000' });
    const silent = connect(Number(new URL(stopping.url).port), '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => silent.once('connect', resolve));
    // The service has taken the connection once it has answered on a later one.
    await send('/health/live', {}, stopping);
    const inTime = await endsInTime(stopping.stop());
    silent.destroy();
    expect(inTime).toBe(true);
  });
});
