import { jest } from '@jest/globals';

/** From now on time stands still, but for what network traffic needs. */
export function fakeTimers(): void {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask'] });
}
