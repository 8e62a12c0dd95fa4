/** A terminal signals both npm and us, and npm passes its signal on: within this time a second signal is ignored. */
const ECHO_MS = 150;

/** A terminal sends SIGINT for Ctrl-C, and SIGHUP when it closes. Without a listener, each of these ends the process at once. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls `first` with the first signal that tells the process to end, and `again` with each later one. Returns a function that ends this. */
export function onSignals(first: (signal: NodeJS.Signals) => void, again: () => void): () => void {
  let firstAtMs: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      first(signal);
    } else if (performance.now() - firstAtMs > ECHO_MS) again();
  };
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}
