// More and more callers. The other loads stop at the first error; this one counts errors, because refusing is one way to
// survive.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { bodiesOf } from './bodies.js';
import { Child, UPSTREAM } from './child.js';
import { pinLoadGenerator } from './cores.js';
import { Connection, post } from './connection.js';
import { CONTESTANTS, startContestant } from './contestants.js';
import { IDLE_MS, steadyWindow, warmUp } from './measure.js';
import { limitMemory, removeLimit } from './memoryLimit.js';
import { percentile } from './statistics.js';

const WARM_UP_MS = 3_000;
const RAMP_MS = 10_000;
/** For callers who have had nothing but errors when the load ends. */
const GRACE_MS = 10_000;
/** Before the next try of a caller whose connection failed. */
const RETRY_MS = 100;

const contestants = CONTESTANTS.filter(({ name }) => ['raw', 'ours', 'mercurius'].includes(name));

export const rampSteps = () => contestants.length;

/** Measures one contestant after the other, each alone. */
export async function runRamp(each, _plan, { server, onStep }) {
  pinLoadGenerator();
  const ramp = [];
  for (const contestant of contestants) {
    ramp.push(await measureOne(contestant, each, server));
    onStep(contestant.name);
  }
  return { each, ramp };
}

async function measureOne(contestant, each, server) {
  const group = each.limitBytes && limitMemory(each.limitBytes);
  const children = [];
  try {
    const upstream = await Child.start('upstream', UPSTREAM);
    children.push(upstream);
    const child = await startContestant(contestant, { upstream: upstream.origin, server, refuses: true, group });
    children.push(child);
    await warmUp((ms) => steadyWindow({ each: { ...each, callers: 1 }, server: child, upstream, ms }), WARM_UP_MS);
    const before = await child.ask('usage');
    const outcome = await growingLoad(child.origin, each);
    return { title: contestant.title, ...outcome, ...(await costOf(child, before, outcome)), ending: child.ending };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    if (group) removeLimit(group);
  }
}

/** Nothing if the process has ended. */
async function costOf(child, before, { latencies, loadMs }) {
  try {
    const after = await child.ask('usage');
    await sleep(IDLE_MS);
    const { rssBytes } = await child.ask('usage');
    const usedMs = (after.cpuMicroseconds - before.cpuMicroseconds) / 1_000;
    return { cpuMs: usedMs / latencies.length, busy: usedMs / loadMs, beforeBytes: before.rssBytes, peakBytes: after.peakBytes, afterBytes: rssBytes };
  } catch (error) {
    if (child.ending === null) throw error;
    return {};
  }
}

/** From `from` to `to` callers, at a constant pace. Each sends its next operation when it has its answer. */
async function growingLoad(origin, each) {
  const latencies = [];
  const errors = new Map();
  let unserved = each.to;
  const startedAt = performance.now();
  const endsAt = startedAt + RAMP_MS;
  const caller = async (number) => {
    await sleep((RAMP_MS * Math.max(0, number - each.from)) / (each.to - each.from || 1));
    const bodyOf = bodiesOf(each, number);
    let connection;
    let served = 0;
    for (let n = 0; performance.now() < endsAt + (served > 0 ? 0 : GRACE_MS); n++) {
      if (!connection?.isOpen) connection = new Connection(origin);
      const sentAt = performance.now();
      try {
        await connection.ask(post('/graphql', bodyOf(n)));
        latencies.push(performance.now() - sentAt);
        if (served++ === 0) unserved--;
      } catch ({ code, message, retryAfterSeconds }) {
        const kind = code ?? message;
        errors.set(kind, (errors.get(kind) ?? 0) + 1);
        await sleep(retryAfterSeconds ? 1_000 * retryAfterSeconds : RETRY_MS);
      }
    }
    connection?.close();
  };
  await Promise.all(Array.from({ length: each.to }, (_, number) => caller(number)));
  return { latencies, errors, unserved, loadMs: performance.now() - startedAt, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
}
