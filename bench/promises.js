// Compares the promises about the service's speed with the measurements.
import { megabytes, milliseconds, ratioToRaw } from './table.js';

const MAX_MEGABYTES = 400;
const MAX_MORE_THAN_UPSTREAM_MS = 10;
const MIN_TO_TUTORIAL = 3.5;
const MAX_CALLS_A_BURST = 8;
const MAX_GROWTH = 1.2;
const MAX_SOAK_GROWTH = 1.1;
const MAX_ROUND_TRIPS = 1.1;
/** Of the bytes of a client that does not ask for gzip. */
const MAX_SHARE_OF_BYTES = 0.2;
/** Tolerates calls that were under way when the measurement began. */
const CALLS_TOLERANCE = 1.01;

/** One row per promise: what, the limit, the measurement, and whether it holds. */
export function promises(measured) {
  return measured.flatMap((one) => {
    if (one.far) return farPromises(one);
    return one.samples ? soakPromises(one) : casePromises(one);
  });
}

function casePromises({ each, results }) {
  const rows = [];
  const promise = (what, limit, found, holds) => rows.push([`${each.title}: ${what}`, limit, found, holds ? 'yes' : '**no**']);
  const ours = results.filter(({ name }) => name === 'ours');
  const [first] = ours;
  const ratio = ratioToRaw(first, results);
  if (each.atMost) promise('CPU to raw Node', `at most ${each.atMost}`, ratio.toFixed(2), ratio <= each.atMost);
  const tutorial = results.find(({ name }) => name === 'tutorial');
  if (tutorial) {
    const better = tutorial.cpuMs / first.cpuMs;
    promise('CPU of the tutorial server to ours', `at least ${MIN_TO_TUTORIAL}`, better.toFixed(2), better >= MIN_TO_TUTORIAL);
  }
  if (each.mode === 'burst') promise('upstream calls', `at most ${MAX_CALLS_A_BURST}`, first.mostCalls, first.mostCalls <= MAX_CALLS_A_BURST);
  else if (each.calls !== undefined) {
    promise('upstream calls an operation', `at most ${each.calls}`, first.callsPerOperation.toFixed(2), first.callsPerOperation <= each.calls * CALLS_TOLERANCE + (each.calls === 0 ? 0.01 : 0));
  }
  if (first.half) {
    const more = first.half.p99Ms - first.half.upstreamP99Ms;
    promise("p99 at half load over the upstream's", `at most ${MAX_MORE_THAN_UPSTREAM_MS} ms`, `${milliseconds(more)} ms`, more <= MAX_MORE_THAN_UPSTREAM_MS);
  }
  const peak = Math.max(...ours.map(({ peakBytes }) => peakBytes));
  promise('peak memory', `at most ${MAX_MEGABYTES} MB`, `${megabytes(peak)} MB`, peak <= MAX_MEGABYTES * 1e6);
  if (each.sizes) {
    const [few, many] = ours;
    const growth = many.cpuMs / many.size / (few.cpuMs / few.size);
    promise(`CPU a contact, ${many.size.toLocaleString('en')} to ${few.size}`, `at most ${MAX_GROWTH}`, growth.toFixed(2), growth <= MAX_GROWTH);
  }
  return rows;
}

function farPromises({ each, far }) {
  const [raw, ours] = far;
  const trips = ours.idleMs / each.roundTripMs;
  const share = ours.pageBytes / raw.pageBytes;
  return [
    [`${each.title}: round trips of one contact after 5 s idle`, `at most ${MAX_ROUND_TRIPS}`, trips.toFixed(2), trips <= MAX_ROUND_TRIPS ? 'yes' : '**no**'],
    [`${each.title}: bytes of 100 contacts, to raw Node`, `at most ${MAX_SHARE_OF_BYTES}`, share.toFixed(2), share <= MAX_SHARE_OF_BYTES ? 'yes' : '**no**'],
  ];
}

function soakPromises({ each, peakBytes, growth }) {
  return [
    [`${each.title}: memory, the last fifth to the second`, `at most ${MAX_SOAK_GROWTH}`, growth.rss.toFixed(2), growth.rss <= MAX_SOAK_GROWTH ? 'yes' : '**no**'],
    [`${each.title}: peak memory`, `at most ${MAX_MEGABYTES} MB`, `${megabytes(peakBytes)} MB`, peakBytes <= MAX_MEGABYTES * 1e6 ? 'yes' : '**no**'],
  ];
}
