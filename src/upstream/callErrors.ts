import { ContactsError, type ErrorCode } from '../errors.js';
import type { Source } from '../model.js';

/** An upstream answered with a status other than 200. What that means depends on what was asked. */
export class StatusError extends ContactsError {
  constructor(
    readonly status: number,
    source: Source,
    /** Whether the system itself says that there is no such thing: 404 with a JSON body. A gateway's page says nothing about it. */
    readonly isNotFound = false,
  ) {
    super(codeOf(status), source);
  }
}

/** We ended a call because nobody waited for it any more. It says nothing about the upstream. */
export class Cancelled extends ContactsError {
  constructor(source: Source) {
    super('UPSTREAM_TIMEOUT', source);
  }
}

function codeOf(status: number): ErrorCode {
  if (status >= 500) return 'UPSTREAM_UNAVAILABLE';
  if (status === 429) return 'UPSTREAM_RATE_LIMITED';
  // A 401 gets here only if a new token was refused too.
  if (status === 401 || status === 403) return 'UPSTREAM_AUTH_FAILED';
  return 'UPSTREAM_INVALID_RESPONSE';
}
