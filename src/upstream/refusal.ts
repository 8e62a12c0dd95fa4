import { ContactsError, type ErrorCode } from '../errors.js';
import type { Source } from '../model.js';

/** An upstream's answer with a status other than 200. What the status means depends on what was asked. */
export class Refusal extends ContactsError {
  constructor(
    readonly status: number,
    source: Source,
  ) {
    super(codeOf(status), source);
  }
}

function codeOf(status: number): ErrorCode {
  if (status >= 500) return 'UPSTREAM_UNAVAILABLE';
  if (status === 429) return 'UPSTREAM_RATE_LIMITED';
  // 401 stands here only after a new token was refused too.
  if (status === 401 || status === 403) return 'UPSTREAM_AUTH_FAILED';
  return 'UPSTREAM_INVALID_RESPONSE';
}
