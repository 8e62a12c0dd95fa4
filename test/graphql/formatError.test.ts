import { expect, test } from '@jest/globals';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ContactsError, ERRORS, limitExceeded, overloaded, type ErrorCode } from '../../src/errors.js';
import { createFormatError } from '../../src/graphql/formatError.js';

const WORD = 'canaryWord';
const own = new ContactsError('UPSTREAM_TIMEOUT', 'PMS', { cause: new Error(WORD) });
const around = (originalError: Error): GraphQLError => new GraphQLError(WORD, { originalError });

/** What is served of an error that Apollo Server gave this code and message. */
const served = (error: unknown, formatted: Partial<GraphQLFormattedError> = {}, isSchemaOpen = false): unknown => createFormatError(isSchemaOpen)({ message: WORD, ...formatted }, error);
const coded = (code: unknown): Partial<GraphQLFormattedError> => ({ extensions: { code } });
const refusedWith = (status: number): GraphQLError => new GraphQLError(WORD, { extensions: { http: { status } } });
const plain = (code: ErrorCode): object => ({ message: expect.not.stringContaining(WORD), extensions: { code, retryable: ERRORS[code].retryable === true } });

test.each<[what: string, error: unknown, formatted: Partial<GraphQLFormattedError>, expected: object]>([
  ['an error of ours', own, coded('INTERNAL_SERVER_ERROR'), { message: own.message, extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true, source: 'PMS' } }],
  ['one within two others', around(around(own)), {}, { message: own.message, extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true, source: 'PMS' } }],
  ['a refused field', new ContactsError('FORBIDDEN', undefined, { coordinate: 'A.b', scope: 'c' }), {}, { message: 'A.b needs the scope c, which the request does not carry. Send a token with this scope, or leave the field out.', extensions: { code: 'FORBIDDEN', retryable: false, coordinate: 'A.b', scope: 'c' } }],
  ['a limit', limitExceeded('MAX_DEPTH', 12), {}, { message: expect.stringContaining('12'), extensions: { code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_DEPTH' } }],
  ['a place', own, { locations: [{ line: 1, column: 2 }], path: ['a', 0] }, { message: own.message, locations: [{ line: 1, column: 2 }], path: ['a', 0], extensions: { code: 'UPSTREAM_TIMEOUT', retryable: true, source: 'PMS' } }],
  ['too much load', overloaded(), {}, { message: overloaded().message, extensions: { code: 'OVERLOADED', retryable: true, retryAfterSeconds: 1 } }],
  ['a header that excludes JSON', refusedWith(406), coded('BAD_REQUEST'), { message: expect.stringContaining('excludes JSON'), extensions: { code: 'BAD_REQUEST', retryable: false } }],
  ['a request that is wrong in another way', refusedWith(400), coded('BAD_REQUEST'), { message: expect.not.stringContaining('excludes JSON'), extensions: { code: 'BAD_REQUEST', retryable: false } }],
  ['a request of which no more is known', new GraphQLError(WORD), coded('BAD_REQUEST'), { message: expect.not.stringContaining('excludes JSON'), extensions: { code: 'BAD_REQUEST', retryable: false } }],
  ['a request that is wrong without an error of graphql-js', Object.assign(new Error(WORD), { extensions: { http: { status: 406 } } }), coded('BAD_REQUEST'), { message: expect.not.stringContaining('excludes JSON'), extensions: { code: 'BAD_REQUEST', retryable: false } }],
  ['a document that is wrong, with the status of such a header', refusedWith(406), coded('GRAPHQL_PARSE_FAILED'), { message: expect.not.stringContaining('excludes JSON'), extensions: { code: 'GRAPHQL_PARSE_FAILED', retryable: false } }],
  ['introspection', new GraphQLError(WORD), { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', validationErrorCode: 'INTROSPECTION_DISABLED' } }, { message: expect.stringContaining('Introspection is switched off'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false } }],
  ['a document that is wrong in another way', new GraphQLError(WORD), { extensions: { code: 'GRAPHQL_VALIDATION_FAILED', validationErrorCode: 'OTHER' } }, { message: expect.not.stringContaining('Introspection'), extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false } }],
  ['a code that is a list', new GraphQLError(WORD), coded(['BAD_REQUEST']), plain('INTERNAL_SERVER_ERROR')],
  ['any other error', new RangeError(WORD), {}, plain('INTERNAL_SERVER_ERROR')],
  ['any other error within another', around(new RangeError(WORD)), {}, plain('INTERNAL_SERVER_ERROR')],
  ['no error', WORD, coded(7), plain('INTERNAL_SERVER_ERROR')],
  ['a code that nobody knows', new GraphQLError(WORD), coded('TEAPOT'), plain('INTERNAL_SERVER_ERROR')],
  ['a code of the prototype', new GraphQLError(WORD), coded('toString'), plain('INTERNAL_SERVER_ERROR')],
  ['a code of ours', new GraphQLError(WORD), coded('BAD_USER_INPUT'), plain('BAD_USER_INPUT')],
  ['a persisted query that is not there', new GraphQLError(WORD), coded('PERSISTED_QUERY_NOT_FOUND'), plain('BAD_REQUEST')],
  ['persisted queries, which are not there', new GraphQLError(WORD), { message: 'PersistedQueryNotSupported', ...coded('PERSISTED_QUERY_NOT_SUPPORTED') }, { message: 'PersistedQueryNotSupported', extensions: { code: 'BAD_REQUEST', retryable: false } }],
  ['a variable without a value', new GraphQLError('Argument "id" of required type'), coded('INTERNAL_SERVER_ERROR'), plain('BAD_USER_INPUT')],
  ['too many faults in variables', new GraphQLError('Too many errors processing variables, error limit reached.'), {}, plain('BAD_USER_INPUT')],
  ['words about variables that stand elsewhere', new GraphQLError('x Argument "id"'), {}, plain('INTERNAL_SERVER_ERROR')],
  ['words about variables of an error that is not of graphql-js', new RangeError('Argument "id"'), {}, plain('INTERNAL_SERVER_ERROR')],
  ['too many tokens', new GraphQLError('Syntax Error: Document contains more that 1234 tokens. Parsing aborted.'), coded('GRAPHQL_PARSE_FAILED'), { message: expect.stringContaining('1,234'), extensions: { code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_TOKENS' } }],
  ['too many tokens, well spelt', new GraphQLError('Syntax Error: Document contains more than 99 tokens. Parsing aborted.'), coded('GRAPHQL_PARSE_FAILED'), { message: expect.stringContaining('99'), extensions: { code: 'LIMIT_EXCEEDED', retryable: false, limit: 'MAX_TOKENS' } }],
  ['tokens in a text of the caller', new GraphQLError('x Syntax Error: Document contains more than 99 tokens'), coded('GRAPHQL_PARSE_FAILED'), plain('GRAPHQL_PARSE_FAILED')],
])('%s is served as one of the list', (_what, error, formatted, expected) => {
  expect(served(error, formatted)).toStrictEqual(expected);
});

test.each<[code: ErrorCode, isQuoted: boolean]>([
  ['GRAPHQL_PARSE_FAILED', true],
  ['GRAPHQL_VALIDATION_FAILED', true],
  // Of variables: errors of ours are never wrapped in one of graphql-js's codes.
  ['BAD_USER_INPUT', true],
  ['INTERNAL_SERVER_ERROR', false],
])('Where the schema is open, the message of %s is that of graphql-js: %s', (code, isQuoted) => {
  expect(served(new GraphQLError(WORD), coded(code), true)).toEqual(isQuoted ? { message: WORD, extensions: { code, retryable: false } } : plain(code));
  expect(served(new GraphQLError(WORD), coded(code))).toEqual(plain(code));
});

test('Where the schema is open, what we refuse ourselves has our message', () => {
  const refused = new ContactsError('GRAPHQL_VALIDATION_FAILED', undefined, { fault: 'operationType' });
  expect(served(around(refused), coded('GRAPHQL_VALIDATION_FAILED'), true)).toEqual({ message: refused.message, extensions: { code: 'GRAPHQL_VALIDATION_FAILED', retryable: false } });
});
