import { setTimeout as sleep } from 'node:timers/promises';
import { CONTESTANTS, startContestant } from './contestants.js';
import { SteadyLoad, operationCallers } from './load.js';
import { Child, UPSTREAM } from './child.js';
import { pinLoadGenerator } from './cores.js';
import { median } from './statistics.js';

const SAMPLE_MS = 500;
export const SOAK_OPERATIONS = 1_000_000;
export const QUICK_SOAK_OPERATIONS = 50_000;

/** The memory of the service over `operations` operations, each with a new id. */
export async function soak(each, operations, { server, onShare }) {
  pinLoadGenerator();
  const upstream = await Child.start('upstream', UPSTREAM);
  let ours;
  try {
    ours = await startContestant(CONTESTANTS.find(({ name }) => name === 'ours'), { upstream: upstream.origin, server });
    const callers = operationCallers(ours.origin, each);
    const load = new SteadyLoad(callers, { keepsLatencies: false });
    const samples = [];
    while (load.done < operations && !load.failed) {
      await sleep(SAMPLE_MS);
      const { rssBytes, heapBytes } = await ours.ask('usage');
      samples.push({ operations: load.done, rssBytes, heapBytes });
      onShare(load.done / operations);
    }
    await load.stop();
    callers.close();
    const { peakBytes } = await ours.ask('usage');
    return { each, samples, peakBytes, growth: growth(samples) };
  } finally {
    await Promise.all([upstream.stop(), ours?.stop()]);
  }
}

/** The growth of memory from the second fifth to the last. The first fifth is warm-up. */
function growth(samples) {
  const fifth = (n) => samples.slice(Math.floor((n * samples.length) / 5), Math.floor(((n + 1) * samples.length) / 5));
  const of = (key) => median(fifth(4).map((sample) => sample[key])) / median(fifth(1).map((sample) => sample[key]));
  return { rss: of('rssBytes'), heap: of('heapBytes') };
}
