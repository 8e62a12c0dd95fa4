import { expect, test } from '@jest/globals';
import { shownCalls } from '../../src/graphql/upstreamCalls.js';
import type { UpstreamCall, WatchedBatch } from '../../src/watch.js';

const call = (values: Partial<UpstreamCall>): UpstreamCall => ({ resource: 'contacts', ids: ['1'], full: false, attempt: 1, startedAtMs: 110, endedAtMs: 120, outcome: '200', ...values });
const batch = (values: Partial<WatchedBatch>): WatchedBatch => ({ source: 'CAS360', resource: 'contacts', ids: ['1'], full: false, kind: 'sent', fields: new Set(['a']), calls: [], startedAtMs: 105, ...values });
const shown = { source: 'CAS360', resource: 'contacts', kind: 'sent', relationships: false, ids: ['1'], attempt: 1, startMs: 10, endMs: 20, outcome: '200', fields: ['a'] };

test.each<[what: string, batches: WatchedBatch[], expected: object[]]>([
  ['nothing', [], []],
  ['one call', [batch({ calls: [call({})] })], [shown]],
  ['a call with relationships that failed the second time', [batch({ full: true, calls: [call({ full: true, attempt: 2, outcome: 'UPSTREAM_TIMEOUT' })] })], [{ ...shown, relationships: true, attempt: 2, outcome: 'UPSTREAM_TIMEOUT' }]],
  ['what was kept', [batch({ kind: 'cached', full: true, ids: ['1', '2'] })], [{ ...shown, kind: 'cached', relationships: true, ids: ['1', '2'], startMs: 5, endMs: 5 }]],
  ['the ids of this operation alone', [batch({ ids: ['1', '3'], calls: [call({ ids: ['1', '2', '3'] }), call({ ids: ['2'] })] })], [{ ...shown, ids: ['1', '3'] }]],
  ['a token for a call that was sent', [batch({ calls: [call({ resource: 'token', ids: [] })] })], [{ ...shown, resource: 'token', ids: [] }]],
  ['no token for a call of another operation', [batch({ kind: 'joined', calls: [call({ resource: 'token', ids: [] }), call({})] })], [{ ...shown, kind: 'joined' }]],
  ['what began before the operation', [batch({ kind: 'joined', calls: [call({ startedAtMs: 90, endedAtMs: 100.126 })] })], [{ ...shown, kind: 'joined', startMs: 0, endMs: 0.13 }]],
  ['calls in the order in which they began', [batch({ calls: [call({ startedAtMs: 118 }), call({})] }), batch({ kind: 'cached', startedAtMs: 114 })], [shown, { ...shown, kind: 'cached', startMs: 14, endMs: 14 }, { ...shown, startMs: 18 }]],
])('Of %s is shown what this operation waited for', (_what, batches, expected) => {
  expect(shownCalls({ batches }, 100)).toEqual(expected);
});

test('Fields of different depths that wait for the same call are shown as one call', () => {
  const one = call({ ids: ['1', '2', '3', '4'] });
  const batches = [batch({ ids: ['1', '2'], calls: [one] }), batch({ ids: ['2', '3'], kind: 'joined', fields: new Set(['b', 'a']), calls: [one] })];
  const [both, ...others] = shownCalls({ batches }, 100);
  expect([{ ...both, fields: both!.fields.toSorted() }, others]).toEqual([{ ...shown, ids: ['1', '2', '3'], fields: ['a', 'b'] }, []]);
});
