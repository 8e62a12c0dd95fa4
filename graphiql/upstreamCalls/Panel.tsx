import './panel.css';

import { useSyncExternalStore } from 'react';
import { CallRow } from './CallRow.js';
import { ticksOf, totalsOf } from './calls.js';
import { onRunChange, runState, type Report, type Run } from './lastRun.js';

const NOTHING_TO_SHOW: Record<Extract<Report, string>, string> = {
  refused: 'Refused before it ran: no upstream call was made.',
  silent: 'The answer came without a report of its upstream calls.',
  unanswered: 'No answer came.',
};

/** What the query run last cost: every upstream call, on one scale of time. */
export function Panel() {
  const { running, lastRun } = useSyncExternalStore(onRunChange, runState);
  return (
    <section className="upstream-calls" aria-label="Upstream calls" aria-busy={running}>
      <div className="upstream-calls-title">Upstream calls</div>
      <p className="upstream-calls-summary" role="status">
        {lastRun ? (
          <>
            <strong>{lastRun.name}</strong> {summaryOf(lastRun.report)}
          </>
        ) : (
          'Run a query to see what it asks of the two systems.'
        )}
      </p>
      {lastRun && <Waterfall {...lastRun} />}
    </section>
  );
}

function summaryOf(report: Report): string {
  if (typeof report === 'string') return NOTHING_TO_SHOW[report];
  return report.length === 0 ? 'No upstream call was needed.' : totalsOf(report);
}

function Waterfall({ name, report }: Run) {
  if (typeof report === 'string' || report.length === 0) return null;
  const ticks = ticksOf(report);
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
      <ol className="upstream-calls-list">
        {/* An open row stays open when the same query runs again. */}
        {report.map((call, index) => (
          <CallRow key={`${name} ${index}`} call={call} scaleMs={scaleMs} stepMs={ticks[1]!} />
        ))}
      </ol>
    </>
  );
}
