import type { Source } from '../../model.js';

/** Null: it depends on lists whose length the register decides. */
export type Most = number | null;

/** How many there are at least and at most. */
export interface Bounds {
  readonly atLeast: number;
  readonly atMost: Most;
}

/**
 * `atMost` holds where each id exists, each Joint Member has an address of its own, and ids that answers bring are no longer than
 * usual. `inRareCases` holds in any case.
 */
export interface CallBounds extends Bounds {
  readonly inRareCases: Most;
}

export interface PlannedEndpoint {
  readonly source: Source;
  readonly resource: 'contacts' | 'addresses';
}

/** Ids that leave together, and the calls that they take. */
export interface PlannedStep extends PlannedEndpoint {
  readonly relationships: boolean;
  /** The fields that wait for it, such as `contacts.address`. */
  readonly fields: readonly string[];
  /** The indexes of the steps that bring its ids. Empty: it begins at once. */
  readonly after: readonly number[];
  readonly ids: Bounds;
  readonly calls: CallBounds;
  /** The ids of each call. Null: another step brings them. */
  readonly chunks: readonly (readonly string[])[] | null;
  /** The rare case in which it makes calls at all. */
  readonly onlyIf?: string;
}

/**
 * The upstream calls that an operation makes if it is alone, nothing is cached, and the systems answer in time. Calls for tokens
 * are not counted.
 */
export interface UpstreamPlan {
  readonly calls: CallBounds;
  readonly endpoints: readonly (PlannedEndpoint & { readonly calls: CallBounds })[];
  /** In the order in which they can begin. */
  readonly steps: readonly PlannedStep[];
}

export const NO_CALLS: CallBounds = { atLeast: 0, atMost: 0, inRareCases: 0 };

function sum(one: Most, other: Most): Most {
  return one === null || other === null ? null : one + other;
}

/** A plan of these steps, with their sums. */
export function planOf(steps: readonly PlannedStep[]): UpstreamPlan {
  const calls = (some: readonly PlannedStep[]): CallBounds =>
    some.reduce<CallBounds>(
      (all, step) => ({
        atLeast: all.atLeast + step.calls.atLeast,
        atMost: sum(all.atMost, step.calls.atMost),
        inRareCases: sum(all.inRareCases, step.calls.inRareCases),
      }),
      NO_CALLS,
    );
  const byEndpoint = Map.groupBy(steps, ({ source, resource }) => `${source} ${resource}`);
  const endpoints = [...byEndpoint.values()].map((some) => ({ source: some[0]!.source, resource: some[0]!.resource, calls: calls(some) }));
  return { calls: calls(steps), endpoints, steps };
}
