import { runCase, stepsOf, QUICK, STANDARD, SWEEP } from './runCase.js';
import { burstCases, CASES, casesNamed, memoryCases, plainCases, standardCases, sweptCases } from './cases.js';
import { farSteps, runFar } from './far.js';
import { gate } from './gate.js';
import { readOptions, USAGE } from './options.js';
import { profileCase } from './profile.js';
import { Progress } from './progress.js';
import { rampSteps, runRamp } from './ramp.js';
import { writeReport } from './report.js';
import { QUICK_SOAK_OPERATIONS, SOAK_OPERATIONS, soak } from './soak.js';
import { sweepTables } from './sweepTables.js';
import { caseTable, farTable, megabytes, rampTable } from './table.js';

const SOAK_STEPS = 40;
/** The cases of each mode, and those that it measures without `--case`. */
const MODES = {
  standard: { all: CASES, chosen: standardCases },
  profile: { all: CASES, chosen: standardCases },
  sweep: { all: sweptCases },
  burst: { all: burstCases, chosen: casesNamed(['one', 'list', 'relationships'], burstCases) },
  memory: { all: memoryCases, chosen: casesNamed(['relationships'], memoryCases) },
  gate: { all: plainCases },
};

export async function main() {
  const options = readOptions();
  if (options.help) return void process.stdout.write(USAGE);
  // Children exit when this process exits normally, so a signal must not kill it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  const cases = chosenCases(options);
  if (options.mode === 'gate') return gate(cases, options);
  if (options.mode === 'profile') {
    for (const each of cases) process.stdout.write(`${await profileCase(each, options)}\n`);
    return;
  }
  const full = options.mode === 'sweep' ? SWEEP : STANDARD;
  const plan = options.quick ? QUICK : full;
  const measured = await measure(cases, plan, options);
  if (options.report) writeReport(measured, { command: `npm run bench -- ${process.argv.slice(2).join(' ')}`, plan });
}

function chosenCases({ mode, case: list, soak: withSoak }) {
  const { all, chosen = all } = MODES[mode];
  const names = list?.split(',');
  const unknown = names?.find((name) => casesNamed([name], all).length === 0);
  if (unknown !== undefined) throw new Error(`There is no case "${unknown}". There are: ${all.map(({ name }) => name).join(', ')}.`);
  const cases = names ? casesNamed(names, all) : chosen;
  return withSoak ? [...cases, ...casesNamed(['soak'])] : cases;
}

async function measure(cases, plan, { server, quick }) {
  const progress = new Progress(cases.reduce((steps, each) => steps + stepsIn(each, plan), 0));
  const measured = [];
  for (const each of cases) {
    progress.begin(each.title);
    if (each.mode === 'soak') {
      const operations = quick ? QUICK_SOAK_OPERATIONS : SOAK_OPERATIONS;
      measured.push(await soak(each, operations, { server, onShare: (share) => progress.partly(share * SOAK_STEPS, `${Math.round(100 * share)} %`) }));
    } else measured.push(await ({ far: runFar, ramp: runRamp }[each.mode] ?? runCase)(each, plan, { server, onStep: (what) => progress.step(what) }));
    progress.end();
    process.stdout.write(`### ${each.title}\n\n${summaryOf(measured.at(-1))}\n\n`);
  }
  return measured;
}

function stepsIn(each, plan) {
  if (each.mode === 'soak') return SOAK_STEPS;
  return { far: farSteps, ramp: rampSteps }[each.mode]?.(plan) ?? stepsOf(each, plan);
}

function summaryOf(one) {
  if (one.far) return farTable(one);
  if (one.ramp) return rampTable(one);
  if (one.each.sweep) return sweepTables(one);
  if (one.results) return caseTable(one);
  const { peakBytes, growth } = one;
  return `Peak ${megabytes(peakBytes)} MB; the last fifth to the second: ${growth.rss.toFixed(2)} resident, ${growth.heap.toFixed(2)} heap in use.`;
}
