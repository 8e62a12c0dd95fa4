import type { Source } from './model.js';

/** One call to an upstream, for whoever wants to know what was asked of it. Times are milliseconds of `performance.now()`. */
export interface UpstreamCall {
  readonly resource: string;
  readonly ids: readonly string[];
  /** Whether everything was asked for that the upstream can tell. */
  readonly full: boolean;
  /** 1, or more for one that was sent again: by itself, or with a new token. */
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** The status of its answer, or the code of what went wrong before there was one. */
  readonly outcome: string;
}

/** Ids that an operation waited for together, and how they came. */
export interface WatchedBatch {
  readonly source: Source;
  readonly resource: string;
  /** Those of this operation: a call may carry others' too. */
  readonly ids: readonly string[];
  readonly full: boolean;
  /** By a call that was made for them, by one that another operation had asked for already, or without any. */
  readonly kind: 'sent' | 'joined' | 'cached';
  /** The fields that waited, such as `contacts.representatives`. */
  readonly fields: ReadonlySet<string>;
  /** Filled while the batch is under way. */
  readonly calls: readonly UpstreamCall[];
  readonly startedAtMs: number;
}

/** What one operation waited for, kept only where somebody wants to know. */
export interface Watch {
  readonly batches: WatchedBatch[];
}
