import { hasFailed, marksOf, type UpstreamCall } from './calls.js';
import { MarksAndIds, Row, WaitingFields, type Fact } from './Row.js';
import { idsInShort, milliseconds, plural, SYSTEMS } from './texts.js';

interface CallRowProps {
  call: UpstreamCall;
  /** What the whole width stands for, and the distance of two lines of the grid. */
  scaleMs: number;
  stepMs: number;
}

/** One call: what, for how many, how it went and when. */
export function CallRow({ call, scaleMs, stepMs }: CallRowProps) {
  const { source, resource, ids, startMs, endMs, outcome, kind, fields } = call;
  const duration = kind === 'cached' ? 'no call' : milliseconds(endMs - startMs);
  const amount = resource === 'token' ? '' : plural(ids.length, 'id');
  const marks = marksOf(call);
  const percent = (ms: number) => `${(100 * ms) / scaleMs}%`;

  return (
    <Row
      data={{ 'data-source': source, 'data-resource': resource, 'data-kind': kind }}
      label={[SYSTEMS[source], resource, amount, ...marks, outcome, duration].filter(Boolean).join(', ')}
      details={detailsOf(call)}
    >
      <span className="upstream-call-facts">
        <span className="upstream-call-system">{SYSTEMS[source]}</span>
        <span>{resource}</span>
        <span>{amount}</span>
        <span className="upstream-call-result">
          {kind !== 'cached' && (
            <span className="upstream-call-outcome" data-failed={hasFailed(call)}>
              {outcome}
            </span>
          )}
          <span className="upstream-call-duration">{duration}</span>
        </span>
      </span>
      <span className="upstream-call-track" style={{ backgroundSize: `${percent(stepMs)} 100%` }}>
        <span className="upstream-call-bar" style={{ left: percent(startMs), width: percent(endMs - startMs) }} />
      </span>
      <MarksAndIds marks={marks} ids={idsInShort(ids)} title={ids.join(', ')} />
      <WaitingFields fields={fields} />
    </Row>
  );
}

function detailsOf({ source, resource, ids, relationships, kind, attempt, startMs, endMs, outcome, fields }: UpstreamCall): Fact[] {
  return [
    ['Fields that waited', fields.join('\n')],
    ['Ids', ids.join(', ')],
    ['Relationships', source === 'CAS360' && resource === 'contacts' ? (relationships ? 'asked for' : 'not asked for') : undefined],
    ['Call', { sent: 'this operation’s own', joined: 'another operation’s, joined', cached: 'none: from the cache' }[kind]],
    ['Attempt', attempt > 1 ? `${attempt}, a retry or a replay` : undefined],
    ['Outcome', outcome],
    ['Time', `${milliseconds(startMs)} to ${milliseconds(endMs)} into the operation`],
  ];
}
