import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyLoad, burst, operationCallers, pacedLoad, upstreamCallers } from './load.js';
import { median, percentile } from './statistics.js';

const LEAD_IN_MS = 100;
/** Half load has more callers than full load, so that no operation waits for a free caller. */
const MORE_CALLERS = 4;
const MAX_OPERATIONS_PER_SECOND = 4_000;
/** How long after a load memory is read: longer than the service is idle before it returns memory. */
export const IDLE_MS = 12_000;
const MAX_WARM_UPS = 10;
const MAX_LONGER = 10;
const LEAST_WARM_UP_MS = 100;

/** By CPU time: on a busy machine a server is not warm after a fixed time. `window` resolves to what one of `ms` took. */
export async function warmUp(window, cpuMs) {
  let usedMs = 0;
  for (let turn = 0; usedMs < cpuMs && turn < MAX_WARM_UPS; turn++) usedMs += (await window(Math.max(LEAST_WARM_UP_MS, cpuMs - usedMs))).usedMs;
}

/** The CPU that the server used, and the upstream calls, during `ms` of steady load. */
export async function steadyWindow({ each, server, upstream, ms }) {
  const callsBefore = await upstream.ask('calls');
  const callers = operationCallers(server.origin, each);
  const load = new SteadyLoad(callers);
  await sleep(LEAD_IN_MS);
  const before = await usage(server, () => load.done);
  await sleep(ms);
  // 64 large operations at once can take longer than a window.
  for (let more = 0; load.done === before.done && !load.failed && more < MAX_LONGER; more++) await sleep(ms);
  const after = await usage(server, () => load.done);
  await load.stop();
  callers.close();
  const calls = (await upstream.ask('calls')) - callsBefore;
  return { ...between(before, after), callsPerOperation: calls / load.done, latencies: load.latencies.slice(before.done, after.done) };
}

/** The same for bursts: all callers at once, again and again. */
export async function burstWindow({ each, server, upstream, ms }) {
  const callers = operationCallers(server.origin, each);
  await burst(callers);
  const before = await usage(server, () => 0);
  const latencies = [];
  const callsInBursts = [];
  while (performance.now() - before.at < ms) {
    const calls = await upstream.ask('calls');
    latencies.push(...(await burst(callers)));
    callsInBursts.push((await upstream.ask('calls')) - calls);
  }
  const after = await usage(server, () => latencies.length);
  callers.close();
  return { ...between(before, after), callsPerOperation: median(callsInBursts) / callers.count, latencies, mostCalls: Math.max(...callsInBursts) };
}

async function usage(server, done) {
  const { cpuMicroseconds } = await server.ask('usage');
  return { at: performance.now(), cpuMs: cpuMicroseconds / 1_000, done: done() };
}

function between(before, after) {
  const operations = after.done - before.done;
  if (operations === 0) throw new Error('Not one operation ended in its window.');
  const usedMs = after.cpuMs - before.cpuMs;
  return { usedMs, cpuMs: usedMs / operations, perSecond: (1_000 * operations) / (after.at - before.at) };
}

/** The latencies at half load, and those of the upstream called directly at the same rate. Both take turns; the results are medians. */
export async function halfLoad({ each, server, upstream, perSecond, rounds, ms }) {
  const rate = Math.min(perSecond / 2, MAX_OPERATIONS_PER_SECOND);
  const served = [];
  const direct = [];
  for (let round = 0; round < rounds; round++) {
    served.push(await pacedTail(operationCallers(server.origin, each, each.callers * MORE_CALLERS), rate, ms));
    direct.push(await pacedTail(upstreamCallers(upstream.origin, each, each.callers * MORE_CALLERS), rate, ms));
  }
  const of = (key, tails) => median(tails.map((one) => one[key]));
  return { p50Ms: of('p50Ms', served), p99Ms: of('p99Ms', served), upstreamP99Ms: of('p99Ms', direct) };
}

async function pacedTail(callers, rate, ms) {
  // Opens the connections and warms up.
  await pacedLoad(callers, rate, LEAD_IN_MS);
  const latencies = await pacedLoad(callers, rate, ms);
  callers.close();
  return tail(latencies);
}

const tail = (latencies) => ({ p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) });

/** Medians of the rounds. Latencies are over all rounds. */
export function summary(rounds) {
  const of = (key) => median(rounds.map((round) => round[key]));
  return {
    cpuMs: of('cpuMs'),
    perSecond: of('perSecond'),
    callsPerOperation: of('callsPerOperation'),
    mostCalls: rounds[0].mostCalls && Math.max(...rounds.map(({ mostCalls }) => mostCalls)),
    ...tail(rounds.flatMap(({ latencies }) => latencies)),
    spread: spread(rounds.map(({ cpuMs }) => cpuMs)),
  };
}

/** Half the distance from the lowest to the highest round, as a share of the median. */
const spread = (numbers) => (Math.max(...numbers) - Math.min(...numbers)) / 2 / median(numbers);
