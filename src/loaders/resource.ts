import type { Deadline } from '../deadline.js';
import type { Outcome } from '../errors.js';
import type { Source } from '../model.js';
import type { CallRecording } from '../recording.js';

/** A record of an upstream, cut down to the keys that the mapping reads. `id` is its number as digits. */
export interface UpstreamRecord {
  readonly id: string;
}

/** What is known of each id so far: its record, null where the system says there is none, or an error. */
export type Outcomes<R> = Map<string, Outcome<R>>;

/** An outcome, or a promise of one if it takes a call. */
export type Loading<T> = Outcome<T> | Promise<Outcome<T>>;

/** How fast the endpoint of a resource can be called at present. Times are milliseconds, and 0 while they are not known. */
export interface Speed {
  /** The typical duration of a call. */
  readonly callMs: number;
  /** The typical time between two calls. */
  readonly perCallMs: number;
}

/** What the endpoint of a resource lets pass at present. */
export interface Gate extends Speed {
  /** Whether a call may leave now. If not, the listener of `onFree` is called as soon as one may. */
  readonly isFree: boolean;
  onFree(listener: () => void): void;
  /** Whether calls are refused at once, except for some that try: none needs to wait for its turn. */
  readonly isOpen: boolean;
  /** Whether the upstream asked for a pause that goes on: calls are refused at once, or wait inside the gate. */
  readonly isPaused: boolean;
}

/** One resource of an upstream: how its records are fetched, and what they become. */
export interface Resource<R extends UpstreamRecord, M> {
  readonly source: Source;
  readonly name: 'contacts' | 'addresses';
  /** How many ids, and how many bytes of ids and commas, one call may name. */
  readonly maxIds: number;
  readonly maxIdBytes: number;
  /** How many calls may be under way at once, if the gate lets them pass. */
  readonly maxCalls: number;
  readonly gate: Gate;
  /**
   * One call. Resolves to the rows as they came, in any order; undefined stands for a row of none of these ids. Rejects
   * with a ContactsError. `relationships` asks for them too.
   */
  fetch(ids: readonly string[], relationships: boolean, deadline: Deadline): Promise<readonly (R | undefined)[]>;
  toModel(id: string, record: R): M;
}

/** Where an operation gets its records: the gatherer, or a cache in front of it. */
export interface Records<R> {
  /**
   * An outcome for each of `ids`, fetched with their relationships if `relationships` is set. Never rejects. Ids that are
   * still open at the deadline are missing from the result.
   */
  request(ids: ReadonlySet<string>, relationships: boolean, deadline: Deadline, recording?: CallRecording): Promise<ReadonlyMap<string, Outcome<R>>>;
}

/** A resource as an operation sees it. */
export interface RecordSource<M> {
  readonly source: Source;
  readonly records: Records<UpstreamRecord>;
  /** Called once for each record that an operation reads. */
  toModel(id: string, record: UpstreamRecord): M;
}
