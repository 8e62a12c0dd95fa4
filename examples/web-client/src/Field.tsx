import type { ReactNode } from 'react';
import type { Problem } from './problems';
import { Reason } from './Reason';

interface FieldProps {
  label: string;
  /** A dash stands for null. */
  children: ReactNode;
  problem?: Problem | undefined;
  /** Whether a message above the cards gives the reason. */
  isTold?: boolean;
  onRetry?: () => void;
}

/** One value of a contact, or the reason why it is missing. Stands in a `dl`. */
export function Field({ label, children, problem, isTold = false, onRetry }: FieldProps) {
  return (
    <div className="field">
      <dt>{label}</dt>
      <dd>{problem ? isTold ? <span className="lack">Not available</span> : <Reason problem={problem} onRetry={onRetry} /> : (children ?? <span className="none">–</span>)}</dd>
    </div>
  );
}
