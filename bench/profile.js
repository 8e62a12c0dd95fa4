import { setTimeout as sleep } from 'node:timers/promises';
import { startContestant, CONTESTANTS } from './contestants.js';
import { SteadyLoad, operationCallers } from './load.js';
import { Child, UPSTREAM } from './child.js';
import { pinLoadGenerator } from './cores.js';

const WARM_UP_MS = 4_000;
const PROFILE_MS = 6_000;
const SHOWN = 30;

/** A CPU profile of the service in one case, as Markdown: shares of the busy time, by place and by function. */
export async function profileCase(each, { server }) {
  pinLoadGenerator();
  const upstream = await Child.start('upstream', UPSTREAM);
  let ours;
  try {
    const contestant = CONTESTANTS.find(({ name }) => name === 'ours');
    ours = await startContestant(contestant, { upstream: upstream.origin, isCached: each.isCached, server });
    await upstream.ask('latency', each.latencyMs);
    const callers = operationCallers(ours.origin, each);
    const load = new SteadyLoad(callers);
    await sleep(WARM_UP_MS);
    await ours.ask('startProfile');
    const before = load.done;
    await sleep(PROFILE_MS);
    const operations = load.done - before;
    const profile = await ours.ask('stopProfile');
    await load.stop();
    callers.close();
    return asMarkdown(each, selfTimes(profile), operations);
  } finally {
    await Promise.all([upstream.stop(), ours?.stop()]);
  }
}

/** Microseconds by function, with the place that each belongs to. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const times = new Map();
  for (const [i, id] of samples.entries()) {
    const { functionName, url, lineNumber } = byId.get(id);
    if (functionName === '(idle)' || url === 'node:inspector') continue;
    const place = placeOf(url, functionName);
    const name = `${functionName || '(anonymous)'} ${url ? `${url.split('/').at(-1)}:${lineNumber + 1}` : ''}`.trim();
    const key = `${place}\n${name}`;
    const entry = times.get(key) ?? { place, name, us: 0 };
    entry.us += timeDeltas[i];
    times.set(key, entry);
  }
  return [...times.values()];
}

function placeOf(url, functionName) {
  if (functionName.startsWith('(')) return functionName.startsWith('(anonymous') ? 'compiled operations' : functionName;
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (inPackage) return inPackage[1];
  const ours = /dist\/src\/([^/]+)/.exec(url);
  if (ours) return `src/${ours[1]}`;
  if (url.startsWith('node:')) return /^node:internal\/deps\/undici/.test(url) ? 'undici' : url.replace(/^node:(internal\/)?/, 'node:').replace(/\/.*/, '');
  return url === '' ? 'V8 and libuv' : 'compiled operations';
}

function asMarkdown(each, times, operations) {
  const totalUs = times.reduce((sum, { us }) => sum + us, 0);
  const places = new Map();
  for (const { place, us } of times) places.set(place, (places.get(place) ?? 0) + us);
  const row = ([name, us]) => `| ${name} | ${((100 * us) / totalUs).toFixed(1)} % | ${(us / operations).toFixed(1)} |`;
  const rows = (entries) => entries.sort(([, one], [, other]) => other - one).slice(0, SHOWN).map(row);
  const head = (what) => [`| ${what} | share | µs an operation |`, '| --- | --: | --: |'];
  return [
    `### ${each.title}: where the time goes`,
    '',
    `${operations} operations, ${(totalUs / operations).toFixed(0)} µs each.`,
    '',
    ...head('place'),
    ...rows([...places]),
    '',
    ...head('function, by itself'),
    ...rows(times.map(({ place, name, us }) => [`${name} (${place})`, us])),
    '',
  ].join('\n');
}
