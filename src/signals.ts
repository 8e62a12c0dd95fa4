/** A terminal signals both npm and us, and npm passes its signal on: within this time a second signal is ignored. */
const ECHO_MS = 150;

/** Calls `first` with the first of these signals, and `again` with each later one. Returns a function that ends this. */
export function onSignals(signals: readonly NodeJS.Signals[], first: (signal: NodeJS.Signals) => void, again: () => void): () => void {
  let firstAtMs: number | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    if (firstAtMs === undefined) {
      firstAtMs = performance.now();
      first(signal);
    } else if (performance.now() - firstAtMs > ECHO_MS) again();
  };
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}
