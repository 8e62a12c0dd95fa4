import { parseArgs } from 'node:util';
import { runCase, stepsOf, QUICK, STANDARD, SWEEP } from './runCase.js';
import { caseNames, casesNamed, standardCases, sweptCases } from './cases.js';
import { farSteps, runFar } from './far.js';
import { profileCase } from './profile.js';
import { Progress } from './progress.js';
import { writeReport } from './report.js';
import { QUICK_SOAK_OPERATIONS, SOAK_OPERATIONS, soak } from './soak.js';
import { caseTable, farTable, megabytes, sweepTable } from './table.js';

const SOAK_STEPS = 40;

const options = {
  case: { type: 'string' },
  soak: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  sweep: { type: 'boolean', default: false },
  report: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  server: { type: 'string' },
};

export async function main() {
  const { values } = parseArgs({ options });
  const names = values.case?.split(',');
  const standard = names ? casesNamed(names) : [...standardCases];
  const cases = values.sweep ? sweptCases.filter(({ name }) => !names || names.includes(name)) : standard;
  if (cases.length === 0) throw new Error(`There is no such case. There are: ${caseNames.join(', ')}.`);
  if (values.report && values.server) throw new Error('A report is about the build of this checkout: leave out --server.');
  if (values.soak) cases.push(...casesNamed(['soak']));
  // Children exit when this process exits normally, so a signal must not kill it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  if (values.profile) {
    for (const each of cases) process.stdout.write(`${await profileCase(each, values)}\n`);
    return;
  }
  const full = values.sweep ? SWEEP : STANDARD;
  const plan = values.quick ? QUICK : full;
  if (values.sweep && values.report) throw new Error('The sweep is not part of the report: leave out --report.');
  const measured = await measure(cases, plan, values);
  if (values.report) writeReport(measured, { command: `npm run bench -- ${process.argv.slice(2).join(' ')}`, plan });
}

async function measure(cases, plan, { server, quick }) {
  const progress = new Progress(cases.reduce((steps, each) => steps + stepsIn(each, plan), 0));
  const measured = [];
  for (const each of cases) {
    progress.begin(each.title);
    if (each.mode === 'soak') {
      const operations = quick ? QUICK_SOAK_OPERATIONS : SOAK_OPERATIONS;
      measured.push(await soak(each, operations, { server, onShare: (share) => progress.partly(share * SOAK_STEPS, `${Math.round(100 * share)} %`) }));
    } else measured.push(await (each.mode === 'far' ? runFar : runCase)(each, plan, { server, onStep: (what) => progress.step(what) }));
    progress.end();
    process.stdout.write(`${summaryOf(measured.at(-1))}\n`);
  }
  return measured;
}

function stepsIn(each, plan) {
  if (each.mode === 'soak') return SOAK_STEPS;
  return each.mode === 'far' ? farSteps(plan) : stepsOf(each, plan);
}

function summaryOf(one) {
  if (one.far) return `### ${one.each.title}\n\n${farTable(one)}\n`;
  if (one.each.sweep) return `### ${one.each.title}\n\n${sweepTable(one)}\n`;
  if (one.results) return `### ${one.each.title}\n\n${caseTable(one)}\n`;
  const { each, peakBytes, growth } = one;
  return `### ${each.title}\n\nPeak ${megabytes(peakBytes)} MB; the last fifth to the second: ${growth.rss.toFixed(2)} resident, ${growth.heap.toFixed(2)} heap in use.\n`;
}
