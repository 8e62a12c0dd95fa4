// Is this build dearer than the last release?
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinLoadGenerator } from './cores.js';
import { serve } from './contestants.js';
import { measurePair } from './pair.js';
import { buildRelease } from './release.js';
import { median } from './statistics.js';
import { markdownTable } from './table.js';

const MAX_RATIO = 1.05;
/** Odd, like the sum of both: the median is one of the pairs. */
const PAIRS = 5;
const FURTHER_PAIRS = 6;
/** Between these the first pairs do not settle a case. */
const UNSETTLED = [1.03, 1.08];

/** Prints a table. The exit code is 1 if a case is too dear. */
export async function gate(cases, { server, against }) {
  pinLoadGenerator();
  if (!against) say('building the last release');
  const other = against ? { folder: resolve(against), name: against } : buildRelease();
  if (!existsSync(`${other.folder}/dist/src/main.js`)) throw new Error(`There is no build in ${other.folder}.`);
  const builds = [serve(fileURLToPath(new URL('..', import.meta.url)), server), serve(other.folder)];
  const found = new Map(cases.map((each) => [each, []]));
  const measure = async (some, pairs) => {
    for (let pair = 1; pair <= pairs; pair++) {
      say(`pair ${pair} of ${pairs}: ${some.map(({ name }) => name).join(', ')}`);
      // Each build starts first in turn.
      const isTurned = pair % 2 === 0;
      const costs = await measurePair(some, isTurned ? builds.toReversed() : builds);
      for (const [each, both] of costs) {
        const [now, before] = isTurned ? both.toReversed() : both;
        found.get(each).push({ now, before, ratio: now / before });
      }
    }
  };
  await measure(cases, PAIRS);
  const unsettled = cases.filter((each) => ratioOf(found.get(each)) > UNSETTLED[0] && ratioOf(found.get(each)) < UNSETTLED[1]);
  if (unsettled.length > 0) await measure(unsettled, FURTHER_PAIRS);
  const rows = cases.map((each) => row(each, found.get(each)));
  process.stdout.write(`This build, to ${other.name}:\n\n${markdownTable(['', 'before, ms', 'now, ms', 'ratio', 'lowest to highest pair', 'pairs', `at most ${MAX_RATIO}`], rows)}\n`);
  if (cases.some((each) => ratioOf(found.get(each)) > MAX_RATIO)) process.exitCode = 1;
}

const ratioOf = (pairs) => median(pairs.map(({ ratio }) => ratio));

function row({ title }, pairs) {
  const ratios = pairs.map(({ ratio }) => ratio);
  const of = (key) => median(pairs.map((pair) => pair[key])).toFixed(3);
  return [title, of('before'), of('now'), ratioOf(pairs).toFixed(3), `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`, pairs.length, ratioOf(pairs) > MAX_RATIO ? '**no**' : 'yes'];
}

function say(what) {
  process.stderr.write(`${what}\n`);
}
