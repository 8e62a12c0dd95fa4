import type { Source } from './model.js';

/** Details of an error that callers get. They come from this program, never from an upstream's text or a caller's values. */
export interface ErrorFacts {
  /** The limit that was exceeded, and its value. */
  readonly limit?: Limit | undefined;
  /** The refused field, such as `Contact.dateOfBirth`, and the scope that it needs. */
  readonly coordinate?: string | undefined;
  readonly scope?: string | undefined;
  /** How long the upstream is not asked. */
  readonly retryAfterSeconds?: number | undefined;
  /** Whether it may pass by itself, where the code alone does not say so. */
  readonly isTransient?: boolean | undefined;
}

/** The name of a limit's setting, and its value. */
export interface Limit {
  readonly name: LimitName;
  readonly max: number;
}

/** What each limit counts. */
export const LIMITS = {
  MAX_BODY_BYTES: 'bytes in the body of a request',
  MAX_BODY_OBJECTS: 'objects and lists in the body of a request',
  MAX_BODY_KEYS: 'keys in the body of a request',
  MAX_QUERY_CHARACTERS: 'characters in a query',
  MAX_QUERY_LINES: 'lines in a query',
  MAX_TOKENS: 'tokens in a query',
  MAX_DEPTH: 'levels of fields',
  MAX_ALIASES: 'aliases',
  MAX_ALIAS_CHARACTERS: 'characters in an alias',
  MAX_DIRECTIVES: 'directives',
  MAX_REPEATS: 'selections of one field at the same place',
  MAX_ROOT_FIELDS: 'root fields',
  MAX_ENTITIES_FIELDS: '_entities fields',
  MAX_REPRESENTATIONS: 'representations',
  MAX_VARIABLES_DEPTH: 'levels of lists and objects in the variables',
  MAX_IDS: 'ids in a list',
  MAX_ANSWER_FIELDS: 'fields in an answer',
  MAX_ANSWER_BYTES: 'bytes in an answer',
} as const;

export type LimitName = keyof typeof LIMITS;

/** How many errors one answer may have. */
export const MAX_ERRORS = 1_000;

/**
 * Every error code: whether the same request may succeed later, and its sentence. Sentences contain only ErrorFacts, so no
 * upstream text, caller's value or stack can leak.
 */
export const ERRORS = {
  UPSTREAM_TIMEOUT: { retryable: true, sentence: 'The system that holds this did not answer in time. Try again later.' },
  UPSTREAM_UNAVAILABLE: { retryable: true, sentence: 'The system that holds this is not available. Try again later.' },
  UPSTREAM_RATE_LIMITED: { retryable: true, sentence: 'The system that holds this takes no more requests for now. Try again later.' },
  UPSTREAM_AUTH_FAILED: {
    retryable: false,
    sentence: ({ isTransient }) =>
      isTransient ? 'This service gets no access to the system that holds this at the moment. Try again later.' : 'The system that holds this refused our credentials. Its operator must renew them.',
  },
  UPSTREAM_INVALID_RESPONSE: { retryable: false, sentence: 'The system that holds this gave an answer that cannot be used.' },
  SOURCE_NOT_CONFIGURED: { retryable: false, sentence: 'The system that holds this is not connected here.' },
  FORBIDDEN: { retryable: false, sentence: ({ coordinate, scope }) => `${coordinate} needs the scope ${scope}, which the request does not carry.` },
  UNAUTHENTICATED: { retryable: false, sentence: 'The credentials of the request are missing or not valid.' },
  BAD_USER_INPUT: { retryable: false, sentence: ({ limit }) => (limit ? excess(limit) : 'A value in the request is not valid. Check it against the schema and its descriptions.') },
  OVERLOADED: { retryable: true, sentence: 'Too much is asked of this service right now. Try again later.' },
  LIMIT_EXCEEDED: { retryable: false, sentence: ({ limit }) => excess(limit!) },
  ERRORS_TRUNCATED: { retryable: false, sentence: `The answer has more than ${MAX_ERRORS} errors. The others are left out; what they are about is null.` },
  BAD_REQUEST: { retryable: false, sentence: 'The request is no GraphQL request: POST one JSON object with a `query`.' },
  GRAPHQL_PARSE_FAILED: { retryable: false, sentence: 'The operation is not valid GraphQL at the place given.' },
  GRAPHQL_VALIDATION_FAILED: { retryable: false, sentence: 'The operation does not fit the schema at the place given.' },
  INTERNAL_SERVER_ERROR: { retryable: false, sentence: 'Something went wrong in this service.' },
} as const satisfies Record<string, { retryable: boolean; sentence: string | ((facts: ErrorFacts) => string) }>;

export type ErrorCode = keyof typeof ERRORS;

function excess({ name, max }: Limit): string {
  return `At most ${max.toLocaleString('en')} ${LIMITS[name]} are allowed (${name}). Ask for less at once.`;
}

/**
 * An error for callers, with one of the codes above. `source` is the system concerned, if any. The facts go into its
 * sentence and extensions. `cause` is logged, never sent.
 */
export class ContactsError extends Error {
  override readonly name = 'ContactsError';
  readonly facts: ErrorFacts;

  constructor(
    readonly code: ErrorCode,
    readonly source?: Source,
    { cause, ...facts }: ErrorOptions & ErrorFacts = {},
  ) {
    const { sentence } = ERRORS[code];
    const { stackTraceLimit } = Error;
    // Only our own faults need a stack, which is slow to take (docs/performance.md).
    if (code !== 'INTERNAL_SERVER_ERROR') Error.stackTraceLimit = 0;
    super(typeof sentence === 'string' ? sentence : sentence(facts), { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.facts = facts;
  }
}

/** The error for a request that exceeds a limit. */
export function limitExceeded(name: LimitName, max: number, code: 'LIMIT_EXCEEDED' | 'BAD_USER_INPUT' = 'LIMIT_EXCEEDED'): ContactsError {
  return new ContactsError(code, undefined, { limit: { name, max } });
}

/** What is known of one item: its value, null if it does not exist, or an error. */
export type Outcome<T> = T | null | ContactsError;

/** Whether an outcome is a value. */
export function isFound<T>(outcome: Outcome<T>): outcome is T {
  return outcome !== null && !(outcome instanceof ContactsError);
}
