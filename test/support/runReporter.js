import { dirname, relative, sep } from 'node:path';
import { setTimeout } from 'node:timers';

/** How long what is closing may take to close. */
const CLOSING_MS = 30_000;

/** Closes a run with the time of each folder, and one line in the plain form that any continuous integration reads. */
export default class RunReporter {
  onRunComplete(_contexts, { testResults, numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests }) {
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    // At the very end: the other reporters print their summaries after this.
    process.on('exit', () => process.stdout.write(`\n${table(testResults)}\n${numPassedTests} passed, ${failed} failed${skipped}\n`));
    setTimeout(() => {
      process.stdout.write(`The run does not end: ${process.getActiveResourcesInfo().join(', ')} are still open.\n`);
      process.exit(1);
    }, CLOSING_MS).unref();
  }
}

function table(testResults) {
  const folders = new Map();
  for (const { testFilePath, perfStats, testResults: cases } of testResults) {
    const [, folder] = relative(process.cwd(), dirname(testFilePath)).split(sep);
    const sum = folders.get(folder) ?? { files: 0, tests: 0, ms: 0 };
    folders.set(folder, { files: sum.files + 1, tests: sum.tests + cases.length, ms: sum.ms + (perfStats.end - perfStats.start) });
  }
  const rows = [...folders].sort(([, one], [, other]) => other.ms - one.ms);
  return rows.map(([folder, { files, tests, ms }]) => `${(ms / 1_000).toFixed(1).padStart(8)} s  ${folder ?? 'test'}: ${files} files, ${tests} tests`).join('\n');
}
