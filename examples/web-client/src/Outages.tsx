import type { Outage } from './problems';
import { lossOf, reasonFor } from './reasons';
import { RetryButton } from './RetryButton';

interface OutagesProps {
  outages: readonly Outage[];
  busy: boolean;
  onRetry: () => void;
}

/** One message for each system that is down, however many contacts lack something because of it. */
export function Outages({ outages, busy, onRetry }: OutagesProps) {
  return outages.map((outage) => (
    <p key={outage.problem.source} className="banner" role="alert">
      {reasonFor(outage.problem)} {lossOf(outage)}
      {outage.problem.retryable && <RetryButton onRetry={onRetry} busy={busy} />}
    </p>
  ));
}
