import type { UpstreamCall } from './calls.js';

/** The calls; or why there are none to show: refused before it ran, answered without a report, not answered at all. */
export type Report = readonly UpstreamCall[] | 'refused' | 'silent' | 'unanswered';

export interface Run {
  readonly name: string;
  readonly report: Report;
}

interface RunState {
  /** A query is under way. The one before it stays in sight until its answer has come. */
  readonly running: boolean;
  readonly lastRun?: Run;
}

let state: RunState = { running: false };
let runCount = 0;
const listeners = new Set<() => void>();

export function runState(): RunState {
  return state;
}

export function onRunChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Call it when a query goes out, and what it returns when the answer has come. The answer to an older query is dropped. */
export function beginRun(name: string): (report: Report) => void {
  const number = ++runCount;
  change({ ...state, running: true });
  return (report) => {
    if (number === runCount) change({ running: false, lastRun: { name, report } });
  };
}

function change(newState: RunState): void {
  state = newState;
  for (const listener of listeners) listener();
}
