const common = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2024', parser: { syntax: 'typescript' }, experimental: { keepImportAttributes: true } }, module: { type: 'es6' } }],
  },
};

/** Where time or memory is measured, or the sandbox, the service and its callers share a thread that must keep up. */
const MEASURED = ['faults/(?!drawn)', 'resilience/', 'replicas/', 'process/', 'security/(attacks|hostile|slowCallers)', 'telemetry/', 'shared/', 'readBody', 'upstream/exchange', 'graphql/(sharing|failures)'].map((path) => `/test/${path}`);

export default {
  projects: [
    { ...common, displayName: 'side by side', testPathIgnorePatterns: MEASURED },
    { ...common, displayName: 'one by one', testRegex: MEASURED.map((path) => `${path}.*\\.test\\.ts$`), runner: '<rootDir>/test/support/oneByOne.js' },
  ],
  maxWorkers: 2,
  // All that ran in a process stays in its memory, and collecting it would stall what is measured.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 15_000,
  reporters: ['default', '<rootDir>/test/support/countReporter.js'],
};
