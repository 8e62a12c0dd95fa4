// Mutation testing of one folder of src/: `npm run test:mutants -- loaders`, or of one file of it: `-- src/loaders/queue.ts`.
import { Stryker } from '@stryker-mutator/core';
import jestConfig from '../../jest.config.js';

// Which tests see mistakes in which folder. A mutant lives in the process of the tests, so tests that start the service
// as a process of its own are of no use here.
const FOLDERS = {
  config: { files: ['src/config.ts', 'src/settings.ts'], tests: ['config'] },
  // print.ts is a program of its own.
  graphql: { files: ['src/graphql/**/*.ts', '!src/graphql/print.ts'], tests: ['graphql/(?!sharing|minimum)', 'telemetry/(log|metrics|traces|upstreamCalls)'] },
  loaders: { tests: ['loaders/', 'cache/(cachedRecords|memoryCache)', 'graphql/(batching|laziness)', 'telemetry/upstreamCalls'] },
  mapping: { tests: ['mapping/', 'graphql/values'] },
  shared: { tests: ['shared/'] },
  upstream: { tests: ['upstream/', 'faults/(auth|body|meaning|status|transport)', 'readBody'] },
  web: { tests: ['web/', 'security/(badTokens|mutatedTokens)', 'readBody'] },
};

const what = process.argv[2] ?? '';
const folder = what.replace(/^src\//, '').split(/[/.]/)[0].replace('settings', 'config');
if (!(folder in FOLDERS)) {
  process.stderr.write(`Which folder? npm run test:mutants -- ${Object.keys(FOLDERS).join('|')}, or a file in one of them.\n`);
  process.exit(1);
}
const { files = [`src/${folder}/**/*.ts`], tests } = FOLDERS[folder];
const [{ roots, extensionsToTreatAsEsm, moduleNameMapper, transform, testEnvironment }] = jestConfig.projects;

const results = await new Stryker({
  mutate: [...(what.endsWith('.ts') ? [what] : files), '!**/*.generated.ts'],
  testRunner: 'jest-by-file',
  plugins: ['@stryker-mutator/jest-runner', './scripts/mutants/byFile.mjs'],
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  jest: {
    projectType: 'custom',
    enableFindRelatedTests: false,
    // Which says nothing of Jest: the lanes and the set-up of jest.config.js are of no use here.
    configFile: 'package.json',
    config: {
      roots,
      extensionsToTreatAsEsm,
      moduleNameMapper,
      transform,
      testEnvironment: testEnvironment.replace('<rootDir>', process.cwd()),
      testRegex: `/test/(${tests.join('|')}).*(?<!\\.slow)\\.test\\.ts$`,
      // The first run has to pass on a busy machine too.
      testTimeout: 2 * jestConfig.testTimeout,
    },
  },
  // Nothing checks types here; the comment that Stryker would add changes the files of GraphiQL, which a test compares.
  disableTypeChecks: false,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // Contexts of ended tests stay in memory.
  maxTestRunnerReuse: 50,
  timeoutMS: 20_000,
  dryRunTimeoutMinutes: 20,
  tempDirName: 'test-output/mutants',
  cleanTempDir: 'always',
  // Tests read files of many folders, so everything is copied but the output of other runs.
  ignorePatterns: ['/test-output'],
  // What a stopped run has found is kept, for --continue. Otherwise all is tried again: Stryker would not see that a new test
  // catches what survived, where tests reach the code as they load.
  incremental: true,
  force: !process.argv.includes('--continue'),
  incrementalFile: `test-output/mutants-${folder}-kept.json`,
  reporters: ['progress-append-only', 'survivors', 'clear-text', 'json'],
  jsonReporter: { fileName: `test-output/mutants-${folder}.json` },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  allowConsoleColors: false,
}).runMutationTest();
process.exitCode = results.length > 0 ? 0 : 1;
