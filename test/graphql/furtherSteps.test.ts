import { describe, expect, test } from '@jest/globals';
import { addFurtherSteps, type FurtherOptions, type Parents } from '../../src/graphql/plan/furtherSteps.js';
import { planOf, type CallBounds, type Most, type PlannedStep } from '../../src/graphql/plan/upstreamPlan.js';
import { MAX_HOLDERS } from '../../src/loaders/addressLoader.js';
import type { ContactNeed, NeedsBelow } from '../../src/loaders/needs.js';

const NOTHING: NeedsBelow = { addresses: [], representatives: [] };
const contacts = (what: ContactNeed['what'], field: string, below: Partial<NeedsBelow> = {}): ContactNeed => ({ what, field, below: { ...NOTHING, ...below } });
const parents = (below: Partial<NeedsBelow>, most: Most, parts: Parents['parts'], steps = [0]): Parents => ({ need: contacts('record', 'p', below), most, steps, parts });
const calls = (atMost: Most, inRareCases: Most): CallBounds => ({ atLeast: 0, atMost, inRareCases });

/** Ten ids a call, however long they are. */
const TEN = { maxIds: 10, maxIdBytes: 10_000 };
const OPTIONS: FurtherOptions = { contacts: TEN, addresses: TEN, mostRepresentatives: 2, turns: 4 };
/** What is added behind one step that loads contacts. */
const LOADED = { source: 'CAS360', resource: 'contacts' } as PlannedStep;
function added(loaded: readonly Parents[], options: Partial<FurtherOptions> = {}): PlannedStep[] {
  const steps = [LOADED];
  addFurtherSteps(steps, loaded, { ...OPTIONS, ...options });
  return steps.slice(1);
}

describe('Further steps', () => {
  test('are none where nothing depends on the contacts', () => {
    expect(added([])).toEqual([]);
    expect(added([parents({}, 7, ['a'])])).toEqual([]);
    expect(added([parents({ representatives: [contacts('id', 'p.r')] }, 7, ['a'])])).toEqual([]);
  });

  test('load addresses, and look for those of Joint Members at their representatives', () => {
    const home = { what: 'record', field: 'p.home' } as const;
    const [id, otherId] = [{ what: 'id', field: 'q.id' } as const, { what: 'id', field: 'p.id' } as const];
    const base = { source: 'CAS360', relationships: false, chunks: null };
    // 5 of these contacts need no address, and 20 only the id of it.
    const loaded = [parents({ addresses: [home, otherId] }, 1_000, ['a'], [0, 1]), parents({ addresses: [id] }, 20, ['b'], [1, 2]), parents({}, 5, ['c'], [3])];
    expect(added(loaded)).toEqual([
      { ...base, resource: 'addresses', fields: ['p.home'], after: [0, 1, 2], ids: { atLeast: 0, atMost: 1_000 }, calls: calls(100, 2 * 118) },
      {
        ...base,
        resource: 'contacts',
        fields: ['p.home', 'p.id', 'q.id'],
        after: [0, 1, 2],
        ids: { atLeast: 0, atMost: 1_020 * MAX_HOLDERS },
        calls: { atLeast: 0, atMost: 0, inRareCases: 2 * 2_076 },
        onlyIf: expect.stringMatching(/\bJoint Member\b/),
      },
    ]);
  });

  test('load representatives, first those with relationships, and what depends on them', () => {
    const withAddress = { addresses: [{ what: 'id', field: 'p.q.address' }] } as const;
    const representatives = [contacts('record', 'p.q', withAddress), contacts('relationships', 'p.r', { representatives: [contacts('record', 'p.r.t')] }), contacts('id', 'p.s')];
    const base = { source: 'CAS360', resource: 'contacts', relationships: false, chunks: null };
    const both = { ...base, after: [0], ids: { atLeast: 0, atMost: 8 }, calls: calls(1, 2) };
    expect(added([parents({ representatives }, 4, ['a'], [0]), parents({}, 5, ['b'], [7])])).toEqual([
      { ...both, relationships: true, fields: ['p.r'] },
      { ...both, fields: ['p.q'] },
      // Some of `p.q` may come with those of `p.r`, but not the other way round.
      { ...base, fields: ['p.q.address'], after: [1, 2], ids: { atLeast: 0, atMost: 8 * MAX_HOLDERS }, calls: calls(0, 8 * MAX_HOLDERS), onlyIf: expect.any(String) },
      { ...base, fields: ['p.r.t'], after: [1], ids: { atLeast: 0, atMost: 16 }, calls: calls(16, 16) },
    ]);
  });
});

