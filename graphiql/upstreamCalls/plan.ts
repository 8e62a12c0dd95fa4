import { NO_CALLS, type Bounds, type CallBounds, type PlannedStep, type UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import type { UpstreamCall } from './calls.js';
import { counted, plural, SYSTEMS } from './texts.js';

/** Such as `2`, `1 to 3` or `1 or more`. */
export function rangeOf({ atLeast, atMost }: Bounds): string {
  if (atMost === null) return `${atLeast.toLocaleString('en')} or more`;
  return [...new Set([atLeast, atMost])].map((count) => count.toLocaleString('en')).join(' to ');
}

export function countOf(bounds: Bounds, one: string): string {
  return `${rangeOf(bounds)} ${bounds.atLeast === 1 && bounds.atMost === 1 ? one : `${one}s`}`;
}

/** Empty where the bounds hold in every case. */
export function rareCases({ atMost, inRareCases }: CallBounds): string {
  if (atMost === inRareCases || atMost === null) return '';
  return inRareCases === null ? 'more in rare cases' : `up to ${inRareCases.toLocaleString('en')} in rare cases`;
}

/** Such as `1 to 3 calls: 1 CAS 360 contacts, 0 to 2 CAS 360 addresses; up to 5 in rare cases`. */
export function planTotals({ calls, endpoints }: UpstreamPlan): string {
  const parts = endpoints.map((endpoint) => `${rangeOf(endpoint.calls)} ${nameOf(endpoint)}`);
  return [[countOf(calls, 'call'), parts.join(', ')].filter(Boolean).join(': '), rareCases(calls)].filter(Boolean).join('; ');
}

/** For each step, how many others come before it, one after the other. */
export function depthsOf(steps: readonly PlannedStep[]): number[] {
  const depth = (index: number): number => Math.max(-1, ...steps[index]!.after.map(depth)) + 1;
  return steps.map((_step, index) => depth(index));
}

export interface Comparison {
  readonly endpoint: string;
  readonly planned: string;
  /** The calls that went out, and what explains a difference. */
  readonly made: string;
}

/** The plan beside the calls that were made, for each endpoint of either. */
export function compare(plan: UpstreamPlan, calls: readonly UpstreamCall[]): Comparison[] {
  const planned = new Map(plan.endpoints.map((endpoint) => [nameOf(endpoint), endpoint.calls]));
  const data = calls.filter(({ resource }) => resource !== 'token');
  const endpoints = new Set([...planned.keys(), ...data.map(nameOf)]);
  return [...endpoints].map((endpoint) => ({
    endpoint,
    ...plannedAndMade(planned.get(endpoint) ?? NO_CALLS, data.filter((call) => nameOf(call) === endpoint)),
  }));
}

/** Names the rare cases where there were more calls than planned. */
export function plannedAndMade(planned: CallBounds, calls: readonly UpstreamCall[]): Omit<Comparison, 'endpoint'> {
  const isRare = planned.atMost !== null && sentOf(calls).filter(({ attempt }) => attempt === 1).length > planned.atMost;
  return { planned: [rangeOf(planned), isRare && rareCases(planned)].filter(Boolean).join(', '), made: madeOf(calls) };
}

/** Such as `3 (1 retry)`: a plan is of an operation that is alone, with an empty cache, while the systems answer. */
function madeOf(calls: readonly UpstreamCall[]): string {
  const sent = sentOf(calls);
  const reasons = [
    counted(sent.filter(({ attempt }) => attempt > 1).length, 'retry', 'retries'),
    counted(calls.filter(({ kind }) => kind === 'joined').length, 'joined', 'joined'),
    counted(calls.filter(({ kind }) => kind === 'cached').length, 'from the cache', 'from the cache'),
  ].filter(Boolean);
  return [sent.length.toLocaleString('en'), reasons.length > 0 && `(${reasons.join(', ')})`].filter(Boolean).join(' ');
}

function sentOf(calls: readonly UpstreamCall[]): UpstreamCall[] {
  return calls.filter(({ kind, resource }) => kind === 'sent' && resource !== 'token');
}

export function stepNumbers(indexes: readonly number[]): string {
  return `${indexes.length === 1 ? 'step' : 'steps'} ${indexes.map((index) => index + 1).join(', ')}`;
}

/** What sets a step apart from an ordinary one. */
export function stepMarks({ relationships, chunks, calls, onlyIf }: PlannedStep): string[] {
  return [...(relationships ? ['relationships'] : []), ...(chunks && chunks.length > 1 ? [plural(chunks.length, 'chunk')] : []), ...(onlyIf ? [rareCases(calls) || 'rarely'] : [])];
}

function nameOf({ source, resource }: { source: UpstreamCall['source']; resource: string }): string {
  return `${SYSTEMS[source]} ${resource}`;
}
