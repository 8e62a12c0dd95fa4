import { useId, useState, type ReactNode } from 'react';

export type Fact = readonly [term: string, fact: string | undefined];

interface RowProps {
  /** Attributes for the style sheet, such as the system whose colour the row has. */
  data: Readonly<Record<`data-${string}`, string>>;
  label: string;
  details: readonly Fact[];
  children: ReactNode;
}

/** A row of the panel that opens to everything that is known of it. */
export function Row({ data, label, details, children }: RowProps) {
  const [open, setOpen] = useState(false);
  const detailsId = useId();
  return (
    <li {...data}>
      <button type="button" className="upstream-call" aria-expanded={open} aria-controls={detailsId} aria-label={label} onClick={() => setOpen(!open)}>
        {children}
      </button>
      <dl id={detailsId} className="upstream-call-details" hidden={!open}>
        {details.map(
          ([term, fact]) =>
            fact && (
              <div key={term}>
                <dt>{term}</dt>
                <dd>{fact}</dd>
              </div>
            ),
        )}
      </dl>
    </li>
  );
}

/** Labels in a frame, then the ids. */
export function MarksAndIds({ marks, ids, title }: { marks: readonly string[]; ids: string; title: string }) {
  if (marks.length === 0 && !ids) return null;
  return (
    <span className="upstream-call-line" title={title}>
      {marks.map((mark) => (
        <span key={mark} className="upstream-call-mark">
          {mark}
        </span>
      ))}
      {ids}
    </span>
  );
}

export function WaitingFields({ fields }: { fields: readonly string[] }) {
  return (
    <span className="upstream-call-line" title={fields.join('\n')}>
      for <span className="upstream-call-fields">{fields.join(', ')}</span>
    </span>
  );
}
