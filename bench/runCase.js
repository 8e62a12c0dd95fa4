import { setTimeout as sleep } from 'node:timers/promises';
import { variantsOf } from './cases.js';
import { CONTESTANTS, startContestant } from './contestants.js';
import { compareAnswers } from './equality.js';
import { burstWindow, halfLoad, IDLE_MS, steadyWindow, summary, warmUp } from './measure.js';
import { Child, UPSTREAM } from './child.js';
import { pinLoadGenerator } from './cores.js';

export const STANDARD = { rounds: 5, windowMs: 1_000, warmUpMs: 4_000, halfLoadMs: 1_000 };
export const QUICK = { rounds: 3, windowMs: 500, warmUpMs: 1_000, halfLoadMs: 500 };
/** A window of its own for each number of callers. */
export const SWEEP = { rounds: 3, windowMs: 700, warmUpMs: 1_200, halfLoadMs: 500 };

/** The number of steps of a case, for the progress bar. */
export const stepsOf = (each, { rounds }) => contestantsIn(each).length * variantsOf(each).length * (rounds + 2);

const SWEPT = new Set(['raw', 'ours', 'mercurius', 'tutorial']);
const PACED_IN_SWEEP = new Set(['raw', 'ours']);
const contestantsIn = ({ onlyOurs, sweep }) => CONTESTANTS.filter(({ name }) => (onlyOurs ? name === 'raw' || name === 'ours' : !sweep || SWEPT.has(name)));

/**
 * Measures one case: starts new processes, compares their answers, then measures them in turns, round by round, so that other
 * load on the machine affects all of them.
 */
export async function runCase(each, plan, { server, onStep }) {
  pinLoadGenerator();
  const upstream = await Child.start('upstream', UPSTREAM);
  const children = [upstream];
  try {
    const contestants = contestantsIn(each);
    const started = await Promise.allSettled(contestants.map((one) => startContestant(one, { upstream: upstream.origin, isCached: each.isCached, server })));
    for (const { value } of started) if (value) children.push(value);
    for (const { reason } of started) if (reason) throw reason;
    const servers = children.slice(1);
    for (const variant of variantsOf(each)) await compareAnswers(variant, servers);
    await upstream.ask('latency', each.latencyMs);
    // Next to each other are those that are compared. None is idle for so long that it collects its garbage.
    const entrants = variantsOf(each).flatMap((variant) => contestants.map(({ name, title }, i) => ({ name, title, each: variant, server: servers[i], upstream, rounds: [] })));
    await runRounds(entrants, plan, onStep);
    const results = [];
    for (const entrant of entrants) results.push(await finish(entrant, plan, onStep));
    return { each, results, memory: each.sweep && (await memoryOf(entrants)) };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}

async function runRounds(entrants, { rounds, windowMs, warmUpMs }, onStep) {
  const run = (entrant, ms) =>
    (entrant.each.mode === 'burst' ? burstWindow : steadyWindow)({ ...entrant, ms }).catch((error) => {
      throw new Error(`"${entrant.each.title}", ${entrant.name}: ${error.message}`, { cause: error });
    });
  for (const entrant of entrants) {
    await warmUp((ms) => run(entrant, ms), warmUpMs);
    entrant.warm = await entrant.server.ask('usage');
    onStep(`${entrant.name} warms up`);
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < entrants.length; turn++) {
      // Each round starts with another one.
      const entrant = entrants[(turn + round) % entrants.length];
      entrant.rounds.push(await run(entrant, windowMs));
      onStep(`${entrant.name}, round ${round + 1} of ${rounds}`);
    }
  }
}

async function finish({ name, title, each, server, upstream, rounds }, { halfLoadMs, rounds: count }, onStep) {
  const full = summary(rounds);
  const isPaced = each.mode === 'steady' && !each.sizes && (!each.sweep || PACED_IN_SWEEP.has(name));
  const half = isPaced ? await halfLoad({ each, server, upstream, perSecond: full.perSecond, rounds: count, ms: halfLoadMs }) : undefined;
  const { peakBytes } = await server.ask('usage');
  onStep(`${name} under half load`);
  return { name, title, size: each.size, callers: each.callers, ...full, half, peakBytes };
}

/** The memory of each server when one caller had warmed it up, its peak with each number of callers, and what it keeps when idle. */
async function memoryOf(entrants) {
  await sleep(IDLE_MS);
  return Promise.all(
    [...new Set(entrants.map(({ server }) => server))].map(async (server) => {
      const own = entrants.filter((entrant) => entrant.server === server);
      const { rssBytes, peakBytes } = await server.ask('usage');
      return { title: own[0].title, beforeBytes: own[0].warm.rssBytes, warmPeaks: own.map(({ warm }) => warm.peakBytes), peakBytes, afterBytes: rssBytes };
    }),
  );
}
