import { counted, plural, SYSTEMS } from './texts.js';

/** One entry of `extensions.upstreamCalls`. Times are milliseconds since the operation began. */
export interface UpstreamCall {
  readonly source: 'CAS360' | 'PMS';
  readonly resource: 'contacts' | 'addresses' | 'token';
  readonly ids: readonly string[];
  readonly relationships: boolean;
  /** `joined`: another operation's call served this one. `cached`: there was no call. */
  readonly kind: 'sent' | 'joined' | 'cached';
  /** From 2 on, a retry or a replay. */
  readonly attempt: number;
  readonly startMs: number;
  readonly endMs: number;
  /** An HTTP status, or one of our error codes. */
  readonly outcome: string;
  /** The fields that waited for it, list indices left out. */
  readonly fields: readonly string[];
}

/** Such as `3 calls: 2 CAS 360, 1 PMS; 450 contacts, 2 addresses; 1 joined`. */
export function totalsOf(calls: readonly UpstreamCall[]): string {
  const sent = calls.filter(({ kind, resource }) => kind === 'sent' && resource !== 'token');
  const bySystem = Object.entries(SYSTEMS).map(([source, name]) => [sent.filter((call) => call.source === source).length, name] as const);
  const systems = bySystem.flatMap(([count, name]) => (count > 0 ? [`${count} ${name}`] : []));
  const parts = [
    [plural(sent.length, 'call'), systems.join(', ')].filter(Boolean).join(': '),
    [counted(idCount(calls, 'contacts'), 'contact'), counted(idCount(calls, 'addresses'), 'address')].filter(Boolean).join(', '),
    counted(calls.filter(({ resource }) => resource === 'token').length, 'token'),
    counted(calls.filter(({ kind }) => kind === 'joined').length, 'joined', 'joined'),
    counted(calls.filter(({ kind }) => kind === 'cached').length, 'from the cache', 'from the cache'),
    counted(sent.filter(({ attempt }) => attempt > 1).length, 'retry', 'retries'),
  ];
  return parts.filter(Boolean).join('; ');
}

export function hasFailed({ kind, outcome }: UpstreamCall): boolean {
  return kind !== 'cached' && !/^(2\d\d|404)$/.test(outcome);
}

/** What sets a call apart from an ordinary one, in a word each. */
export function marksOf({ relationships, kind, attempt }: UpstreamCall): string[] {
  return [...(relationships ? ['relationships'] : []), ...(kind === 'sent' ? [] : [kind]), ...(attempt > 1 ? [`attempt ${attempt}`] : [])];
}

/** Round steps of time, five at most, that reach to the end of the last call. */
export function ticksOf(calls: readonly UpstreamCall[]): number[] {
  const endMs = Math.max(1, ...calls.map((call) => call.endMs));
  const magnitude = 10 ** Math.floor(Math.log10(endMs / 5));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size * 5 >= endMs)!;
  return Array.from({ length: Math.ceil(endMs / step) + 1 }, (_, n) => Number((n * step).toPrecision(3)));
}

/** An id that two calls were for counts once. */
function idCount(calls: readonly UpstreamCall[], resource: UpstreamCall['resource']): number {
  return new Set(calls.flatMap((call) => (call.resource === resource ? call.ids.map((id) => `${call.source} ${id}`) : []))).size;
}
