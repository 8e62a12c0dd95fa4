import type { ReactNode } from 'react';
import type { Problem } from './problems';
import { Reason } from './Reason';

interface SectionProps {
  title: string;
  problem?: Problem | undefined;
  onRetry: () => void;
  /** What stands here if there is nothing to show. */
  empty?: string | false;
  children: ReactNode;
}

/** One part of an opened card, or the reason why it is missing. */
export function Section({ title, problem, onRetry, empty, children }: SectionProps) {
  return (
    <section>
      <h3>{title}</h3>
      {problem ? <Reason problem={problem} onRetry={onRetry} /> : empty ? <p className="none">{empty}</p> : children}
    </section>
  );
}
