import { Aborter, sleep, type Deadline, type Signal } from '../deadline.js';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import type { UpstreamCall } from '../recording.js';
import { asCallError, AttemptSignal, Cancelled, CutAnswer, StatusError } from './callErrors.js';
import { foreign404 } from './foreign404.js';
import { parseJson } from './json.js';
import type { TokenSource } from './oauth2/tokenSource.js';
import type { Breaker, Verdict } from './policies/breaker.js';
import type { Pace, PacedCall, PaceVerdict } from './policies/pace.js';
import type { Pause } from './policies/pause.js';
import type { Retry } from './policies/retry.js';
import { Slots } from './policies/slots.js';
import type { Answer, Wire } from './wire.js';

/** A request to an upstream. */
export interface UpstreamRequest {
  readonly resource: string;
  /** Holds only checked ids and constants. */
  readonly path: string;
  readonly ids: readonly string[];
  readonly relationships: boolean;
}

export interface EndpointParts {
  readonly source: Source;
  /** How long one attempt may take. */
  readonly attemptTimeoutMs: number;
  readonly pause: Pause;
  readonly pace: Pace;
  readonly breaker: Breaker;
  readonly retry: Retry;
  /** The endpoints of one system share these two. */
  readonly token: TokenSource;
  readonly wire: Wire;
  /** Called for each call when it has ended. */
  readonly onCall: (source: Source, call: UpstreamCall) => void;
}

const NEVER: Signal = new Aborter();

/**
 * The only way to call an endpoint of an upstream. Each attempt passes these policies from top to bottom: the breaker and the
 * pause that the upstream asked for, which may refuse it; the token; a slot at the present pace; the wire, with one replay
 * after a 401. The policies do not know each other.
 */
export class Endpoint {
  readonly #parts: EndpointParts;
  readonly #slots: Slots;

  constructor(parts: EndpointParts) {
    this.#parts = parts;
    this.#slots = new Slots(() => Math.max(parts.pause.waitMs, parts.pace.waitMs));
  }

  /**
   * The JSON of the answer. Ends with `deadline` at the latest. Rejects with StatusError for a status other than 200, and
   * with another ContactsError for any other failure.
   */
  async getJson(request: UpstreamRequest, deadline: Deadline): Promise<unknown> {
    const { source, retry } = this.#parts;
    // A retry that would be refused is not paid for.
    const isOver = (): boolean => deadline.signal.aborted || this.#refusal(request.ids, deadline) !== undefined;
    for (let attempt = 1; ; attempt++) {
      try {
        const json = await this.#attempt(request, attempt, deadline);
        retry.succeeded(attempt);
        return json;
      } catch (caught) {
        const error = asCallError(caught, source, deadline.signal);
        const waitMs = mayBeOneId(error, request) ? undefined : retry.waitMs(error, attempt);
        if (waitMs === undefined || performance.now() + waitMs >= deadline.endsAtMs || isOver()) throw error;
        await sleep(waitMs, deadline.signal).catch(() => {});
        if (isOver() || !retry.pay()) throw error;
      }
    }
  }

  async #attempt(request: UpstreamRequest, attempt: number, deadline: Deadline): Promise<unknown> {
    const { pause, pace, breaker, token: tokens } = this.#parts;
    this.#refuse(request.ids, deadline);
    // Before anything is counted: who waits for a token does not wait for this endpoint.
    const held = tokens.get(deadline.signal, deadline.calls);
    // Stryker disable next-line ConditionalExpression,StringLiteral: waiting for a token that is there only costs a turn of the event loop
    const token = typeof held === 'string' ? held : await held;
    if (!this.#slots.isFree) await this.#slots.enter(deadline.signal, () => this.#refusal(request.ids, deadline) !== undefined);
    // After a wait the pause may be longer, or the breaker open.
    this.#refuse(request.ids, deadline);
    const passed = breaker.begin(request.ids);
    const tries = pause.tries();
    const paced = pace.begin();
    deadline.onAttempt?.();
    // A call that tries goes on when its caller leaves: if each were ended early, nobody would learn that the upstream is back.
    const own = tries || passed.isTrial ? { ...deadline, endsAtMs: deadline.endsAtMs, signal: NEVER } : deadline;
    let error: unknown;
    try {
      return await this.#ask(request, attempt, token, paced, own, passed.isTrial);
    } catch (caught) {
      throw (error = caught);
    } finally {
      const verdict = paceVerdict(error);
      breaker.end(passed, breakerVerdict(error, request));
      pace.end(paced, verdict);
      if (tries) pause.tried(verdict === 'taken');
      this.#slots.changed();
    }
  }

