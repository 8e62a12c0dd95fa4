import type { UpstreamCall, Watch, WatchedBatch } from '../watch.js';

/** What GraphiQL's panel draws: one call that an operation waited for. Times are milliseconds since the operation began. */
export interface ShownCall extends Pick<WatchedBatch, 'source' | 'kind'>, Pick<UpstreamCall, 'resource' | 'ids' | 'attempt' | 'outcome'> {
  readonly relationships: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly fields: readonly string[];
}

/** The calls of an operation in the order in which they began. Of a call for several operations, only this one's ids. */
export function shownCalls({ batches }: Watch, beganAtMs: number): ShownCall[] {
  const since = (atMs: number): number => Math.max(0, Math.round((atMs - beganAtMs) * 100) / 100);
  const shown = batches.flatMap(({ source, resource, kind, full, fields, ids, calls, startedAtMs }): ShownCall[] => {
    const what = { source, kind, fields: [...fields] };
    if (kind === 'cached') return [{ ...what, resource, relationships: full, ids, attempt: 1, startMs: since(startedAtMs), endMs: since(startedAtMs), outcome: '200' }];
    const own = new Set(ids);
    return calls
      .filter((call) => (call.resource === 'token' ? kind === 'sent' : call.ids.some((id) => own.has(id))))
      .map((call) => ({
        ...what,
        resource: call.resource,
        relationships: call.full,
        ids: call.ids.filter((id) => own.has(id)),
        attempt: call.attempt,
        startMs: since(call.startedAtMs),
        endMs: since(call.endedAtMs),
        outcome: call.outcome,
      }));
  });
  return shown.sort((a, b) => a.startMs - b.startMs);
}
