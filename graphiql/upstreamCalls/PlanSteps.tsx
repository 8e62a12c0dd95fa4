import type { UpstreamPlan } from '../../src/graphql/plan/upstreamPlan.js';
import type { UpstreamCall } from './calls.js';
import { compare, depthsOf, type Comparison as EndpointComparison } from './plan.js';
import { StepRow } from './StepRow.js';

interface PlanStepsProps {
  name: string;
  plan: UpstreamPlan;
  /** Those of the last run, if there is one. */
  calls: readonly UpstreamCall[] | undefined;
}

/** One row for each step, in columns: what starts at once, and what can start only after that. */
export function PlanSteps({ name, plan, calls }: PlanStepsProps) {
  const { steps } = plan;
  const depths = depthsOf(steps);
  const columns = Math.max(0, ...depths) + 1;
  const comparisons = calls ? compare(plan, calls) : [];
  return (
    <>
      {comparisons.length > 0 && <Comparison comparisons={comparisons} />}
      {steps.length > 0 && (
        <div className="upstream-calls-axis" aria-hidden="true">
          {Array.from({ length: columns }, (_, column) => (
            <span key={column} style={{ left: `${(100 * column) / columns}%`, transform: 'none' }}>
              {column === 0 ? 'at once' : 'then'}
            </span>
          ))}
        </div>
      )}
      <ol className="upstream-calls-list" aria-label="Planned steps">
        {steps.map((step, index) => (
          <StepRow
            key={`${name} ${index}`}
            step={step}
            index={index}
            leadsTo={steps.flatMap(({ after }, other) => (after.includes(index) ? [other] : []))}
            depth={depths[index]!}
            columns={columns}
          />
        ))}
      </ol>
    </>
  );
}

function Comparison({ comparisons }: { comparisons: readonly EndpointComparison[] }) {
  return (
    <table className="upstream-calls-comparison">
      <caption>Plan</caption>
      <thead>
        <tr>
          <th scope="col">Calls</th>
          <th scope="col">planned</th>
          <th scope="col">made</th>
        </tr>
      </thead>
      <tbody>
        {comparisons.map(({ endpoint, planned, made }) => (
          <tr key={endpoint}>
            <th scope="row">{endpoint}</th>
            <td>{planned}</td>
            <td>{made}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
