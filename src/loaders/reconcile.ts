import { ContactsError, type Outcome } from '../errors.js';
import type { Source } from '../model.js';
import { rowId } from '../upstream/rowId.js';
import { Refusal } from '../upstream/refusal.js';

/** The most calls that one chunk may cost, poisoned or not. */
const MAX_CALLS = 20;

/** The refusals that one bad id, or too many ids, can bring upon all the others. */
const MAY_BE_ONE_ID = new Set([400, 404, 413, 414, 500]);

/** Refusals of the whole, of which each half by itself may be good. */
const TOO_LONG = new Set([413, 414]);

const CONTRADICTION = Symbol('rows of one id that contradict each other');
type Row = object | typeof CONTRADICTION;

/**
 * Asks a bulk endpoint about `ids` until each of them has an outcome of its own. Rows are known by their id, never by
 * their place; rows that nobody asked for are dropped; two that contradict each other are an error and not a guess.
 * A refused chunk is halved, so that a poisoned id costs itself. Ids that are missing are asked for once more, together,
 * before they are called not found: a page may have been cut short. When the calls or the time run out before all this
 * is known, the ids in question are errors.
 */
export async function reconcile<T>(
  source: Source,
  ids: readonly string[],
  ask: (ids: readonly string[]) => Promise<unknown[]>,
  toModel: (id: string, row: object) => T,
): Promise<Map<string, Outcome<T>>> {
  const outcomes = new Map<string, Outcome<T>>();
  let callsLeft = MAX_CALLS;
  let lastRefusal: Refusal | undefined;

  const sweep = async (wanted: readonly string[]): Promise<void> => {
    const refusal = await answerOf(wanted);
    if (refusal) await halve(wanted, refusal);
  };
  /** Settles the ids with what the upstream says of them, or hands back its refusal where one of them may be to blame. */
  const answerOf = async (wanted: readonly string[]): Promise<Refusal | undefined> => {
    // Only refusals can have used up the calls.
    if (callsLeft-- <= 0 && lastRefusal) {
      settle(wanted, lastRefusal);
      return undefined;
    }
    try {
      collect(wanted, rowsById(await ask(wanted)));
    } catch (error) {
      if (!(error instanceof ContactsError)) throw error;
      if (error instanceof Refusal && MAY_BE_ONE_ID.has(error.status)) return (lastRefusal = error);
      settle(wanted, error);
    }
    return undefined;
  };
  const halve = async (wanted: readonly string[], refusal: Refusal): Promise<void> => {
    if (wanted.length === 1) return settle(wanted, refusal.status === 404 ? null : refusal);
    const half = Math.ceil(wanted.length / 2);
    const first = wanted.slice(0, half);
    const second = wanted.slice(half);
    const again = await answerOf(first);
    if (again) await halve(first, again);
    // What was wrong was not in the first half: no need to ask whether it is in the second, down to the last one.
    const isInSecond = !again && second.length > 1 && !TOO_LONG.has(refusal.status);
    await (isInSecond ? halve(second, refusal) : sweep(second));
  };
  const collect = (wanted: readonly string[], rows: ReadonlyMap<string, Row>): void => {
    for (const id of wanted) {
      const row = rows.get(id);
      if (row) outcomes.set(id, row === CONTRADICTION ? new ContactsError('UPSTREAM_INVALID_RESPONSE', source) : toModel(id, row));
    }
  };
  const settle = (wanted: readonly string[], outcome: Outcome<T>): void => {
    for (const id of wanted) outcomes.set(id, outcome);
  };

  await sweep(ids);
  if (outcomes.size < ids.length) {
    const absent = ids.filter((id) => !outcomes.has(id));
    await sweep(absent);
    settle(absent.filter((id) => !outcomes.has(id)), null);
  }
  return outcomes;
}

/** The rows that have an id; one in the place of several that contradict each other. */
function rowsById(rows: readonly unknown[]): Map<string, Row> {
  const byId = new Map<string, Row>();
  for (const row of rows) {
    const id = rowId(row);
    if (id === undefined) continue;
    const other = byId.get(id);
    if (other === undefined) byId.set(id, row as object);
    else if (!areAlike(other, row)) byId.set(id, CONTRADICTION);
  }
  return byId;
}

function areAlike(one: unknown, other: unknown): boolean {
  try {
    return JSON.stringify(one) === JSON.stringify(other);
  } catch {
    // Nested too deep to compare.
    return false;
  }
}
