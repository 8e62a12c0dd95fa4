import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ContactsError, ERRORS, limitExceeded, type ErrorCode, type LimitName } from '../errors.js';
import type { Source } from '../model.js';

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
  ['OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST'],
  ['PERSISTED_QUERY_NOT_FOUND', 'BAD_REQUEST'],
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST'],
]);

/** After this message, clients of persisted queries send the whole document. */
const NOT_PERSISTED = 'PersistedQueryNotSupported';

/** graphql-js's message for a document with more tokens than `parseOptions` allows. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] (\d+) tokens/;

/** Codes for documents that graphql-js refuses. Its messages may reveal names of the schema. */
const ABOUT_THE_SCHEMA = new Set<ErrorCode>(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED']);

/**
 * Translates any error for Apollo Server's `formatError`. If the schema is open, invalid documents get graphql-js's own
 * messages, with suggestions.
 */
export function createFormatError(isSchemaOpen: boolean): (formatted: GraphQLFormattedError, error: unknown) => ServedError {
  return (formatted, error) => {
    const known = knownError(error, formatted.extensions);
    const quotes = formatted.message === NOT_PERSISTED || (isSchemaOpen && ABOUT_THE_SCHEMA.has(known.code));
    return {
      ...serve(known),
      ...(quotes && { message: formatted.message }),
      ...(formatted.locations && { locations: formatted.locations }),
      ...(formatted.path && { path: formatted.path }),
    };
  };
}

/** Maps any error to the closed list. */
export function knownError(error: unknown, extensions: GraphQLFormattedError['extensions']): ContactsError {
  const original = originOf(error);
  if (original instanceof ContactsError) return original;
  const message = original instanceof GraphQLError ? original.message : '';
  const [, maxTokens] = TOO_MANY_TOKENS.exec(message) ?? [];
  if (maxTokens !== undefined) return limitExceeded('MAX_TOKENS', Number(maxTokens));
  return new ContactsError(ABOUT_VARIABLES.test(message) ? 'BAD_USER_INPUT' : codeIn(extensions));
}

/** An error as it is served. */
export function serve({ code, source, message, facts: { limit, coordinate, scope, retryAfterSeconds, isTransient } }: ContactsError): ServedError {
  const retryable = isTransient ?? ERRORS[code].retryable;
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

function codeIn(extensions: GraphQLFormattedError['extensions']): ErrorCode {
  const code = extensions?.code;
  if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) return code as ErrorCode;
  return OTHER_NAMES.get(code) ?? 'INTERNAL_SERVER_ERROR';
}
