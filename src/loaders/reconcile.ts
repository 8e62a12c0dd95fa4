import type { Signal } from '../deadline.js';
import { ContactsError } from '../errors.js';
import type { Source } from '../model.js';
import { isEmpty, isRecord } from '../record.js';
import { CutAnswer, MAY_BE_ONE_RECORD, StatusError } from '../upstream/callErrors.js';
import type { Outcomes, UpstreamRecord } from './resource.js';

/** The most calls that one chunk may cost. */
const MAX_CALLS = 20;

/** Once two ids were found that are the reason, there may be more, probably near. So many calls then go to parts that double in size. */
const LAST_CALLS = 5;

/** What an upstream does that its documentation does not say. Each kind is counted. docs/upstream-answers.md explains them. */
export type AnswerDrift = 'cut_page' | 'unmatched_rows' | 'contradictory_rows' | 'unreadable_answer' | 'foreign_404' | 'passing_500';

const CONTRADICTION = Symbol('rows with the same id and different values');

type Fetch<R> = (ids: readonly string[]) => Promise<readonly (R | undefined)[]>;

/** What came of one call: rows, or an error that ended these ids, or an error for which a single id may be the reason: these have no outcome yet. */
type Result = 'answered' | 'ended' | ContactsError;

/**
 * Puts into `outcomes`, for each id of one chunk, its record, null where the system said that there is none, or an error.
 * Each outcome is final as soon as it is there, so a caller in a hurry can take those. Rows are matched by their id, never
 * by their place. docs/upstream-answers.md lists what each possible answer means. Makes no further call once `signal` has
 * aborted. Rejects only for a fault in this program.
 */
export function reconcile<R extends UpstreamRecord>(source: Source, ids: readonly string[], outcomes: Outcomes<R>, fetch: Fetch<R>, signal: Signal, onDrift: (kind: AnswerDrift) => void): Promise<void> {
  return new Reconciliation(source, outcomes, fetch, signal, onDrift).settle(ids);
}

class Reconciliation<R extends UpstreamRecord> {
  #callsLeft = MAX_CALLS;
  #matchedRows = 0;
  /** The most ids in a call that was answered. */
  #mostAnswered = 0;
  /** How many ids were found that are the reason for a failure. */
  #found = 0;
  /** Whether each part of a call that failed was answered: then it was too large, or the trouble has passed. */
  #mayBeSize = false;
  /** How many ids a call may name, once it is known that more are too many. */
  #maxIds = Infinity;
  #hasRepeated = false;
  #lastError: ContactsError | undefined;
  /** Absent ids of answers with rows that match no id: one of those rows may be theirs. */
  #suspects: Set<string> | undefined;

  constructor(
    readonly source: Source,
    readonly outcomes: Outcomes<R>,
    readonly fetch: Fetch<R>,
    readonly signal: Signal,
    readonly onDrift: (kind: AnswerDrift) => void,
  ) {}

