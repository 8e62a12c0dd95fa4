// The errors of the contacts subgraph, for its clients. Copy this file into your client: it imports nothing.
// Written from src/errorCodes.ts by `npm run schema:update`; docs/errors.md explains each code.

export const CONTACTS_ERROR_CODES = [
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_RATE_LIMITED',
  'UPSTREAM_AUTH_FAILED',
  'UPSTREAM_INVALID_RESPONSE',
  'SOURCE_NOT_CONFIGURED',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'BAD_USER_INPUT',
  'OVERLOADED',
  'LIMIT_EXCEEDED',
  'ERRORS_TRUNCATED',
  'BAD_REQUEST',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INTERNAL_SERVER_ERROR',
] as const;

export type ContactsErrorCode = (typeof CONTACTS_ERROR_CODES)[number];

/** The limits that an error can name. */
export type ContactsLimit =
  | 'MAX_BODY_BYTES'
  | 'MAX_BODY_OBJECTS'
  | 'MAX_BODY_KEYS'
  | 'MAX_QUERY_CHARACTERS'
  | 'MAX_QUERY_LINES'
  | 'MAX_TOKENS'
  | 'MAX_DEPTH'
  | 'MAX_ALIASES'
  | 'MAX_ALIAS_CHARACTERS'
  | 'MAX_DIRECTIVES'
  | 'MAX_REPEATS'
  | 'MAX_ROOT_FIELDS'
  | 'MAX_ENTITIES_FIELDS'
  | 'MAX_REPRESENTATIONS'
  | 'MAX_VARIABLES_DEPTH'
  | 'MAX_IDS'
  | 'MAX_ANSWER_FIELDS'
  | 'MAX_ANSWER_BYTES';

/** What a program can decide by. The message is for people, and its wording may change. */
export type ContactsErrorExtensions =
  | { readonly code: 'UPSTREAM_TIMEOUT'; readonly retryable: true; readonly source?: 'PMS' | 'CAS360' }
  | { readonly code: 'UPSTREAM_UNAVAILABLE'; readonly retryable: true; readonly source?: 'PMS' | 'CAS360'; readonly retryAfterSeconds?: number }
  | { readonly code: 'UPSTREAM_RATE_LIMITED'; readonly retryable: true; readonly source?: 'PMS' | 'CAS360'; readonly retryAfterSeconds?: number }
  | { readonly code: 'UPSTREAM_AUTH_FAILED'; readonly retryable: boolean; readonly source?: 'PMS' | 'CAS360'; readonly retryAfterSeconds?: number }
  | { readonly code: 'UPSTREAM_INVALID_RESPONSE'; readonly retryable: false; readonly source?: 'PMS' | 'CAS360' }
  | { readonly code: 'SOURCE_NOT_CONFIGURED'; readonly retryable: false; readonly source?: 'PMS' | 'CAS360' }
  | { readonly code: 'FORBIDDEN'; readonly retryable: false; readonly coordinate: string; readonly scope: string }
  | { readonly code: 'UNAUTHENTICATED'; readonly retryable: boolean }
  | { readonly code: 'BAD_USER_INPUT'; readonly retryable: false; readonly limit?: ContactsLimit }
  | { readonly code: 'OVERLOADED'; readonly retryable: true; readonly source?: 'PMS' | 'CAS360'; readonly retryAfterSeconds?: number }
  | { readonly code: 'LIMIT_EXCEEDED'; readonly retryable: false; readonly limit: ContactsLimit }
  | { readonly code: 'ERRORS_TRUNCATED'; readonly retryable: false }
  | { readonly code: 'BAD_REQUEST'; readonly retryable: false }
  | { readonly code: 'GRAPHQL_PARSE_FAILED'; readonly retryable: false }
  | { readonly code: 'GRAPHQL_VALIDATION_FAILED'; readonly retryable: false }
  | { readonly code: 'INTERNAL_SERVER_ERROR'; readonly retryable: false; readonly source?: 'PMS' | 'CAS360' };

/** An error in the `errors` of an answer. */
export interface ContactsError {
  readonly message: string;
  /** The place in the query. */
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  /** The place in the answer, which is null. */
  readonly path?: readonly (string | number)[];
  readonly extensions: ContactsErrorExtensions;
}

/** Whether an error has one of these codes. Errors of a router, or of other subgraphs, can have others. */
export function isContactsError(error: { readonly extensions?: unknown }): error is ContactsError {
  const { extensions } = error;
  const code: unknown = typeof extensions === 'object' && extensions !== null && 'code' in extensions ? extensions.code : undefined;
  return CONTACTS_ERROR_CODES.some((known) => known === code);
}
