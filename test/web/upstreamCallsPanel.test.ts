import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasFailed, marksOf, ticksOf, totalsOf, type UpstreamCall } from '../../graphiql/upstreamCalls/calls.js';
import { idsInShort } from '../../graphiql/upstreamCalls/texts.js';

const call = (values: Partial<UpstreamCall>): UpstreamCall => ({
  source: 'CAS360',
  resource: 'contacts',
  ids: ['54'],
  relationships: false,
  kind: 'sent',
  attempt: 1,
  startMs: 0,
  endMs: 1,
  outcome: '200',
  fields: ['contact'],
  ...values,
});

describe('the totals', () => {
  test('count calls by system, and contacts once however often they were asked for', () => {
    const ids = Array.from({ length: 1_450 }, (_, n) => String(n + 1));
    expect(totalsOf([call({ ids }), call({ ids, attempt: 2 }), call({ source: 'PMS', ids: ['1'] }), call({ resource: 'addresses', ids: ['15'] })])).toBe(
      '4 calls: 3 CAS 360, 1 PMS; 1,451 contacts, 1 address; 1 retry',
    );
  });

  test('count neither tokens nor what needed no call of this operation as calls', () => {
    expect(totalsOf([call({ resource: 'token', ids: [] }), call({ kind: 'joined' }), call({ kind: 'cached', source: 'PMS' })])).toBe(
      '0 calls; 2 contacts; 1 token; 1 joined; 1 from the cache',
    );
  });
});

test('the scale is round, and no call reaches beyond it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 60_000, noNaN: true }), (endMs) => {
      const ticks = ticksOf([call({ endMs })]);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(endMs);
      expect(ticks[0]).toBe(0);
    }),
  );
});

test('a row names the first ids, and counts the rest', () => {
  expect(idsInShort(['1', '2', '3'])).toBe('1, 2, 3');
  expect(idsInShort(['1', '2', '3', '4'])).toBe('1, 2, 3 and 1 more');
});

test('a row has a mark for all that sets its call apart', () => {
  expect(marksOf(call({}))).toEqual([]);
  expect(marksOf(call({ relationships: true, kind: 'joined', attempt: 2 }))).toEqual(['relationships', 'joined', 'attempt 2']);
});

test('not found is no failure; an error code is one', () => {
  expect(['200', '404', '503', '401', 'UPSTREAM_TIMEOUT'].map((outcome) => hasFailed(call({ outcome })))).toEqual([false, false, true, true, true]);
});
