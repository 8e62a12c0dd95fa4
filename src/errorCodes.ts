import type { Source } from './model.js';

/** Details of an error that callers get. They come from this program, never from an upstream's text or a caller's values. */
export interface ErrorFacts {
  /** The limit that was exceeded, and its value. */
  readonly limit?: Limit | undefined;
  /** The refused field, such as `Contact.dateOfBirth`, and the scope that it needs. */
  readonly coordinate?: string | undefined;
  readonly scope?: string | undefined;
  /** How long to wait before the next try. */
  readonly retryAfterSeconds?: number | undefined;
  /** Whether it may pass by itself, where the code alone does not say so. */
  readonly isTransient?: boolean | undefined;
  /** What is wrong with the request, where its code covers several faults. */
  readonly fault?: Fault | undefined;
  /** The place in the query. */
  readonly place?: { readonly line: number; readonly column: number } | undefined;
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

/** What to do about a limit where "Ask for less at once" does not help. */
const LIMIT_ADVICE: Partial<Record<LimitName, string>> = {
  MAX_ALIAS_CHARACTERS: 'Use shorter aliases.',
  MAX_DIRECTIVES: 'Use fewer directives.',
  MAX_QUERY_CHARACTERS: 'Shorten the query, or split it.',
  MAX_QUERY_LINES: 'Shorten the query, or split it.',
  MAX_TOKENS: 'Shorten the query, or split it.',
  MAX_DEPTH: 'Ask for the deeper levels in another request.',
  MAX_REPEATS: 'Select each field once.',
  MAX_VARIABLES_DEPTH: 'Nest the variables less deeply.',
};

/** How many errors one answer may have. */
export const MAX_ERRORS = 1_000;

type Facts = ErrorFacts & { readonly source?: Source | undefined };
type Sentence = string | ((facts: Facts) => string);

/** The sentence of each fault. It replaces the sentence of its code. */
export const FAULTS = {
  json: 'The body of the request is not valid JSON. POST one JSON object with a `query`.',
  body: 'The body of the request must be one JSON object with a `query`. A list of operations is not accepted: send each in a request of its own.',
  query: 'The request has no text in `query`. Put the operation there, as a string.',
  variables: '`variables` must be a JSON object. Send it as an object, not as a string or a list.',
  extensions: '`extensions` must be a JSON object. Send it as an object, not as a string or a list.',
  operationName: '`operationName` must be a string. Send the name of an operation, or leave it out.',
  severalOperations: 'The query has several operations. Name the one to run in `operationName`.',
  unknownOperation: 'The query has no operation with the name that `operationName` gives. Correct the name, or leave it out if there is only one operation.',
  method: 'This path takes POST requests only. POST one JSON object with a `query`.',
  path: 'There is nothing at this path. POST GraphQL requests to /graphql.',
  host: 'This service answers programs on this machine only. Ask it at 127.0.0.1 or localhost.',
  contentType: 'The request has no body in JSON. Send one with the header `content-type: application/json`.',
  encoding: 'The body of the request cannot be decompressed. Send it uncompressed, or with gzip and the header `content-encoding: gzip`.',
  pieces: 'The body of the request came in too many pieces. Send it in fewer and larger ones.',
  accept: 'The header `accept` of the request excludes JSON. Send `accept: application/json` or `application/graphql-response+json`, or leave the header out.',
  headers: 'The headers of the request are too large. At most 16,384 bytes are allowed.',
  slow: 'The request did not arrive completely in time. Send it again.',
  http: 'The request is not valid HTTP/1.1.',
  contactId: 'This is not the id of a contact. An id is the system (`pms` or `cas360`), a colon and the number of the contact in that system.',
  addressId: 'This is not the id of an address. An id is `cas360`, a colon and the number of the address; or the id of a `pms` contact, a slash and the number of the address.',
  salesAccount: 'This is not a reference to a sales account. It needs an `id`, which is `pms`, a colon and the number of the account, and a `contact` with its `id`.',
  representation: 'This representation cannot be resolved here. It must be an object with a `__typename` that this service resolves, and the fields of its key.',
  variable: ({ place }) => `The value of ${place ? `the variable${at(place)}` : 'a variable'} is missing, or does not fit its type. Compare the variables with their declarations in the query.`,
  condition: 'A variable in @skip or @include is null. Give it true or false, or leave it out to use its default.',
  routerSecret: 'The header `router-authorization` is missing or wrong. Ask through the router, or send its secret.',
  token: 'The bearer token of the request is not valid here. Send one that is, or none.',
  expiredToken: 'The bearer token of the request has expired. Get a new one, and send the request again.',
  unverifiedToken: 'The bearer token of the request cannot be verified at the moment. Try again later.',
  introspection: 'Introspection is switched off. Use the schema that is published for this service.',
  operationType: 'This service answers queries only. It has no mutations and no subscriptions.',
} as const satisfies Record<string, Sentence>;

export type Fault = keyof typeof FAULTS;

/** An extension that an error can have besides `code` and `retryable`. */
export type Extension = 'source' | 'retryAfterSeconds' | 'limit' | 'coordinate' | 'scope';

interface ErrorKind {
  /** Whether the same request may succeed later. 'sometimes': only the error itself says it. */
  readonly retryable: boolean | 'sometimes';
  /** What happened, and what to do about it. Together they are the message. They contain only Facts. */
  readonly sentence: Sentence;
  readonly advice: Sentence;
  /** The extensions that each error of this code has, and those that some have. */
  readonly always?: readonly Extension[];
  readonly sometimes?: readonly Extension[];
}

/** Every error code. Messages contain only Facts, so no upstream text, caller's value or stack can leak. */
export const ERRORS = {
  UPSTREAM_TIMEOUT: { retryable: true, sentence: (facts) => `${systemIn(facts)} did not answer in time.`, advice: later, sometimes: ['source'] },
  UPSTREAM_UNAVAILABLE: { retryable: true, sentence: (facts) => `${systemIn(facts)} is not available.`, advice: later, sometimes: ['source', 'retryAfterSeconds'] },
  UPSTREAM_RATE_LIMITED: { retryable: true, sentence: (facts) => `${systemIn(facts)} takes no more requests for now.`, advice: later, sometimes: ['source', 'retryAfterSeconds'] },
  UPSTREAM_AUTH_FAILED: {
    retryable: 'sometimes',
    // Only a failure to get a token says whether it is transient.
    sentence: (facts) => (facts.isTransient === undefined ? `${systemIn(facts)} refused the credentials of this service.` : `${systemIn(facts)} cannot be asked, because no token for it could be had.`),
    advice: (facts) => (facts.isTransient ? later(facts) : 'Tell the operator.'),
    sometimes: ['source', 'retryAfterSeconds'],
  },
  UPSTREAM_INVALID_RESPONSE: { retryable: false, sentence: (facts) => `${systemIn(facts)} gave an answer that cannot be used.`, advice: 'Tell the operator.', sometimes: ['source'] },
  SOURCE_NOT_CONFIGURED: { retryable: false, sentence: (facts) => `${systemIn(facts)} is not connected to this service.`, advice: 'Leave its contacts out, or ask the operator to connect it.', sometimes: ['source'] },
  FORBIDDEN: {
    retryable: false,
    sentence: ({ coordinate = 'This field', scope }) => `${coordinate} needs ${scope === undefined ? 'a scope' : `the scope ${scope}`}, which the request does not carry.`,
    advice: 'Send a token with this scope, or leave the field out.',
    always: ['coordinate', 'scope'],
  },
  UNAUTHENTICATED: { retryable: 'sometimes', sentence: 'The credentials of the request are missing or not valid.', advice: 'Send a valid token, or none.' },
  BAD_USER_INPUT: {
    retryable: false,
    sentence: ({ limit }) => (limit ? excess(limit) : 'A value in the request is not valid.'),
    advice: ({ limit }) => (limit ? lessOf(limit) : 'Compare it with the descriptions in the schema.'),
    sometimes: ['limit'],
  },
  OVERLOADED: {
    retryable: true,
    sentence: (facts) => (facts.source ? `${systemIn(facts)} is asked for more than it can answer in time.` : 'This service is asked for more than it can answer in time.'),
    advice: (facts) => `${later(facts)} Ask for less at once.`,
    sometimes: ['source', 'retryAfterSeconds'],
  },
  LIMIT_EXCEEDED: {
    retryable: false,
    sentence: ({ limit }) => (limit ? excess(limit) : 'The request, or its answer, exceeds a limit.'),
    advice: ({ limit }) => lessOf(limit),
    always: ['limit'],
  },
  ERRORS_TRUNCATED: { retryable: false, sentence: `The answer has more than ${MAX_ERRORS.toLocaleString('en')} errors. The others are left out, and their fields are null.`, advice: 'Ask for less at once, or resolve these errors first.' },
  BAD_REQUEST: { retryable: false, sentence: 'The request cannot be read as GraphQL over HTTP.', advice: 'POST one JSON object with a `query` to /graphql.' },
  GRAPHQL_PARSE_FAILED: { retryable: false, sentence: ({ place }) => `The query is not valid GraphQL${at(place)}.`, advice: 'Correct its syntax.' },
  GRAPHQL_VALIDATION_FAILED: {
    retryable: false,
    sentence: ({ place }) => `The query is not valid${at(place)}.`,
    advice: 'Compare that place with the schema and the rest of the query. A service with GRAPHIQL=true names the fault.',
  },
  INTERNAL_SERVER_ERROR: { retryable: false, sentence: 'This service has failed.', advice: 'Tell the operator.', sometimes: ['source'] },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The message of an error. */
export function messageOf(code: ErrorCode, facts: Facts): string {
  if (facts.fault) return text(FAULTS[facts.fault], facts);
  const { sentence, advice } = messageParts(code, facts);
  return `${sentence} ${advice}`;
}

/** What happened, and what to do about it. Without facts: what holds for every error of the code. */
export function messageParts(code: ErrorCode, facts: Facts): { readonly sentence: string; readonly advice: string } {
  const { sentence, advice }: ErrorKind = ERRORS[code];
  return { sentence: text(sentence, facts), advice: text(advice, facts) };
}

function text(sentence: Sentence, facts: Facts): string {
  return typeof sentence === 'string' ? sentence : sentence(facts);
}

function systemIn({ source }: Facts): string {
  if (source === undefined) return 'The system that holds this';
  return source === 'PMS' ? 'The PMS' : 'CAS 360';
}

function later({ retryAfterSeconds: seconds }: Facts): string {
  if (seconds === undefined) return 'Try again later.';
  return `Try again in ${seconds === 1 ? 'a second' : `${seconds.toLocaleString('en')} seconds`}.`;
}

function excess({ name, max }: Limit): string {
  return `At most ${max.toLocaleString('en')} ${LIMITS[name]} are allowed (${name}).`;
}

function lessOf(limit: Limit | undefined): string {
  return (limit && LIMIT_ADVICE[limit.name]) ?? 'Ask for less at once.';
}

function at(place: ErrorFacts['place']): string {
  return place ? ` at line ${place.line}, column ${place.column}` : '';
}