  /** A trial that asks once more is not refused because of itself. */
  #refusal(ids: readonly string[], { endsAtMs }: Deadline, isTrial = false): ContactsError | undefined {
    const { source, pause, breaker } = this.#parts;
    const refusesForMs = isTrial ? 0 : breaker.refusesForMs(ids);
    if (refusesForMs > 0) return new ContactsError('UPSTREAM_UNAVAILABLE', source, { retryAfterSeconds: Math.ceil(refusesForMs / 1_000) });
    return pause.refusal(endsAtMs);
  }

  #refuse(ids: readonly string[], deadline: Deadline, isTrial = false): void {
    const refusal = this.#refusal(ids, deadline, isTrial);
    if (refusal) throw refusal;
  }

  async #ask(request: UpstreamRequest, attempt: number, held: string, paced: PacedCall, deadline: Deadline, isTrial: boolean): Promise<unknown> {
    const { source, pause, pace, token: tokens } = this.#parts;
    try {
      let token = held;
      let answer = await this.#call(request, attempt, token, paced, deadline);
      const other = answer.status === 401 ? await tokens.replacementFor(token, request.path, deadline.signal, deadline.calls) : undefined;
      if (other !== undefined) {
        token = other;
        this.#refuse(request.ids, deadline, isTrial);
        // It has its slot, so it waits here. The pause may become longer meanwhile.
        while (pause.isOn) {
          await sleep(pause.waitMs, deadline.signal);
          this.#refuse(request.ids, deadline, isTrial);
        }
        pace.spend();
        answer = await this.#call(request, attempt + 1, token, paced, deadline);
        if (answer.status === 401) tokens.didNotHelp(token);
      }
      if (answer.status !== 401) tokens.served(token);
      const { status, retryAfter } = answer;
      if (status === 200) return parseJson(answer.body, answer.contentType);
      if ((status === 429 || status === 503) && pause.begin(status, retryAfter)) {
        throw new StatusError(status, source, false, Math.ceil(pause.leftMs / 1_000));
      }
      // Stryker disable next-line ConditionalExpression: the body of any other is empty, which is no JSON
      throw new StatusError(status, source, status === 404 && foreign404(answer) === undefined);
    } catch (error) {
      throw asCallError(error, source, deadline.signal);
    }
  }

  async #call({ resource, path, ids, relationships }: UpstreamRequest, attempt: number, token: string, paced: PacedCall, { signal, calls, traceparent }: Deadline): Promise<Answer> {
    const { source, attemptTimeoutMs, pace, wire, onCall } = this.#parts;
    const startedAtMs = performance.now();
    const own = new AttemptSignal(signal, attemptTimeoutMs, source);
    // Stryker disable next-line StringLiteral: each way out sets it
    let outcome = 'failed';
    try {
      const answer = await wire.get(path, token, own, traceparent);
      if (answer.status === 200 || answer.status === 404) pace.answered(paced, performance.now() - startedAtMs);
      outcome = String(answer.status);
      return answer;
    } catch (error) {
      const known = asCallError(error, source, own);
      outcome = known.code;
      throw known;
    } finally {
      own.end();
      const call = { resource, ids, relationships, attempt, startedAtMs, endedAtMs: performance.now(), outcome, traceparent };
      calls?.push(call);
      onCall(source, call);
    }
  }

  /** Whether a call may leave now. If not, the listener of `onFree` is called as soon as one may. */
  get isFree(): boolean {
    return this.#slots.isFree;
  }

  /** Whether the breaker is open: calls are refused at once, except for some that try. */
  get isOpen(): boolean {
    return this.#parts.breaker.isOpen;
  }

  /** Whether a pause goes on: calls are refused at once, or wait for its end. */
  get isPaused(): boolean {
    return this.#parts.pause.isOn;
  }

  onFree(listener: () => void): void {
    this.#slots.onFree(listener);
  }

  /** The typical duration of a call; 0 while none is known. */
  get callMs(): number {
    return this.#parts.pace.callMs;
  }

  /** The time between two calls at the present pace; 0 while none is known. */
  get perCallMs(): number {
    return this.#parts.pace.perCallMs;
  }

  /** Calls that wait go on waiting until their deadlines. */
  close(): void {
    this.#slots.close();
  }
}

/** Whether one of several ids may be the reason, although the upstream seems to be in trouble: reconciliation asks for smaller parts. */
function mayBeOneId(error: unknown, { ids }: UpstreamRequest): boolean {
  return ids.length > 1 && (error instanceof CutAnswer || (error instanceof StatusError && error.status === 500));
}

/** What an attempt that ended with this error, or none, says about the upstream. */
function breakerVerdict(error: unknown, request: UpstreamRequest): Verdict {
  if (error === undefined) return 'answered';
  if (mayBeOneId(error, request)) return 'unclear';
  if (error instanceof StatusError) {
    if (error.status < 500) return 'answered';
    // The pause sees to that one.
    return error.facts.retryAfterSeconds === undefined ? 'failed' : 'nothing';
  }
  if (error instanceof Cancelled) return 'abandoned';
  // The last one is our own refusal of a replay.
  if (!(error instanceof ContactsError) || error.code === 'UPSTREAM_AUTH_FAILED' || error.facts.retryAfterSeconds !== undefined) return 'nothing';
  return error.code === 'UPSTREAM_INVALID_RESPONSE' ? 'answered' : 'failed';
}

function paceVerdict(error: unknown): PaceVerdict {
  if (error === undefined) return 'taken';
  if (error instanceof StatusError) return error.status === 429 ? 'refused' : error.status === 503 ? 'nothing' : 'taken';
  if (error instanceof Cancelled || !(error instanceof ContactsError)) return 'nothing';
  if (error.code === 'UPSTREAM_INVALID_RESPONSE') return 'taken';
  return error.code === 'UPSTREAM_TIMEOUT' ? 'timeout' : 'nothing';
}
