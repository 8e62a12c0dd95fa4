import TestRunner from 'jest-runner';

/** Runs test files one after another, each process ended once its memory has grown: where time counts, nothing runs beside. */
export default class OneByOne extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1 }, context);
  }
}
