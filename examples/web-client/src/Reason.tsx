import type { Problem } from './problems';
import { reasonFor } from './reasons';
import { RetryButton } from './RetryButton';

/** Why something is missing, where it is missing, and a button if asking again may help. */
export function Reason({ problem, onRetry, busy = false }: { problem: Problem; onRetry?: (() => void) | undefined; busy?: boolean }) {
  return (
    <span className={problem.code === 'FORBIDDEN' ? 'reason denied' : 'reason'}>
      {reasonFor(problem)}
      {problem.retryable && onRetry && <RetryButton onRetry={onRetry} busy={busy} />}
    </span>
  );
}
