import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { staleness, type Draft } from '../../graphiql/draft.js';
import { sentToken } from '../../graphiql/sentToken.js';
import type { UpstreamCall } from '../../graphiql/upstreamCalls/calls.js';
import { operationNameIn } from '../../graphiql/upstreamCalls/operation.js';
import { compare, countOf, depthsOf, plannedAndMade, planTotals, rangeOf, rareCases } from '../../graphiql/upstreamCalls/plan.js';
import { bytes, milliseconds } from '../../graphiql/upstreamCalls/texts.js';
import type { CallBounds, PlannedStep } from '../../src/graphql/plan/upstreamPlan.js';

const calls = (atLeast: number, atMost: number | null, inRareCases = atMost): CallBounds => ({ atLeast, atMost, inRareCases });
const contacts = { source: 'CAS360', resource: 'contacts' } as const;
const addresses = { source: 'CAS360', resource: 'addresses' } as const;
const call = (values: Partial<UpstreamCall>): UpstreamCall => ({
  ...contacts,
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

describe('bounds in words', () => {
  test.each([
    [calls(1, 1), '1 call', ''],
    [calls(0, 0, 20), '0 calls', 'up to 20 in rare cases'],
    [calls(0, 1, 4), '0 to 1 calls', 'up to 4 in rare cases'],
    [calls(1, 3, null), '1 to 3 calls', 'more in rare cases'],
    [calls(1, null), '1 or more calls', ''],
    [calls(1_000, 1_000), '1,000 calls', ''],
  ])('%j', (bounds, count, rare) => {
    expect([countOf(bounds, 'call'), rareCases(bounds)]).toEqual([count, rare]);
  });

  test('of a whole plan', () => {
    const endpoints = [{ ...contacts, calls: calls(1, 1) }, { ...addresses, calls: calls(0, 2, 4) }];
    expect(planTotals({ calls: calls(1, 3, 5), endpoints, steps: [] })).toBe('1 to 3 calls: 1 CAS 360 contacts, 0 to 2 CAS 360 addresses; up to 5 in rare cases');
  });
});

test('a step stands one column after the last step that it needs', () => {
  const step = (...after: number[]): PlannedStep => ({ ...contacts, relationships: false, fields: [], after, ids: calls(1, 1), calls: calls(1, 1), chunks: null });
  expect(depthsOf([step(), step(), step(0), step(1, 2), step(0)])).toEqual([0, 0, 1, 2, 1]);
});

describe('the plan beside the calls', () => {
  test('has a line for each endpoint of either, without the calls for tokens', () => {
    const plan = { calls: calls(1, 2), endpoints: [{ ...contacts, calls: calls(1, 1) }, { ...addresses, calls: calls(0, 1) }], steps: [] };
    const made = [call({}), call({ attempt: 2 }), call({ source: 'PMS', kind: 'joined' }), call({ source: 'PMS', kind: 'cached' }), call({ resource: 'token' })];
    expect(compare(plan, made)).toEqual([
      { endpoint: 'CAS 360 contacts', planned: '1', made: '2 (1 retry)' },
      { endpoint: 'CAS 360 addresses', planned: '0 to 1', made: '0' },
      { endpoint: 'PMS contacts', planned: '0', made: '0 (1 joined, 1 from the cache)' },
    ]);
  });

  test('names the rare case exactly where more calls went out than planned, retries left out', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.nat(5), fc.nat(8), fc.nat(3), (atLeast, more, sent, retries) => {
        const bounds = calls(atLeast, atLeast + more, atLeast + more + 10);
        const made = [...Array(sent).fill(call({})), ...Array(retries).fill(call({ attempt: 2 }))] as UpstreamCall[];
        const { planned } = plannedAndMade(bounds, made);
        expect(planned).toBe(sent > atLeast + more ? `${rangeOf(bounds)}, ${rareCases(bounds)}` : rangeOf(bounds));
      }),
    );
  });
});

describe('what is shown', () => {
  const draft: Draft = { tabId: 'one', query: '{ contact(id: "cas360:54") { name } }', variables: '{"a": 1}', headers: '' };

  test.each<[Partial<Draft>, string | undefined]>([
    [{}, undefined],
    [{ query: '# Now laid out\n{\n  contact(id: "cas360:54") {\n    name\n  }\n}' }, undefined],
    [{ variables: '{\n  "a": 1\n}', headers: '{}' }, undefined],
    [{ query: draft.query.replace('54', '55') }, 'the query has changed since'],
    [{ query: '{ "unfinished' }, 'the query has changed since'],
    [{ variables: '{"a": ' }, 'the variables have changed since'],
    [{ headers: '{"authorization": "Bearer x"}' }, 'the headers have changed since'],
    [{ query: '', variables: '' }, 'the query and the variables have changed since'],
    [{ tabId: 'two', query: '' }, 'another tab is in front'],
  ])('beside the draft with %j', (change, expected) => {
    expect(staleness(draft, { ...draft, ...change })).toBe(expected);
  });

  test('is never out of date beside itself', () => {
    fc.assert(fc.property(fc.string(), fc.string(), fc.string(), (query, variables, headers) => staleness({ tabId: '', query, variables, headers }, { tabId: '', query, variables, headers }) === undefined));
  });
});

describe('the token that is sent', () => {
  const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

  test.each([
    [{ authorization: `Bearer ${jwt({ scope: 'contact:identity' })}` }, 'contact:identity', 'identity'],
    [{ Authorization: `bearer ${jwt({ scp: ['contact:identity', 'contact:access'] })}` }, 'contact:identity contact:access', 'identity access'],
    [{ authorization: `Bearer ${jwt({})}` }, 'a token', 'token'],
    [{ authorization: 'Bearer opaque' }, 'a token', 'token'],
    [{ authorization: `Bearer ${jwt({ scope: 7 })}` }, 'a token', 'token'],
  ])('is named by its scopes: %j', (headers, name, shortName) => {
    expect(sentToken(JSON.stringify(headers))).toEqual({ name, shortName });
  });

  test.each(['', '{', '[]', 'null', '{}', '{"authorization": null}', '{"authorization": ""}', '{"authorization": {}}', '{"x-authorization": "Bearer x"}'])('is none in %s', (headers) => {
    expect(sentToken(headers)).toBeUndefined();
  });

  test('is read from any text without a fault', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.string().map((token) => JSON.stringify({ authorization: `Bearer ${token}` }))), (headers) => void sentToken(headers)));
  });
});

test('the operation that runs is the one in front, or the only one', () => {
  expect(operationNameIn('query A { a } query B { b }', 'B')).toBe('B');
  expect(operationNameIn('query A { a } # query B', 'B')).toBe('A');
  expect(operationNameIn('query A { a } query B { b }', 'C')).toBeNull();
  expect(operationNameIn('{ a }', 'A')).toBeNull();
});

test('times and sizes are short', () => {
  expect([0.44, 9.96, 12.3, 12_345].map(milliseconds)).toEqual(['0.4 ms', '10.0 ms', '12 ms', '12,345 ms']);
  expect([1, 999, 1_234, 2_345_678].map(bytes)).toEqual(['1 byte', '999 bytes', '1.2 kB', '2.3 MB']);
});
