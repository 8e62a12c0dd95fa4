import TestRunner from 'jest-runner';

/** Less than any process uses, so that each file gets a new one. */
const FRESH_BYTES = 1_000_000;

/**
 * Runs test files one after another, each in a process of its own. These files measure times: nothing may run beside them, and
 * collecting what earlier files left in the heap can stall the callers and the sandbox.
 */
export default class OneByOne extends TestRunner {
  constructor(globalConfig, context) {
    super({ ...globalConfig, maxWorkers: 1, workerIdleMemoryLimit: FRESH_BYTES }, context);
  }
}
