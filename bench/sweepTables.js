import { markdownTable, megabytes, milliseconds } from './table.js';

/** The tables of a case with different numbers of callers: CPU, latency at half load, memory. */
export function sweepTables({ each: { sweep }, results, memory }) {
  const names = [...new Set(results.map(({ name }) => name))];
  const find = (name, callers) => results.find((one) => one.name === name && one.callers === callers);
  const titleOf = (name) => find(name, sweep[0]).title;
  return [
    `CPU per operation, ms:\n\n${cpuTable(sweep, names, { titleOf, cpuOf: (name, callers) => find(name, callers).cpuMs })}`,
    `p99 at half load, ms:\n\n${latencyTable(sweep, names, { titleOf, halfOf: (name, callers) => find(name, callers).half })}`,
    `Memory, MB:\n\n${memoryTable(sweep, memory)}`,
  ].join('\n\n');
}

function cpuTable(sweep, names, { titleOf, cpuOf }) {
  const others = names.filter((name) => name !== 'ours');
  const rows = sweep.map((callers) => [
    callers,
    ...names.map((name) => milliseconds(cpuOf(name, callers))),
    ...others.map((name) => (cpuOf('ours', callers) / cpuOf(name, callers)).toFixed(2)),
  ]);
  const range = (name) => {
    const all = sweep.map((callers) => cpuOf(name, callers));
    return (Math.max(...all) / Math.min(...all)).toFixed(2);
  };
  return markdownTable(['callers', ...names.map(titleOf), ...others.map((name) => `ours to ${titleOf(name)}`)], [...rows, ['dearest to cheapest', ...names.map(range), ...others.map(() => '')]]);
}

function latencyTable(sweep, names, { titleOf, halfOf }) {
  const paced = names.filter((name) => halfOf(name, sweep[0]));
  const rows = sweep.map((callers) => [callers, ...paced.map((name) => milliseconds(halfOf(name, callers).p99Ms)), milliseconds(halfOf('ours', callers).upstreamP99Ms)]);
  return markdownTable(['callers', ...paced.map(titleOf), 'upstream'], rows);
}

function memoryTable(sweep, memory) {
  const rows = memory.map(({ title, beforeBytes, warmPeaks, peakBytes, afterBytes }) => [title, ...[beforeBytes, ...warmPeaks, peakBytes, afterBytes].map(megabytes), (afterBytes / beforeBytes).toFixed(2)]);
  return markdownTable(['', 'before', ...sweep.map((callers) => `peak up to ${callers} callers`), 'peak of all rounds', 'afterwards', 'afterwards to before'], rows);
}
