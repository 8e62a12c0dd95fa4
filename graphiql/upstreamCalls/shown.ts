import type { UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import { staleness, type Draft } from '../draft.js';
import { Store } from '../store.js';
import type { UpstreamCall } from './calls.js';

/** The calls; or why there are none to show: refused before it ran, answered without a report, stopped, not answered at all. */
export type Report = readonly UpstreamCall[] | 'refused' | 'silent' | 'stopped' | 'unanswered';

/** The plan, the messages of a refusal; or why there is neither. */
export type PlanAnswer = UpstreamPlan | { readonly refused: readonly string[] } | 'silent' | 'unanswered';

export interface Run {
  readonly number: number;
  readonly endedAt: Date;
  readonly report: Report;
}

/** An operation in the panel: its plan, its last run, or both. */
export interface Shown {
  readonly draft: Draft;
  readonly name: string;
  readonly run?: Run;
  readonly plan?: PlanAnswer;
}

interface PanelState {
  /** An operation is under way. The one before it stays in sight until the answer has come. */
  readonly busy: boolean;
  readonly shown?: Shown;
}

export const panelState = new Store<PanelState>({ busy: false });
let askedCount = 0;
let runCount = 0;
const latest = { run: 0, plan: 0 };
const underWay = new Set<keyof typeof latest>();

/**
 * Call it when a run or a plan goes out, and what it returns when the answer has come. Dropped is the answer to an older one of
 * its kind, or to another operation than the last. A plan asked for during a run does not drop the answer of the run.
 */
export function begin(kind: keyof typeof latest, draft: Draft, name: string): (answer: { readonly report: Report } | { readonly plan: PlanAnswer }) => void {
  const asked = (latest[kind] = ++askedCount);
  underWay.add(kind);
  panelState.set({ ...panelState.get(), busy: true });
  return (answer) => {
    if (asked !== latest[kind]) return;
    underWay.delete(kind);
    const what = 'report' in answer ? { run: { number: ++runCount, endedAt: new Date(), report: answer.report } } : answer;
    const before = sameOperation(draft, name);
    const isWanted = before !== undefined || asked === askedCount;
    panelState.set({ ...panelState.get(), busy: underWay.size > 0, ...(isWanted && { shown: { ...before, draft, name, ...what } }) });
  };
}

/** Adds the plan of a run that is shown, unless it was planned before. */
export async function addPlan(draft: Draft, ask: () => Promise<PlanAnswer>): Promise<void> {
  const isMissing = (): boolean => panelState.get().shown?.draft === draft && !panelState.get().shown?.plan;
  if (!isMissing()) return;
  const plan = await ask();
  const { shown, busy } = panelState.get();
  if (shown && isMissing()) panelState.set({ busy, shown: { ...shown, plan } });
}

/** The operation that is shown, if it is the same one. */
function sameOperation(draft: Draft, name: string): Shown | undefined {
  const { shown } = panelState.get();
  return shown && shown.name === name && staleness(shown.draft, draft) === undefined ? shown : undefined;
}
