import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { barChart, lineChart } from './chart.js';
import { CONTESTANTS } from './contestants.js';
import { isPinned } from './cores.js';
import { promises } from './promises.js';
import { caseTable, farTable, markdownTable, megabytes, milliseconds, ratioToRaw } from './table.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Writes report.md and its charts. `command` is the command line of this run. */
export function writeReport(measured, { command, plan }) {
  mkdirSync(`${HERE}charts`, { recursive: true });
  const compared = measured.filter(({ results }) => results);
  const soaked = measured.find(({ samples }) => samples);
  const charts = [];
  const draw = (name, chart, options) => {
    writeFileSync(`${HERE}charts/${name}.svg`, chart(options));
    charts.push(`![${options.title}](charts/${name}.svg)`);
  };
  if (compared.length > 0) {
    const bars = (value, of = compared) => of.map(({ each, results }) => ({ label: each.title, bars: results.map((result) => bar(result, value(result, results))) }));
    const paced = compared.filter(({ results }) => results[0].half);
    draw('cpu', barChart, { title: 'CPU of the server process per operation, raw Node = 1', groups: bars(ratioToRaw), format: (value) => value.toFixed(2), mark: 1 });
    if (paced.length > 0) draw('p99', barChart, { title: 'p99 at half load, ms', groups: bars(({ half }) => half.p99Ms, paced), format: milliseconds });
    draw('memory', barChart, { title: 'Peak memory, MB', groups: bars(({ peakBytes }) => peakBytes), format: megabytes });
  }
  if (soaked) draw('soak', lineChart, soakChart(soaked));
  const parts = [
    '# Benchmark',
    `${machine()} ${howOften(plan)} To repeat it: \`${command}\`. What is measured, and how: [docs/performance.md](../docs/performance.md).`,
    '## What is promised',
    markdownTable(['', 'limit', 'measured', 'holds'], promises(measured)),
    '## CPU per operation, ms',
    markdownTable(['', ...CONTESTANTS.map(({ title }) => title)], compared.filter(({ each }) => !each.sizes).map(cpuRow)),
    ...charts,
    ...measured.filter(({ samples }) => !samples).flatMap((one) => [`## ${one.each.title[0].toUpperCase()}${one.each.title.slice(1)}`, one.far ? farTable(one) : caseTable(one)]),
  ];
  writeFileSync(`${HERE}report.md`, `${parts.join('\n\n')}\n`);
}

const bar = ({ name, title, size }, value) => ({ label: size ? `${title}, ${size}` : title, value, colour: CONTESTANTS.findIndex((one) => one.name === name) });

function cpuRow({ each, results }) {
  const cells = CONTESTANTS.map(({ name }) => {
    const result = results.find((one) => one.name === name);
    return result ? `${milliseconds(result.cpuMs)} (${ratioToRaw(result, results).toFixed(2)})` : '';
  });
  return [each.title, ...cells];
}

function soakChart({ each, samples }) {
  const line = (label, colour, key) => ({ label, colour, points: samples.map((sample) => [sample.operations, sample[key]]) });
  return {
    title: `Memory over ${each.title}`,
    lines: [line('resident', 1, 'rssBytes'), line('heap in use', 0, 'heapBytes')],
    xLabel: 'operations',
    format: (bytes) => `${megabytes(bytes)} MB`,
  };
}

function machine() {
  const cores = cpus();
  const pinned = isPinned ? 'the server alone on the first core, everything else on the others' : 'nothing pinned to a core';
  return `${new Date().toISOString().slice(0, 10)}, ${cores.length} cores of ${cores[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}, Node ${process.version}; ${pinned}.`;
}

const howOften = ({ rounds, windowMs }) => `Medians of ${rounds} rounds of ${windowMs} ms each, contestants taking turns.`;
