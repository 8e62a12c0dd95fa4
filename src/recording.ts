import type { Source } from './model.js';

/** One call to an upstream. Times are milliseconds of `performance.now()`. */
export interface UpstreamCall {
  readonly resource: string;
  readonly ids: readonly string[];
  readonly relationships: boolean;
  /** 1 for the first attempt; more for a retry, or a replay with a new token. */
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** The status of the answer, or the code of the error if there was none. */
  readonly outcome: string;
  /** The header that it carried (W3C Trace Context). */
  readonly traceparent?: string | undefined;
}

/** Ids that an operation waited for together, and where they came from. */
export interface RecordedIds {
  readonly source: Source;
  readonly resource: string;
  /** Those of this operation. A call may carry ids of other operations too. */
  readonly ids: readonly string[];
  readonly relationships: boolean;
  /** A call made for them, a call that another operation had started, or the cache. */
  readonly kind: 'sent' | 'joined' | 'cached';
  /** The fields that waited, such as `contacts.representatives`. */
  readonly fields: ReadonlySet<string>;
  /** Grows while the ids are fetched. */
  readonly calls: readonly UpstreamCall[];
  readonly startedAtMs: number;
}

/** What the fields of one depth waited for. Kept only for traces and for GraphiQL's panel. */
export interface CallRecording {
  readonly waits: RecordedIds[];
  readonly fields: ReadonlySet<string>;
}
