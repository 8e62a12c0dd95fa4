import type { Running } from './diagnose.js';
import { allDone, faultsIn } from './report.js';

/** Between two checks. Each asks the token endpoints. */
const PAUSE_MS = 5_000;

export interface Clock {
  now(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>;
}

/**
 * Repeats `check` until it finds no fault, or `seconds` are over. Returns the last check that ended in time. If none did, returns
 * the first one as far as it got, with a fault in each part that is not done. `tell` gets a line whenever other checks fail
 * than before.
 */
export async function checkUntilWell(check: () => readonly Running[], seconds: number, tell: (line: string) => void, { now, sleep }: Clock): Promise<readonly Running[]> {
  const endsAtMs = now() + seconds * 1_000;
  let last: readonly Running[] | undefined;
  let told = '';
  for (;;) {
    const running = check();
    const ended = new Set<Running>();
    for (const part of running) void part.done.then(() => ended.add(part));
    if (!(await endsWithin(allDone(running), endsAtMs - now(), sleep))) return last ?? running.map((part) => (ended.has(part) ? part : cutOff(part)));
    last = running;
    const faults = faultsIn(running);
    if (faults.length === 0 || now() + PAUSE_MS >= endsAtMs) return running;
    const failed = [...new Set(faults.map((fault) => fault.check))].join(', ');
    if (failed !== told) tell(`Not yet: ${failed}. Trying again for ${Math.ceil((endsAtMs - now()) / 1_000)} s.\n`);
    told = failed;
    await sleep(PAUSE_MS);
  }
}

async function endsWithin(done: Promise<void>, ms: number, sleep: Clock['sleep']): Promise<boolean> {
  const ending = new AbortController();
  const over = sleep(ms, ending.signal).then(() => false, () => true);
  try {
    return await Promise.race([done.then(() => true), over]);
  } finally {
    ending.abort();
  }
}

function cutOff({ check, found }: Running): Running {
  found.fault(check, 'the check has not ended in the time of --wait', 'timeout');
  return { check, found, done: Promise.resolve() };
}
