import { workShareOfLoop } from './workShare.js';

const LOOK_EVERY_MS = 1_000;
/** With less of its time spent on work, the process is idle. Health checks and metrics take a hundredth. */
const IDLE_SHARE = 0.05;
/** For so many looks in succession. */
const IDLE_LOOKS = 10;
/**
 * A collection takes a tenth of a second, and makes V8 drop compiled code: during the next seconds of load operations cost about
 * twice as much. So it must be worth it, and rare. A moderate load makes the process some 70 MB larger than at its start.
 */
const GROWN_BYTES = 79_691_776;
const REST_MS = 300_000;

export interface IdleMemoryOptions {
  /** Collects all garbage, and returns the memory to the operating system. */
  readonly collect: () => void;
  readonly workShare?: () => number;
  /** The memory that the process takes, in bytes. */
  readonly takenBytes?: () => number;
}

/**
 * Returns memory after a load has ended: V8 keeps what it took for young objects, however long nothing happens. Collects once
 * the process has been idle for ten seconds and takes 76 MB more than at the start, or after the last collection. It does so at
 * most once in five minutes. Returns a function that ends it.
 */
export function returnIdleMemory({ collect, workShare = workShareOfLoop(), takenBytes = process.memoryUsage.rss }: IdleMemoryOptions): () => void {
  let idleLooks = 0;
  let levelBytes = takenBytes();
  let collectedAtMs = -Infinity;
  const look = (): void => {
    idleLooks = workShare() < IDLE_SHARE ? idleLooks + 1 : 0;
    if (idleLooks < IDLE_LOOKS || performance.now() - collectedAtMs < REST_MS || takenBytes() - levelBytes < GROWN_BYTES) return;
    collect();
    levelBytes = takenBytes();
    collectedAtMs = performance.now();
  };
  const looks = setInterval(look, LOOK_EVERY_MS).unref();
  return () => clearInterval(looks);
}
