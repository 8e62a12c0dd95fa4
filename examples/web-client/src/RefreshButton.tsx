import { useState } from 'react';
import { refresh } from './client';

/** Asks again for all that the page shows, also for what is open. */
export function RefreshButton() {
  const [busy, setBusy] = useState(false);
  const ask = async (): Promise<void> => {
    setBusy(true);
    await refresh();
    setBusy(false);
  };
  return (
    <button type="button" aria-busy={busy} onClick={() => busy || void ask()}>
      {busy ? 'Asking' : 'Refresh'}
    </button>
  );
}
