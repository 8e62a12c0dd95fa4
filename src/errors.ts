import { messageOf, type ErrorCode, type ErrorFacts, type Fault, type LimitName } from './errorCodes.js';
import type { Source } from './model.js';

export { ERRORS, MAX_ERRORS, type ErrorCode, type ErrorFacts, type Fault, type LimitName } from './errorCodes.js';

/** When a caller may try again after this service refused a request because of its load. */
export const RETRY_AFTER_SECONDS = 1;

/**
 * An error for callers, with a code of errorCodes.ts. `source` is the system concerned, if any. The facts go into its
 * message and extensions. `cause` is logged, never sent.
 */
export class ContactsError extends Error {
  override readonly name = 'ContactsError';
  readonly facts: ErrorFacts;

  constructor(
    readonly code: ErrorCode,
    readonly source?: Source,
    { cause, ...facts }: ErrorOptions & ErrorFacts = {},
  ) {
    const { stackTraceLimit } = Error;
    // Only our own faults need a stack, which is slow to take (docs/performance.md).
    if (code !== 'INTERNAL_SERVER_ERROR') Error.stackTraceLimit = 0;
    super(messageOf(code, { ...facts, source }), { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.facts = facts;
  }
}

/** The error for a request that exceeds a limit. */
export function limitExceeded(name: LimitName, max: number, code: 'LIMIT_EXCEEDED' | 'BAD_USER_INPUT' = 'LIMIT_EXCEEDED'): ContactsError {
  return new ContactsError(code, undefined, { limit: { name, max } });
}

/** The error for a request that cannot be read. */
export function badRequest(fault?: Fault): ContactsError {
  return new ContactsError('BAD_REQUEST', undefined, { fault });
}

/** The error for a request that this service has no room for at the moment. */
export function overloaded(): ContactsError {
  return new ContactsError('OVERLOADED', undefined, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}

/** What is known of one item: its value, null if it does not exist, or an error. */
export type Outcome<T> = T | null | ContactsError;

/** Whether an outcome is a value. */
export function isFound<T>(outcome: Outcome<T>): outcome is T {
  return outcome !== null && !(outcome instanceof ContactsError);
}