  /** Asks for absent ids again, together, for as long as answers bring rows for some of them. */
  async settle(ids: readonly string[]): Promise<void> {
    let absent = ids;
    for (let sweeps = 0; absent.length > 0; sweeps++) {
      const before = this.#matchedRows;
      await this.#sweep(absent);
      const isProgress = this.#matchedRows > before;
      if (isProgress && sweeps > 0) this.onDrift('cut_page');
      absent = absent.filter((id) => !this.outcomes.has(id));
      if (!isProgress) break;
    }
    for (const id of absent) this.outcomes.set(id, this.#suspects?.has(id) ? this.#invalid() : null);
  }

  /** One call for all of them; more where it fails and a single id may be the reason. */
  async #sweep(ids: readonly string[]): Promise<void> {
    let left = ids;
    while (left.length > 0) {
      const isLast = this.#isRunningOut;
      const some = left.slice(0, isLast ? Math.ceil(left.length / (2 ** Math.max(1, this.#callsLeft) - 1)) : this.#maxIds);
      let result = await this.#ask(some);
      const is500 = statusOf(result) === 500;
      if ((is500 || result instanceof CutAnswer) && some.length > 1 && !this.#hasRepeated && this.#found === 0) {
        this.#hasRepeated = true;
        result = await this.#ask(some);
        if (is500 && result === 'answered') this.onDrift('passing_500');
      }
      if (!(result instanceof ContactsError)) left = left.slice(some.length);
      else if (!isLast && this.#mayBeSize && some.length > this.#mostAnswered) this.#maxIds = Math.max(this.#mostAnswered, Math.floor(some.length / 2));
      else if ((isLast && some.length > 1) || !(await this.#isAboutIds(some, result))) {
        this.#setAll(some, result);
        left = left.slice(some.length);
      } else {
        // Not the one that was answered alone.
        const open = some.filter((id) => !this.outcomes.has(id));
        left = [...open.slice(await this.#find(open, result, open.length === some.length)), ...left.slice(some.length)];
      }
    }
  }

  get #isRunningOut(): boolean {
    return this.#found >= 2 && this.#callsLeft <= LAST_CALLS;
  }

  /** Whether an error can be about some of these ids. Where it usually means the system, the first one alone, or the last, tells. */
  async #isAboutIds(ids: readonly string[], error: ContactsError): Promise<boolean> {
    if (ids.length === 1 || this.#mostAnswered > 0 || !(error instanceof StatusError) || MAY_BE_ONE_RECORD.has(error.status)) return true;
    for (const one of [ids.slice(0, 1), ids.slice(-1)]) {
      const result = await this.#ask(one);
      if (result === 'ended') {
        this.#setAll(ids, this.outcomes.get(one[0]!) as ContactsError);
        return false;
      }
      if (statusOf(result) !== error.status) return true;
    }
    return false;
  }

  /**
   * The reason of a failure is in these ids; `hasFailed` says whether a call for just them failed. Halves them until the first id
   * is found that is the reason. Returns how many of them are done: all up to that id. Those behind it go with the next call,
   * together, because they are probably good.
   */
  async #find(ids: readonly string[], error: ContactsError, hasFailed: boolean): Promise<number> {
    // The reason is in this part: a call for it failed, or it is what remains of such a part, whose first half was answered.
    let [from, to] = [0, ids.length];
    while (to - from > 1 || !hasFailed) {
      if (this.#isRunningOut) return from;
      const middle = from + Math.ceil((to - from) / 2);
      const result = await this.#ask(ids.slice(from, middle));
      if (result === 'ended') return middle;
      if (result instanceof ContactsError) [to, hasFailed, error] = [middle, true, result];
      else if (middle < to) [from, hasFailed] = [middle, false];
      else {
        this.#mayBeSize = true;
        return to;
      }
    }
    this.#setAll(ids.slice(from, to), error instanceof StatusError && error.isNotFound ? null : error);
    this.#found++;
    this.#maxIds = Infinity;
    return to;
  }

  async #ask(ids: readonly string[]): Promise<Result> {
    if (this.#callsLeft-- <= 0 || this.signal.aborted) return this.#end(ids, this.#lastError ?? this.#invalid());
    try {
      this.#match(ids, await this.fetch(ids));
      this.#mostAnswered = Math.max(this.#mostAnswered, ids.length);
      return 'answered';
    } catch (error) {
      if (!(error instanceof ContactsError)) throw error;
      this.#countDrift(error);
      return mayBeOneId(error) ? (this.#lastError = error) : this.#end(ids, error);
    }
  }

  #match(ids: readonly string[], rows: readonly (R | undefined)[]): void {
    if (isInOrder(ids, rows)) {
      this.#matchedRows += rows.length;
      // By our own text: its hash is known, and later look-ups compare no characters.
      for (let i = 0; i < ids.length; i++) this.outcomes.set(ids[i]!, rows[i]!);
      return;
    }
    const byId = new Map<string, R | typeof CONTRADICTION>();
    let unmatched = 0;
    for (const row of rows) {
      const other = row && byId.get(row.id);
      if (!row) unmatched++;
      else if (other === undefined) byId.set(row.id, row);
      else if (!areAlike(other, row)) byId.set(row.id, CONTRADICTION);
    }
    unmatched += byId.size;
    // Stryker disable next-line ArrayDeclaration: suspects that nobody asked for change nothing
    const absent: string[] = [];
    for (const id of ids) {
      const row = byId.get(id);
      if (row === undefined) absent.push(id);
      else {
        unmatched--;
        this.#matchedRows++;
        if (row === CONTRADICTION) this.onDrift('contradictory_rows');
        this.outcomes.set(id, row === CONTRADICTION ? this.#invalid() : row);
      }
    }
    if (unmatched === 0) return;
    this.onDrift('unmatched_rows');
    this.#suspects ??= new Set();
    for (const id of absent) this.#suspects.add(id);
  }

  #countDrift(error: ContactsError): void {
    const status = statusOf(error);
    if (status === undefined && error.code === 'UPSTREAM_INVALID_RESPONSE') this.onDrift('unreadable_answer');
    if (status === 404 && !(error as StatusError).isNotFound) this.onDrift('foreign_404');
  }

  #invalid(): ContactsError {
    return new ContactsError('UPSTREAM_INVALID_RESPONSE', this.source);
  }

  #end(ids: readonly string[], error: ContactsError): 'ended' {
    this.#setAll(ids, error);
    // Stryker disable next-line StringLiteral: it is only not 'answered'
    return 'ended';
  }

  #setAll(ids: readonly string[], outcome: ContactsError | null): void {
    for (const id of ids) if (!this.outcomes.has(id)) this.outcomes.set(id, outcome);
  }
}

/** Whether each id has its row, at the same place. Most answers are like this. `ids` has no duplicates. */
function isInOrder<R extends UpstreamRecord>(ids: readonly string[], rows: readonly (R | undefined)[]): rows is readonly R[] {
  return rows.length === ids.length && rows.every((row, i) => row?.id === ids[i]);
}

function statusOf(result: Result): number | undefined {
  return result instanceof StatusError ? result.status : undefined;
}

/** Whether other ids may be answered. Not where the system is down or wants fewer calls, or a new token was refused too. */
function mayBeOneId(error: ContactsError): boolean {
  if (error instanceof StatusError) return error.status === 500 || (error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429);
  return error.code === 'UPSTREAM_INVALID_RESPONSE' || error instanceof CutAnswer;
}

/**
 * Whether the mapping reads both values the same: keys in any order, numbers as numbers or texts, nothing in any of its forms.
 * Rows are reduced, so they are not deep. It stops at the first difference: a page may hold a row a hundred thousand times.
 */
function areAlike(one: unknown, other: unknown): boolean {
  if (one === other || (isNothing(one) && isNothing(other))) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((item, i) => areAlike(item, other[i]));
  if (isRecord(one) && isRecord(other)) {
    for (const key in one) if (!areAlike(one[key], other[key])) return false;
    for (const key in other) if (!(key in one) && !isNothing(other[key])) return false;
    return true;
  }
  // 15 and "15".
  return typeof one === 'number' ? other === String(one) : typeof other === 'number' && one === String(other);
}

function isNothing(value: unknown): boolean {
  return isEmpty(value) || (Array.isArray(value) && value.length === 0);
}
