// Two builds, side by side. Other load on the machine changes what an operation costs by 10 to 20 %, so both take turns many
// times a second. And one process stays up to 5 % cheaper than the next of the same build, so the gate measures several pairs.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child, UPSTREAM } from './child.js';
import { startContestant } from './contestants.js';
import { operationCallers, SteadyLoad } from './load.js';
import { warmUp } from './measure.js';
import { percentile } from './statistics.js';

const CALLERS = 16;
/** For all cases together: most of the code is the same. */
const WARM_UP_MS = 3_600;
/** Just before a case: V8 compiles again what another case used differently. */
const SHORT_WARM_UP_MS = 300;
const CASE_MS = 1_600;
const WINDOW_MS = 50;
/** Other load only adds, so the cheaper windows count. */
const QUANTILE = 0.25;

/** Starts a process of both builds. Resolves, for each case, to what an operation costs in both. */
export async function measurePair(cases, builds) {
  const children = [await Child.start('upstream', UPSTREAM)];
  const [{ origin: upstream }] = children;
  try {
    for (const build of builds) children.push(await startContestant({ name: 'ours', command: () => build }, { upstream }));
    const servers = children.slice(1);
    for (const each of cases) await compare(each, servers, { warmUpMs: WARM_UP_MS / cases.length, durationMs: 0 });
    const results = new Map();
    // The smallest operations last: what surrounds an operation takes longest to be compiled, and is most of their cost.
    for (const each of cases.toReversed()) results.set(each, await compare(each, servers, { warmUpMs: SHORT_WARM_UP_MS, durationMs: CASE_MS }));
    return results;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function compare(each, servers, { warmUpMs, durationMs }) {
  const loads = servers.map((server) => ({ server, callers: operationCallers(server.origin, each, CALLERS) }));
  for (const load of loads) await warmUp((ms) => wholeWindow(load, ms), warmUpMs);
  const costs = [[], []];
  // ABBA: a drift affects both alike.
  for (const end = performance.now() + durationMs; performance.now() < end; ) for (const turn of [0, 1, 1, 0]) costs[turn].push((await wholeWindow(loads[turn], WINDOW_MS)).cpuMs);
  for (const { callers } of loads) callers.close();
  return costs.map((windows) => percentile(windows, QUANTILE));
}

/** Counts from the first operation to the end of the last. A window that cuts operations is exact only if it has hundreds. */
async function wholeWindow({ server, callers }, ms) {
  const before = await server.ask('usage');
  const load = new SteadyLoad(callers, { keepsLatencies: false });
  await sleep(ms);
  await load.stop();
  const usedMs = ((await server.ask('usage')).cpuMicroseconds - before.cpuMicroseconds) / 1_000;
  return { usedMs, cpuMs: usedMs / load.done };
}
