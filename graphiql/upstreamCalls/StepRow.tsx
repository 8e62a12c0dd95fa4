import type { PlannedStep } from '../../src/graphql/plan/upstreamPlan.js';
import { countOf, rangeOf, rareCases, stepMarks, stepNumbers } from './plan.js';
import { MarksAndIds, Row, WaitingFields, type Fact } from './Row.js';
import { idsInShort, SYSTEMS } from './texts.js';

interface StepRowProps {
  step: PlannedStep;
  index: number;
  /** The steps that need the answer of this one. */
  leadsTo: readonly number[];
  /** The column of this step, and how many columns there are. */
  depth: number;
  columns: number;
}

/** One step of a plan: which calls, for how many ids, and after which step. Its bar is full where all calls are certain. */
export function StepRow({ step, index, leadsTo, depth, columns }: StepRowProps) {
  const { source, resource, fields, after, ids, calls, chunks, onlyIf } = step;
  const known = chunks?.flat() ?? [];
  const start = after.length > 0 ? `after ${stepNumbers(after)}` : 'at once';
  const marks = stepMarks(step);
  const certain = calls.atMost === 0 ? 0 : calls.atLeast / (calls.atMost ?? calls.atLeast + 1);
  return (
    <Row
      data={{ 'data-source': source, 'data-resource': resource, 'data-kind': 'planned' }}
      label={[`Step ${index + 1}: ${SYSTEMS[source]}`, resource, countOf(ids, 'id'), countOf(calls, 'call'), onlyIf ? '' : rareCases(calls), start, ...marks].filter(Boolean).join(', ')}
      details={detailsOf(step, start, leadsTo)}
    >
      <span className="upstream-call-facts">
        <span>{index + 1}</span>
        <span className="upstream-call-system">{SYSTEMS[source]}</span>
        <span>{resource}</span>
        <span>{countOf(ids, 'id')}</span>
        <span className="upstream-call-result">{countOf(calls, 'call')}</span>
      </span>
      <span className="upstream-call-track" style={{ backgroundSize: `${100 / columns}% 100%` }}>
        <span
          className="upstream-call-bar upstream-call-planned"
          style={{ left: `calc(${(100 * depth) / columns}% + 1px)`, width: `calc(${100 / columns}% - 2px)` }}
        >
          <span style={{ width: certain > 0 ? `calc(${100 * certain}% + 2px)` : 0 }} />
        </span>
      </span>
      <MarksAndIds marks={marks} ids={[after.length > 0 && start, idsInShort(known)].filter(Boolean).join(', ')} title={known.join(', ')} />
      <WaitingFields fields={fields} />
      {onlyIf && <span className="upstream-call-reason">Only if {onlyIf}.</span>}
    </Row>
  );
}

function detailsOf({ source, resource, relationships, fields, ids, calls, chunks, onlyIf }: PlannedStep, start: string, leadsTo: readonly number[]): Fact[] {
  return [
    ['Fields that wait', fields.join('\n')],
    ['Starts', start],
    ['Leads to', leadsTo.length > 0 ? stepNumbers(leadsTo) : undefined],
    ['Calls', [rangeOf(calls), rareCases(calls)].filter(Boolean).join('; ')],
    ['Ids', rangeOf(ids)],
    ['Ids of each call', chunks ? chunks.map((chunk) => chunk.join(', ')).join('\n') : `known ${start}`],
    ['Relationships', source === 'CAS360' && resource === 'contacts' ? (relationships ? 'asked for' : 'not asked for') : undefined],
    ['Only if', onlyIf],
  ];
}
