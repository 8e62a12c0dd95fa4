import type { Source } from './model.js';

/**
 * Every code that a caller can meet, with what it means for them: whether the same request may succeed later, and one
 * fixed sentence. Nothing else is ever said, so that no upstream text, caller's value or stack can slip out.
 */
export const ERRORS = {
  UPSTREAM_TIMEOUT: { retryable: true, sentence: 'The system that holds this did not answer in time. Try again later.' },
  UPSTREAM_UNAVAILABLE: { retryable: true, sentence: 'The system that holds this is not available. Try again later.' },
  UPSTREAM_RATE_LIMITED: { retryable: true, sentence: 'The system that holds this takes no more requests for now. Try again later.' },
  UPSTREAM_AUTH_FAILED: { retryable: false, sentence: 'The system that holds this refused our credentials. Its operator must renew them.' },
  UPSTREAM_INVALID_RESPONSE: { retryable: false, sentence: 'The system that holds this gave an answer that cannot be used.' },
  SOURCE_NOT_CONFIGURED: { retryable: false, sentence: 'The system that holds this is not connected here.' },
  FORBIDDEN: { retryable: false, sentence: 'This needs a scope that the request does not carry.' },
  UNAUTHENTICATED: { retryable: false, sentence: 'The credentials of the request are missing or not valid.' },
  BAD_USER_INPUT: { retryable: false, sentence: 'A value in the request is not valid. Check it against the schema and its descriptions.' },
  OVERLOADED: { retryable: true, sentence: 'Too much is asked of this service right now. Try again later.' },
  BAD_REQUEST: { retryable: false, sentence: 'The request is no GraphQL request: POST one JSON object with a `query`.' },
  GRAPHQL_PARSE_FAILED: { retryable: false, sentence: 'The operation is not valid GraphQL at the place given.' },
  GRAPHQL_VALIDATION_FAILED: { retryable: false, sentence: 'The operation does not fit the schema at the place given.' },
  INTERNAL_SERVER_ERROR: { retryable: false, sentence: 'Something went wrong in this service.' },
} as const satisfies Record<string, { retryable: boolean; sentence: string }>;

export type ErrorCode = keyof typeof ERRORS;

/**
 * An error that callers are told of, as one of the closed list of codes.
 * `source` names the system concerned, where one is. `cause` is for our own eyes and never served.
 */
export class ContactsError extends Error {
  override readonly name = 'ContactsError';

  constructor(
    readonly code: ErrorCode,
    readonly source?: Source,
    options?: ErrorOptions,
  ) {
    super(ERRORS[code].sentence, options);
  }
}

/** The answer about one thing: the thing, null when there is none, or why it could not be had. */
export type Outcome<T> = T | null | ContactsError;

/** Whether there is something, and it could be had. */
export function isFound<T>(outcome: Outcome<T>): outcome is T {
  return outcome !== null && !(outcome instanceof ContactsError);
}
