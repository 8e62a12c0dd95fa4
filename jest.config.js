const common = {
  testEnvironment: '<rootDir>/test/support/environment.js',
  roots: ['<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } }, module: { type: 'es6' } }],
  },
};

const SLOW = '\\.slow\\.test\\.ts$';
/** The sandbox, the service and its callers share a thread that must keep up. */
const FEW = ['faults/(deadline|retryAfter|outage)', 'shared/redis', 'graphql/sharing', 'upstream/wire'].map((path) => `/test/${path}\\.test\\.ts$`);

/** docs/testing.md says what each lane is for. */
export default {
  projects: [
    { ...common, displayName: 'fast', testPathIgnorePatterns: [SLOW, ...FEW] },
    { ...common, displayName: 'few', testRegex: FEW, runner: '<rootDir>/test/support/threeAtOnce.js' },
    { ...common, displayName: 'slow', testRegex: SLOW, runner: '<rootDir>/test/support/oneByOne.js' },
  ],
  globalSetup: '<rootDir>/test/support/setUpOnce.js',
  maxWorkers: 2,
  // All that ran in a process stays in its memory, and collecting it would stall what is measured.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 30_000,
  reporters: ['default', '<rootDir>/test/support/runReporter.js'],
};
