import { useId, useState } from 'react';
import { hasFailed, idsInShort, marksOf, milliseconds, plural, SYSTEMS, type UpstreamCall } from './calls.js';

interface CallRowProps {
  call: UpstreamCall;
  /** What the whole width stands for, and the distance of two lines of the grid. */
  scaleMs: number;
  stepMs: number;
}

/** One call: what, for how many, how it went and when. It opens to everything that is known of it. */
export function CallRow({ call, scaleMs, stepMs }: CallRowProps) {
  const [open, setOpen] = useState(false);
  const detailsId = useId();
  const { source, resource, ids, startMs, endMs, outcome, kind, fields } = call;
  const duration = kind === 'cached' ? 'no call' : milliseconds(endMs - startMs);
  const amount = resource === 'token' ? '' : plural(ids.length, 'id');
  const marks = marksOf(call);
  const percent = (ms: number) => `${(100 * ms) / scaleMs}%`;

  return (
    <li data-source={source} data-resource={resource} data-kind={kind}>
      <button
        type="button"
        className="upstream-call"
        aria-expanded={open}
        aria-controls={detailsId}
        aria-label={[SYSTEMS[source], resource, amount, ...marks, outcome, duration].filter(Boolean).join(', ')}
        onClick={() => setOpen(!open)}
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
        {(marks.length > 0 || ids.length > 0) && (
          <span className="upstream-call-line" title={ids.join(', ')}>
            {marks.map((mark) => (
              <span key={mark} className="upstream-call-mark">
                {mark}
              </span>
            ))}
            {idsInShort(ids)}
          </span>
        )}
        <span className="upstream-call-line" title={fields.join('\n')}>
          for <span className="upstream-call-fields">{fields.join(', ')}</span>
        </span>
      </button>
      <Details id={detailsId} call={call} hidden={!open} />
    </li>
  );
}

function Details({ id, call, hidden }: { id: string; call: UpstreamCall; hidden: boolean }) {
  const { source, resource, ids, relationships, kind, attempt, startMs, endMs, outcome, fields } = call;
  const facts: [string, string | undefined][] = [
    ['Fields that waited', fields.join('\n')],
    ['Ids', ids.join(', ')],
    ['Relationships', source === 'CAS360' && resource === 'contacts' ? (relationships ? 'asked for' : 'not asked for') : undefined],
    ['Call', { sent: 'this operation’s own', joined: 'another operation’s, joined', cached: 'none: from the cache' }[kind]],
    ['Attempt', attempt > 1 ? `${attempt}, a retry or a replay` : undefined],
    ['Outcome', outcome],
    ['Time', `${milliseconds(startMs)} to ${milliseconds(endMs)} into the operation`],
  ];
  return (
    <dl id={id} className="upstream-call-details" hidden={hidden}>
      {facts.map(
        ([term, fact]) =>
          fact && (
            <div key={term}>
              <dt>{term}</dt>
              <dd>{fact}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
