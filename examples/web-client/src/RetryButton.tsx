/** Stays enabled while it asks: a disabled button would lose the keyboard's focus. */
export function RetryButton({ onRetry, busy }: { onRetry: () => void; busy: boolean }) {
  return (
    <button type="button" onClick={() => busy || onRetry()}>
      {busy ? 'Asking' : 'Try again'}
    </button>
  );
}
