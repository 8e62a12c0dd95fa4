import { Aborter, setPatientTimeout, type Signal } from '../deadline.js';
import { ContactsError, type ErrorCode } from '../errors.js';
import type { Source } from '../model.js';
import { CutBody, UnreadableBody } from '../readBody.js';

/** An upstream answered with a status other than 200. What that means depends on what was asked. */
export class StatusError extends ContactsError {
  constructor(
    readonly status: number,
    source: Source,
    /** Whether the system itself says that there is no such thing: a 404 that is not a gateway's (`foreign404`). */
    readonly isNotFound = false,
    /** How long the upstream is not asked, if it requested a pause. */
    retryAfterSeconds?: number,
  ) {
    super(codeOf(status), source, { retryAfterSeconds });
  }
}

/** Answers to a call for several records that usually mean one of them, or that it asks for too many. Any other one with 4xx usually means the system as a whole. */
export const MAY_BE_ONE_RECORD: ReadonlySet<number> = new Set([400, 404, 410, 413, 414, 422, 431, 500]);

/** An answer with the status 200 broke off. Perhaps the upstream failed at one of the records in it. */
export class CutAnswer extends ContactsError {
  constructor(source: Source, cause: CutBody) {
    super('UPSTREAM_UNAVAILABLE', source, { cause });
  }
}

/** We ended a call because nobody waited for it any more. It says nothing about the upstream. */
export class Cancelled extends ContactsError {
  constructor(source: Source) {
    super('UPSTREAM_TIMEOUT', source);
  }
}

/** The signal of one attempt: it aborts when the time of the attempt is over, or with the call. Call `end` when it has ended. */
export class AttemptSignal extends Aborter {
  readonly #call: Signal;
  readonly #timer: NodeJS.Timeout;

  constructor(call: Signal, timeoutMs: number, source: Source) {
    super();
    this.#call = call;
    const expire = (): void => this.abort(new ContactsError('UPSTREAM_TIMEOUT', source, { cause: new Error('the attempt timed out') }));
    this.#timer = setPatientTimeout(expire, timeoutMs);
    call.addEventListener('abort', this.#follow);
    if (call.aborted) this.#follow();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#call.removeEventListener('abort', this.#follow);
  }

  readonly #follow = (): void => this.abort(this.#call.reason);
}

/** Maps any error of a call to the closed list. */
export function asCallError(error: unknown, source: Source, signal: Signal): ContactsError {
  if (error instanceof ContactsError) return error;
  if (signal.aborted) return signal.reason instanceof ContactsError ? signal.reason : new Cancelled(source);
  if (error instanceof CutBody) return new CutAnswer(source, error);
  const isUnreadable = error instanceof SyntaxError || error instanceof UnreadableBody;
  return new ContactsError(isUnreadable ? 'UPSTREAM_INVALID_RESPONSE' : 'UPSTREAM_UNAVAILABLE', source, { cause: error });
}

function codeOf(status: number): ErrorCode {
  if (status >= 500) return 'UPSTREAM_UNAVAILABLE';
  if (status === 429) return 'UPSTREAM_RATE_LIMITED';
  // A 401 gets here only if a new token was refused too.
  if (status === 401 || status === 403) return 'UPSTREAM_AUTH_FAILED';
  return 'UPSTREAM_INVALID_RESPONSE';
}
