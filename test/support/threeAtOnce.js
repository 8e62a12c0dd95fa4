import TestRunner from 'jest-runner';

/** Runs two test files at a time, so that each has one of two cores. */
export default class TwoAtOnce extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: Math.min(2, globalConfig.maxWorkers) }, context);
  }
}
