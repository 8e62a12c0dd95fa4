import TestRunner from 'jest-runner';

/** Runs three test files at a time. Each needs less than half a core on average: so none waits long for one of two cores. */
export default class ThreeAtOnce extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: Math.min(3, globalConfig.maxWorkers) }, context);
  }
}
