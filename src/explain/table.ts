import type { Bounds, CallBounds, Most, PlannedStep, UpstreamPlan } from '../graphql/plan/upstreamPlan.js';

const HEADS = ['step', 'system', 'resource', 'ids', 'calls', 'after', 'fields'];

/** The plan as text for a terminal. */
export function tableOf({ calls, steps }: UpstreamPlan): string {
  if (steps.length === 0) return 'No upstream call.\n';
  const rows = [HEADS, ...steps.map(rowOf)];
  const widths = HEADS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ').trimEnd());
  return [`Upstream calls: ${rangeOf(calls)}`, '', ...lines, ...rareCasesOf(calls, steps), ''].join('\n');
}

/** How many, such as `3`, `0 to 2`, `1 or more`. */
export function rangeOf({ atLeast, atMost }: Bounds): string {
  if (atMost === null) return `${atLeast} or more`;
  return atLeast === atMost ? `${atLeast}` : `${atLeast} to ${atMost}`;
}

function rowOf({ source, resource, relationships, ids, calls, after, fields, onlyIf }: PlannedStep, index: number): string[] {
  const what = relationships ? `${resource} with relationships` : resource;
  return [String(index + 1), source.toLowerCase(), what, rangeOf(ids), onlyIf === undefined ? rangeOf(calls) : 'rare', after.map((step) => step + 1).join(', '), [...new Set(fields)].join(', ')];
}

function rareCasesOf({ atMost, inRareCases }: CallBounds, steps: readonly PlannedStep[]): string[] {
  if (atMost === inRareCases) return [];
  const reasons = new Set(steps.flatMap(({ onlyIf }) => onlyIf ?? []));
  if (steps.some(({ ids: { atMost: most }, source }) => source === 'CAS360' && most !== 1)) reasons.add('CAS 360 knows only some ids of a call: it is asked once more for the others');
  return ['', `In rare cases there are ${upTo(inRareCases)} calls:`, ...[...reasons].map((reason) => `- ${reason}`)];
}

function upTo(most: Most): string {
  return most === null ? 'more' : `up to ${most}`;
}
