import TestRunner from 'jest-runner';

/** Runs at most three test files at a time. Each needs less than half a core on average, so two cores are enough. */
export default class ThreeAtOnce extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: Math.min(3, globalConfig.maxWorkers) }, context);
  }
}
