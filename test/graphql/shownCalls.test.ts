import { expect, test } from '@jest/globals';
import type { GraphQLResolveInfo } from 'graphql';
import type { Path } from 'graphql/jsutils/Path.js';
import { fieldOf } from '../../src/graphql/lookAhead.js';
import { shownCalls } from '../../src/graphql/plugins/upstreamCalls.js';
import type { RecordedIds, UpstreamCall } from '../../src/recording.js';

const call = (values: Partial<UpstreamCall>): UpstreamCall => ({ resource: 'contacts', ids: ['1'], relationships: false, attempt: 1, startedAtMs: 110, endedAtMs: 120, outcome: '200', ...values });
const wait = (values: Partial<RecordedIds>): RecordedIds => ({ source: 'CAS360', resource: 'contacts', ids: ['1'], relationships: false, kind: 'sent', fields: new Set(['a']), calls: [], startedAtMs: 105, ...values });
const shown = { source: 'CAS360', resource: 'contacts', kind: 'sent', relationships: false, ids: ['1'], attempt: 1, startMs: 10, endMs: 20, outcome: '200', fields: ['a'] };

test.each<[what: string, waits: RecordedIds[], expected: object[]]>([
  ['nothing', [], []],
  ['one call', [wait({ calls: [call({})] })], [shown]],
  ['a call with relationships that failed the second time', [wait({ relationships: true, calls: [call({ relationships: true, attempt: 2, outcome: 'UPSTREAM_TIMEOUT' })] })], [{ ...shown, relationships: true, attempt: 2, outcome: 'UPSTREAM_TIMEOUT' }]],
  ['what was kept', [wait({ kind: 'cached', relationships: true, ids: ['1', '2'] })], [{ ...shown, kind: 'cached', relationships: true, ids: ['1', '2'], startMs: 5, endMs: 5 }]],
  ['the ids of this operation alone', [wait({ ids: ['1', '3'], calls: [call({ ids: ['1', '2', '3'] }), call({ ids: ['2'] })] })], [{ ...shown, ids: ['1', '3'] }]],
  ['a token for a call that was sent', [wait({ calls: [call({ resource: 'token', ids: [] })] })], [{ ...shown, resource: 'token', ids: [] }]],
  ['no token for a call of another operation', [wait({ kind: 'joined', calls: [call({ resource: 'token', ids: [] }), call({})] })], [{ ...shown, kind: 'joined' }]],
  ['what began before the operation', [wait({ kind: 'joined', calls: [call({ startedAtMs: 90, endedAtMs: 100.126 })] })], [{ ...shown, kind: 'joined', startMs: 0, endMs: 0.13 }]],
  ['calls in the order in which they began', [wait({ calls: [call({ startedAtMs: 118 }), call({})] }), wait({ kind: 'cached', startedAtMs: 114 })], [shown, { ...shown, kind: 'cached', startMs: 14, endMs: 14 }, { ...shown, startMs: 18 }]],
])('Of %s is shown what this operation waited for', (_what, waits, expected) => {
  expect(shownCalls(waits, 100)).toEqual(expected);
});

test('Fields of different depths that wait for the same call are shown as one call', () => {
  const one = call({ ids: ['1', '2', '3', '4'] });
  const waits = [wait({ ids: ['1', '2'], calls: [one] }), wait({ ids: ['2', '3'], kind: 'joined', fields: new Set(['b', 'a']), calls: [one] })];
  const [both, ...others] = shownCalls(waits, 100);
  expect([{ ...both, fields: both!.fields.toSorted() }, others]).toEqual([{ ...shown, ids: ['1', '2', '3'], fields: ['a', 'b'] }, []]);
});

test('A field is named by its path in the answer, without the places in lists', () => {
  const list: Path = { prev: { prev: undefined, key: 'contacts', typename: 'Query' }, key: 7, typename: undefined };
  expect(fieldOf({ path: { prev: list, key: 'home', typename: 'Contact' } } as GraphQLResolveInfo)).toBe('contacts.home');
});
