import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ContactsError, ERRORS, type ErrorCode } from '../errors.js';
import type { Source } from '../model.js';

/** An error as callers see it: a code of the closed list, its sentence, its place, and nothing else. */
export interface ServedError extends GraphQLFormattedError {
  readonly extensions: { readonly code: ErrorCode; readonly retryable: boolean; readonly source?: Source };
}

/** Codes of Apollo Server for requests that never ran, where its name for them is not in our list. */
const OTHER_NAMES = new Map<unknown, ErrorCode>([
  ['OPERATION_RESOLUTION_FAILURE', 'BAD_REQUEST'],
  ['PERSISTED_QUERY_NOT_FOUND', 'BAD_REQUEST'],
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST'],
]);

/** Clients that try a persisted query first know by this message to send it whole. */
const NOT_PERSISTED = 'PersistedQueryNotSupported';

/** Translates whatever was thrown, once, for Apollo Server's `formatError`. */
export function formatError(formatted: GraphQLFormattedError, error: unknown): ServedError {
  const original = originOf(error);
  const served = original instanceof ContactsError ? serve(original.code, original.source) : serve(isNullArgument(original) ? 'BAD_USER_INPUT' : codeIn(formatted.extensions));
  return {
    ...served,
    ...(formatted.message === NOT_PERSISTED && { message: NOT_PERSISTED }),
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
  };
}

/** An error of this code as it is served. */
export function serve(code: ErrorCode, source?: Source): ServedError {
  const { sentence, retryable } = ERRORS[code];
  return { message: sentence, extensions: { code, retryable, ...(source && { source }) } };
}

/** What was thrown in the first place, below what the libraries put around it. */
export function originOf(error: unknown): unknown {
  const inner = error instanceof GraphQLError ? error.originalError : undefined;
  return inner ? originOf(inner) : error;
}

/** What graphql-js says when a variable is null where the schema, or @skip, wants a value: only running shows it. */
const NULL_ARGUMENT = /^Argument "/;

function isNullArgument(error: unknown): boolean {
  return error instanceof GraphQLError && NULL_ARGUMENT.test(error.message);
}

function codeIn(extensions: GraphQLFormattedError['extensions']): ErrorCode {
  const code = extensions?.code;
  if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) return code as ErrorCode;
  return OTHER_NAMES.get(code) ?? 'INTERNAL_SERVER_ERROR';
}
