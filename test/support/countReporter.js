import { setTimeout } from 'node:timers';

/** Closes a run with one line in the plain form that any continuous integration reads. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    // At the very end: the other reporters print their summaries after this.
    process.on('exit', () => process.stdout.write(`\n${results.numPassedTests} passed, ${failed} failed\n`));
    // A test that failed half-way may have left something open: the run ends all the same.
    setTimeout(() => process.exit(failed === 0 ? 0 : 1), 900).unref();
  }
}
