import { performance } from 'node:perf_hooks';

/** Returns a function that gives the share of the time since its last call that the event loop spent on work: 0 to 1. */
export function workShareOfLoop(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
