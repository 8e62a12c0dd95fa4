import dns from 'node:dns';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Wire } from '../../src/upstream/wire.js';
import { FOREVER } from '../support/upstreamDouble.js';

// A file of its own: undici's clock must not have begun to run before it is replaced.
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

test('A host that does not let us in is given up after two to three and a half seconds', async () => {
  // Nobody ever says where it is.
  jest.spyOn(dns, 'lookup').mockImplementation(() => {});
  const wire = new Wire({ baseUrl: new URL('http://nowhere.invalid'), connections: 1, maxBodyBytes: 1_000 });
  let outcome: unknown = 'waiting';
  const asking = wire.get('/x', 'token', FOREVER.signal).catch((error: unknown) => (outcome = (error as NodeJS.ErrnoException).code));
  await jest.advanceTimersByTimeAsync(1_900);
  expect(outcome).toBe('waiting');
  await jest.advanceTimersByTimeAsync(1_600);
  await Promise.race([asking, new Promise((resolve) => setImmediate(() => setImmediate(resolve)))]);
  expect(outcome).toBe('UND_ERR_CONNECT_TIMEOUT');
  await wire.close();
});
