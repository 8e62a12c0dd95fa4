import { MAX_HOLDERS } from '../../loaders/addressLoader.js';
import type { AddressNeed, ContactNeed } from '../../loaders/needs.js';
import type { ChunkLimits } from '../../loaders/queue.js';
import type { CallBounds, Most, PlannedStep } from './upstreamPlan.js';

/** Contacts of the register that one field loads. */
export interface Parents {
  readonly need: ContactNeed;
  /** How many of them there are at most. */
  readonly most: Most;
  /** The steps that load them. */
  readonly steps: readonly number[];
  /**
   * The parts in which they arrive at most. The fields below each part ask for more in a turn of the event loop of their own, parts
   * of the same name in the same turn. Undefined: nobody knows how many.
   */
  readonly parts: readonly string[] | undefined;
}

export interface FurtherOptions {
  readonly contacts: ChunkLimits;
  readonly addresses: ChunkLimits;
  /** How many representatives a contact is taken to have at most. Undefined: nobody knows. */
  readonly mostRepresentatives: number | undefined;
  /** In how many turns of the event loop the contacts of root fields are resolved at most. */
  readonly turns: number;
}

/** Ids have as many digits at most, and as a rule. */
const MAX_DIGITS = 19;
const USUAL_DIGITS = 12;

const HOLDERS = 'a Joint Member has no address of its own: its first representative is asked for one';

/**
 * Adds to `steps` what depends on loaded contacts: addresses, representatives, and what depends on those. How many ids these
 * are is known only when the contacts are there, so each bound is the most that they can be.
 */
export function addFurtherSteps(steps: PlannedStep[], parents: readonly Parents[], options: FurtherOptions): void {
  for (let loaded = parents; loaded.length > 0; ) {
    addAddresses(steps, loaded, options);
    loaded = addRepresentatives(steps, loaded, options);
  }
}

function addAddresses(steps: PlannedStep[], parents: readonly Parents[], { contacts, addresses, turns }: FurtherOptions): void {
  const base = { source: 'CAS360', relationships: false, chunks: null } as const;
  const wanting = parents.filter(({ need }) => need.below.addresses.length > 0);
  if (wanting.length === 0) return;
  const after = stepsOf(wanting);
  const needs = wanting.flatMap(({ need }) => need.below.addresses);
  const isRecord = ({ what }: AddressNeed): boolean => what === 'record';
  const withRecords = wanting.filter(({ need }) => need.below.addresses.some(isRecord));
  if (withRecords.length > 0) {
    const most = mostOf(withRecords);
    // An address of a representative can arrive later than the others, at each step of the search.
    const calls = callsFor(most, turnsOf(withRecords, turns), addresses, MAX_HOLDERS + 1);
    steps.push({ ...base, resource: 'addresses', fields: needs.filter(isRecord).map(({ field }) => field), after, ids: { atLeast: 0, atMost: most }, calls });
  }
  const searched = times(mostOf(wanting), MAX_HOLDERS);
  const { inRareCases } = callsFor(searched, turnsOf(wanting, turns), contacts, MAX_HOLDERS);
  steps.push({ ...base, resource: 'contacts', fields: needs.map(({ field }) => field), after, ids: { atLeast: 0, atMost: searched }, calls: { atLeast: 0, atMost: 0, inRareCases }, onlyIf: HOLDERS });
}

/** Returns the representatives as the next parents. */
function addRepresentatives(steps: PlannedStep[], parents: readonly Parents[], { contacts, mostRepresentatives, turns }: FurtherOptions): Parents[] {
  const next: Parents[] = [];
  const representativesOf = (most: Most): Most => (mostRepresentatives === undefined ? null : times(most, mostRepresentatives));
  for (const relationships of [true, false]) {
    const wanted = parents.flatMap((parent) => parent.need.below.representatives.filter(({ what }) => what === (relationships ? 'relationships' : 'record')).map((need) => ({ parent, need })));
    if (wanted.length === 0) continue;
    const wanting = wanted.map(({ parent }) => parent);
    const most = representativesOf(mostOf(wanting));
    const step = steps.length;
    steps.push({
      source: 'CAS360',
      resource: 'contacts',
      relationships,
      fields: wanted.map(({ need }) => need.field),
      after: stepsOf(wanting),
      ids: { atLeast: 0, atMost: most },
      calls: callsFor(most, turnsOf(wanting, turns), contacts),
      chunks: null,
    });
    // Those that another field loads with their relationships come from its step.
    const others = next.flatMap((parent) => parent.steps);
    const loading = [...new Set([...others, step])];
    for (const { parent, need } of wanted) next.push({ need, most: representativesOf(parent.most), steps: loading, parts: undefined });
  }
  return next;
}

/** The calls for at most this many ids that are asked for in as many turns, each of them up to `rounds` times in rare cases. */
function callsFor(most: Most, turns: number, limits: ChunkLimits, rounds = 1): CallBounds {
  if (most === null) return { atLeast: 0, atMost: null, inRareCases: null };
  const split = (parts: number, digits: number): number => {
    // Stryker disable next-line EqualityOperator: the same for as many parts as ids
    if (parts >= most) return most;
    const capacity = Math.max(1, Math.min(limits.maxIds, Math.floor((limits.maxIdBytes + 1) / (digits + 1))));
    // Each part may end with a chunk that is not full.
    return Math.floor((most + parts * (capacity - 1)) / capacity);
  };
  // A system that knows only some ids of a call is asked once more for the others.
  return { atLeast: 0, atMost: split(turns, USUAL_DIGITS), inRareCases: Math.min(most, 2 * split(turns * rounds, MAX_DIGITS)) };
}

function stepsOf(parents: readonly Parents[]): number[] {
  return [...new Set(parents.flatMap(({ steps }) => steps))];
}

function mostOf(parents: readonly Parents[]): Most {
  return parents.reduce<Most>((all, { most }) => (all === null || most === null ? null : all + most), 0);
}

function turnsOf(parents: readonly Parents[], most: number): number {
  if (parents.some(({ parts }) => !parts)) return Infinity;
  return Math.min(most, new Set(parents.flatMap(({ parts }) => parts!)).size);
}

function times(most: Most, factor: number): Most {
  return most === null ? null : most * factor;
}
