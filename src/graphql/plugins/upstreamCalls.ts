import type { RecordedIds, UpstreamCall } from '../../recording.js';

/** One call that an operation waited for, as GraphiQL's panel draws it. Times are milliseconds since the operation began. */
export interface ShownCall extends Pick<RecordedIds, 'source' | 'kind'>, Pick<UpstreamCall, 'resource' | 'ids' | 'attempt' | 'outcome'> {
  readonly relationships: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly fields: readonly string[];
}

/** The calls of an operation, in the order of their start. Shared calls show only this operation's ids. */
export function shownCalls(waits: readonly RecordedIds[], beganAtMs: number): ShownCall[] {
  const since = (atMs: number): number => Math.max(0, Math.round((atMs - beganAtMs) * 100) / 100);
  const cached: ShownCall[] = [];
  // Fields of different depths that request ids in one turn of the event loop share a call.
  const byCall = new Map<UpstreamCall, ShownCall>();
  for (const { source, resource, kind, relationships, fields, ids, calls, startedAtMs } of waits) {
    if (kind === 'cached') cached.push({ source, kind, fields: [...fields], resource, relationships, ids, attempt: 1, startMs: since(startedAtMs), endMs: since(startedAtMs), outcome: '200' });
    const own = new Set(ids);
    for (const call of calls) {
      if (call.resource === 'token' ? kind !== 'sent' : !call.ids.some((id) => own.has(id))) continue;
      const shown = byCall.get(call);
      byCall.set(call, {
        source,
        kind: shown?.kind ?? kind,
        fields: [...fields.union(new Set(shown?.fields))],
        resource: call.resource,
        relationships: call.relationships,
        ids: call.ids.filter((id) => own.has(id) || shown?.ids.includes(id)),
        attempt: call.attempt,
        startMs: since(call.startedAtMs),
        endMs: since(call.endedAtMs),
        outcome: call.outcome,
      });
    }
  }
  return [...cached, ...byCall.values()].sort((a, b) => a.startMs - b.startMs);
}