describe('The calls for representatives', () => {
  const BELOW = { representatives: [contacts('record', 'p.r')] };
  const callsOf = (loaded: readonly Parents[], options: Partial<FurtherOptions> = {}): CallBounds => added(loaded, { mostRepresentatives: 1, ...options })[0]!.calls;

  test.each<[string, Parents[], Partial<FurtherOptions>, CallBounds]>([
    ['one', [parents(BELOW, 1, ['a'])], {}, calls(1, 1)],
    ['a list that arrives as a whole', [parents(BELOW, 25, ['a'])], {}, calls(3, 6)],
    ['a list that arrives in two parts', [parents(BELOW, 25, ['a', 'b'])], {}, calls(4, 8)],
    ['two lists in the same turn', [parents(BELOW, 13, ['a']), parents(BELOW, 12, ['a'])], {}, calls(3, 6)],
    ['two lists in two turns', [parents(BELOW, 13, ['a']), parents(BELOW, 12, ['b'])], {}, calls(4, 8)],
    ['more parts than there are turns', [parents(BELOW, 25, ['a', 'b', 'c'])], { turns: 2 }, calls(4, 8)],
    ['more parts than there are contacts', [parents(BELOW, 2, ['a', 'b', 'c', 'd'])], {}, calls(2, 2)],
    ['a list in unknown parts', [parents(BELOW, 25, undefined)], {}, calls(25, 25)],
    ['two lists, one of them in unknown parts', [parents(BELOW, 13, ['a']), parents(BELOW, 12, undefined)], {}, calls(25, 25)],
    ['ids of the usual length that just fit', [parents(BELOW, 5, ['a'])], { contacts: { maxIds: 100, maxIdBytes: 25 } }, calls(3, 5)],
    ['ids of the usual length that are just too long', [parents(BELOW, 5, ['a'])], { contacts: { maxIds: 100, maxIdBytes: 24 } }, calls(5, 5)],
    ['ids with a comma between them', [parents(BELOW, 12, ['a'])], { contacts: { maxIds: 100, maxIdBytes: 44 } }, calls(4, 12)],
    ['the longest ids that just fit', [parents(BELOW, 12, ['a'])], { contacts: { maxIds: 100, maxIdBytes: 79 } }, calls(2, 6)],
    ['the longest ids that are just too long', [parents(BELOW, 12, ['a'])], { contacts: { maxIds: 100, maxIdBytes: 78 } }, calls(2, 8)],
    ['less room than one id takes', [parents(BELOW, 5, ['a'])], { contacts: { maxIds: 100, maxIdBytes: 5 } }, calls(5, 5)],
    ['nobody knows how many of the first', [parents(BELOW, null, ['a']), parents(BELOW, 3, ['a'])], {}, calls(null, null)],
    ['nobody knows how many of the last', [parents(BELOW, 3, ['a']), parents(BELOW, null, ['a'])], {}, calls(null, null)],
    ['nobody knows how many a contact has', [parents(BELOW, 3, ['a'])], { mostRepresentatives: undefined }, calls(null, null)],
  ])('%s', (_name, loaded, options, expected) => {
    expect(callsOf(loaded, options)).toEqual(expected);
  });
});

test.each<[CallBounds[], CallBounds]>([
  [[], calls(0, 0)],
  [[calls(1, 2), calls(3, 4)], calls(4, 6)],
  [[calls(1, null), calls(0, 4)], calls(1, null)],
  [[calls(null, null), calls(0, 4)], calls(null, null)],
  [[calls(0, 4), calls(null, null)], calls(null, null)],
])('Of %j, the sum is known if each is', (all, expected) => {
  const plan = planOf(all.map((one) => ({ ...LOADED, calls: one })));
  expect(plan.calls).toEqual(expected);
  expect(plan.endpoints).toEqual(all.length === 0 ? [] : [{ source: 'CAS360', resource: 'contacts', calls: expected }]);
});
