// Stryker's Jest runner loads every test file for each mutant, even a file of which it then runs no test. This one loads
// only the files with a test that reached the mutant, first the quickest and those that failed last, and stops at a failure.
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { commonTokens, declareFactoryPlugin, declareValuePlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import { strykerPlugins as jestPlugins } from '@stryker-mutator/jest-runner';
import jestConfig from '../../jest.config.js';

// In the sandbox, which all processes of a run share: only one of them makes the first run.
const FILE = 'test-files.json';
/** Of a pattern of names: a longer one may be refused as a regular expression, and then the files run whole. */
const MOST_CHARACTERS = 50_000;

function byFile(injector) {
  // After Ctrl+C the main process is gone, and a change may have left something that never ends.
  process.once('disconnect', () => process.exit());
  const runner = injector.injectFunction(jestPlugins[0].factory);
  const adapter = runner.jestTestAdapter;
  const run = adapter.run.bind(adapter);
  const mutantRun = runner.mutantRun.bind(runner);
  let files;
  let reaching;
  runner.mutantRun = (options) => {
    reaching = options.testFilter && new Set(options.testFilter);
    return mutantRun(options);
  };
  adapter.run = async (settings) => {
    if (settings.testLocationInResults) {
      const outcome = await run(settings);
      files = outcome.results.testResults
        .map(({ testFilePath, perfStats, testResults }) => ({ path: testFilePath, ms: perfStats.runtime, tests: testResults.map(({ fullName }) => fullName) }))
        .sort((a, b) => a.ms - b.ms);
      writeFileSync(FILE, JSON.stringify(files));
      return outcome;
    }
    files ??= JSON.parse(readFileSync(FILE, 'utf8'));
    const { testNamePattern: pattern } = settings;
    const testNamePattern = pattern && pattern.length <= MOST_CHARACTERS ? pattern : undefined;
    let outcome;
    let spentMs = 0;
    for (const file of files.filter(({ tests }) => !reaching || tests.some((name) => reaching.has(name)))) {
      outcome = await run({ ...settings, jestConfig: { ...settings.jestConfig, testTimeout: jestConfig.testTimeout }, testNamePattern, testFiles: [file.path] });
      countAsFailed(outcome.results);
      if (outcome.results.success) {
        spentMs += file.ms;
        continue;
      }
      // Mutants come in the order of the code: the same file probably sees the next one too, and costs less than those before it.
      if (file.ms < spentMs) files = [file, ...files.filter((other) => other !== file)];
      break;
    }
    return outcome;
  };
  return runner;
}

/** Stryker would leave a mutant out of the score with which a file cannot be loaded, or leaves something behind. */
function countAsFailed(results) {
  for (const { testExecError, testFilePath, testResults } of results.testResults) {
    if (testExecError) testResults.push({ fullName: testFilePath, status: 'failed', failureMessages: [testExecError.message], duration: 0 });
  }
  results.numRuntimeErrorTestSuites = 0;
}

byFile.inject = tokens(commonTokens.injector);

/** Prints each change that no test saw as soon as that is known: the report of Stryker comes at the end of the run. */
const survivors = {
  onMutantTested({ status, fileName, location, mutatorName, replacement }) {
    if (status !== 'Survived' && status !== 'NoCoverage') return;
    process.stdout.write(`${status} ${relative('.', fileName)}:${location.start.line}:${location.start.column} ${mutatorName}: ${replacement}\n`);
  },
};

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'jest-by-file', byFile), declareValuePlugin(PluginKind.Reporter, 'survivors', survivors)];
