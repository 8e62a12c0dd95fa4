import { ApolloServerValidationErrorCode } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError, type SourceLocation } from 'graphql';
import { ContactsError, ERRORS, limitExceeded, type ErrorCode, type Fault, type LimitName } from '../errors.js';
import type { Source } from '../model.js';
import { isRecord } from '../record.js';

/** An error as callers see it: a code of the closed list, its message, its locations and path, and nothing else. */
export interface ServedError extends GraphQLFormattedError {
  readonly extensions: {
    readonly code: ErrorCode;
    readonly retryable: boolean;
    readonly source?: Source;
    readonly retryAfterSeconds?: number;
    readonly limit?: LimitName;
    readonly coordinate?: string;
    readonly scope?: string;
  };
}

/** Apollo Server's codes, outside our closed list, for requests that never ran. */
const OTHER_NAMES = new Map<unknown, ErrorCode>([
  ['PERSISTED_QUERY_NOT_FOUND', 'BAD_REQUEST'],
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST'],
]);

/** After this message, clients of persisted queries send the whole document. */
const NOT_PERSISTED = 'PersistedQueryNotSupported';

/** graphql-js's message for a document with more tokens than `parseOptions` allows. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] (\d+) tokens/;

/** Codes for documents that graphql-js refuses. Its messages may reveal names of the schema. */
const ABOUT_THE_SCHEMA = new Set<ErrorCode>(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']);

/** Whether graphql-js says more about it, with names of the schema or with values of the caller. */
function isAboutTheSchema({ code, facts: { fault } }: ContactsError): boolean {
  return fault === 'variable' || (ABOUT_THE_SCHEMA.has(code) && fault === undefined);
}

/**
 * Translates any error for Apollo Server's `formatError`. If the schema is open, invalid documents get graphql-js's own
 * messages, with suggestions.
 */
export function createFormatError(isSchemaOpen: boolean): (formatted: GraphQLFormattedError, error: unknown) => ServedError {
  return (formatted, error) => {
    const known = knownError(error, formatted);
    const quotes = formatted.message === NOT_PERSISTED || (isSchemaOpen && isAboutTheSchema(known));
    return {
      ...serve(known),
      ...(quotes && { message: formatted.message }),
      ...(formatted.locations && { locations: formatted.locations }),
      ...(formatted.path && { path: formatted.path }),
    };
  };
}

interface Coded {
  readonly extensions?: GraphQLFormattedError['extensions'];
  readonly locations?: readonly SourceLocation[] | undefined;
}

/** Maps any error to the closed list. */
export function knownError(error: unknown, { extensions, locations }: Coded): ContactsError {
  const original = originOf(error);
  if (original instanceof ContactsError) return original;
  // Stryker disable next-line StringLiteral: any text will do that begins with no message of graphql-js
  const message = original instanceof GraphQLError ? original.message : '';
  // Stryker disable next-line ArrayDeclaration: only the second item is read
  const [, maxTokens] = TOO_MANY_TOKENS.exec(message) ?? [];
  if (maxTokens !== undefined) return limitExceeded('MAX_TOKENS', Number(maxTokens));
  const code = ABOUT_VARIABLES.test(message) ? 'BAD_USER_INPUT' : codeIn(extensions);
  return new ContactsError(code, undefined, { fault: faultOf(code, original, extensions), place: locations?.[0] });
}

/** An error as it is served. */
export function serve({ code, source, message, facts: { limit, coordinate, scope, retryAfterSeconds, isTransient } }: ContactsError): ServedError {
  const retryable = isTransient ?? ERRORS[code].retryable === true;
  return {
    message,
    extensions: {
      code,
      retryable,
      ...(source && { source }),
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      ...(limit && { limit: limit.name }),
      ...(coordinate && { coordinate }),
      ...(scope && { scope }),
    },
  };
}

/** The original error, without the wrappers of the libraries. */
export function originOf(error: unknown): unknown {
  const inner = error instanceof GraphQLError ? error.originalError : undefined;
  return inner ? originOf(inner) : error;
}

/** graphql-js's messages about variables at execution: null for a required value, or more faults than it lists. */
const ABOUT_VARIABLES = /^(?:Argument "|Too many errors processing variables)/;

/** What is wrong with a request that Apollo Server or graphql-js refuses. */
function faultOf(code: ErrorCode, original: unknown, extensions: GraphQLFormattedError['extensions']): Fault | undefined {
  // What we refuse ourselves is a ContactsError.
  if (code === 'BAD_USER_INPUT') return 'variable';
  if (code === 'BAD_REQUEST' && original instanceof GraphQLError && isRecord(original.extensions.http) && original.extensions.http.status === 406) return 'accept';
  return extensions?.validationErrorCode === ApolloServerValidationErrorCode.INTROSPECTION_DISABLED ? 'introspection' : undefined;
}

function codeIn(extensions: GraphQLFormattedError['extensions']): ErrorCode {
  const code = extensions?.code;
  if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) return code as ErrorCode;
  return OTHER_NAMES.get(code) ?? 'INTERNAL_SERVER_ERROR';
}
