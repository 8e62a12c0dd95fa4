import './panel.css';

import { useGraphiQL } from '@graphiql/react';
import { useSyncExternalStore } from 'react';
import type { UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import { staleness } from '../draft.js';
import { useDraft } from '../useDraft.js';
import { CallRow } from './CallRow.js';
import { ticksOf, totalsOf, type UpstreamCall } from './calls.js';
import { plannedAndMade, planTotals } from './plan.js';
import { PlanSteps } from './PlanSteps.js';
import { panelState, type PlanAnswer, type Report, type Shown } from './shown.js';

const NOTHING_TO_SHOW: Record<Extract<Report, string>, string> = {
  refused: 'Refused before it ran: no upstream call was made.',
  silent: 'The answer came without a report of its upstream calls.',
  stopped: 'Stopped before the answer came.',
  unanswered: 'No answer came.',
};

/** What the operation in front costs: its plan, and every upstream call of its last run on one scale of time. */
export function Panel() {
  const { busy, shown } = useSyncExternalStore(panelState.subscribe, panelState.get);
  return (
    <section className="upstream-calls" aria-label="Upstream calls" aria-busy={busy}>
      <div className="upstream-calls-title">Upstream calls</div>
      {shown ? <Operation {...shown} /> : <p className="upstream-calls-summary" role="status">Plan or run a query to see what it asks of the two systems.</p>}
    </section>
  );
}

function Operation(shown: Shown) {
  const { draft, name, run, plan } = shown;
  const stale = staleness(draft, useDraft());
  const calls = typeof run?.report === 'object' ? run.report : undefined;
  const steps = typeof plan === 'object' && 'steps' in plan ? plan : undefined;
  return (
    <div data-stale={stale !== undefined}>
      <div className="upstream-calls-summary" role="status">
        <strong>{name}</strong>
        <Origin {...shown} />
        {stale && <p className="upstream-calls-stale">Out of date: {stale}.</p>}
        <p>{run ? reportSummary(run.report) : planSummary(plan!)}</p>
        {calls && steps && <p>{comparisonSummary(steps, calls)}</p>}
        {run && !calls && steps && <p>{planSummary(steps)}</p>}
      </div>
      {calls && calls.length > 0 && <Waterfall name={name} calls={calls} />}
      {steps && <PlanSteps name={name} plan={steps} calls={calls} />}
    </div>
  );
}

/** Which tab and run is shown. A tab's place changes when others are closed. */
function Origin({ draft, run }: Shown) {
  const place = useGraphiQL(({ tabs }) => tabs.findIndex(({ id }) => id === draft.tabId) + 1);
  const tab = place > 0 ? `Tab ${place}` : 'A closed tab';
  return <p className="upstream-calls-origin">{run ? `${tab}, run ${run.number} at ${run.endedAt.toLocaleTimeString('en-GB')}` : `${tab}, planned, not run`}</p>;
}

function reportSummary(report: Report): string {
  if (typeof report === 'string') return NOTHING_TO_SHOW[report];
  return report.length === 0 ? 'No upstream call was needed.' : totalsOf(report);
}

function comparisonSummary(plan: UpstreamPlan, calls: readonly UpstreamCall[]): string {
  const { planned, made } = plannedAndMade(plan.calls, calls);
  return `Planned ${planned}; made ${made}.`;
}

function planSummary(plan: PlanAnswer): string {
  if (plan === 'unanswered') return 'No answer came.';
  if (plan === 'silent') return 'The answer came without a plan.';
  if ('refused' in plan) return `Nothing would run: the operation is refused. ${plan.refused.join(' ')}`;
  return plan.steps.length === 0 ? 'No upstream call is needed.' : `Planned: ${planTotals(plan)}`;
}

function Waterfall({ name, calls }: { name: string; calls: readonly UpstreamCall[] }) {
  const ticks = ticksOf(calls);
  const scaleMs = ticks.at(-1)!;
  return (
    <>
      <div className="upstream-calls-axis" aria-hidden="true">
        {ticks.map((ms) => (
          <span key={ms} style={{ left: `${(100 * ms) / scaleMs}%` }}>
            {ms === scaleMs ? `${ms} ms` : ms}
          </span>
        ))}
      </div>
      <ol className="upstream-calls-list" aria-label="Calls made">
        {/* An open row stays open when the same query runs again. */}
        {calls.map((call, index) => (
          <CallRow key={`${name} ${index}`} call={call} scaleMs={scaleMs} stepMs={ticks[1]!} />
        ))}
      </ol>
    </>
  );
}
