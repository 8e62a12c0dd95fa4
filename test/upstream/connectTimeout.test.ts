import dns from 'node:dns';
import net from 'node:net';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Wire } from '../../src/upstream/wire.js';
import { FOREVER } from '../support/upstreamDouble.js';

// A file of its own, and the first test first: undici's clock must not have begun to run before it is replaced.
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

test('A host that does not let us in, or a proxy, is given up after two to three and a half seconds', async () => {
  // Nobody ever says where it is.
  jest.spyOn(dns, 'lookup').mockImplementation(() => {});
  const nowhere = new URL('http://nowhere.invalid');
  const wires = [undefined, nowhere].map((http) => new Wire({ baseUrl: nowhere, connections: 1, maxBodyBytes: 1_000, network: { proxies: { http, https: undefined, noProxy: '' } } }));
  const outcomes: unknown[] = ['waiting', 'waiting'];
  const asking = wires.map((wire, n) => wire.get('/x', 'token', FOREVER.signal).catch((error: unknown) => (outcomes[n] = (error as NodeJS.ErrnoException).code)));
  await jest.advanceTimersByTimeAsync(1_900);
  expect(outcomes).toEqual(['waiting', 'waiting']);
  await jest.advanceTimersByTimeAsync(1_600);
  await Promise.race([Promise.all(asking), new Promise((resolve) => setImmediate(() => setImmediate(resolve)))]);
  expect(outcomes).toEqual(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT']);
  for (const wire of wires) await wire.close();
});

test.each([
  ['http://somewhere.invalid', undefined],
  ['https://somewhere.invalid', undefined],
  ['https://somewhere.invalid', 'http://proxy.invalid'],
  ['https://somewhere.invalid', 'https://proxy.invalid'],
])('Each address of a host has time for an answer from another continent: of %s, or its proxy (%s)', async (system, proxy) => {
  const times: unknown[] = [];
  jest.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, ...given: unknown[]) {
    // Node itself passes on a list.
    const [options] = given.flat() as net.TcpNetConnectOpts[];
    times.push(options!.autoSelectFamilyAttemptTimeout);
    // Once somebody listens.
    setImmediate(() => this.destroy(new Error('none')));
    return this;
  });
  const network = { proxies: { http: undefined, https: proxy === undefined ? undefined : new URL(proxy), noProxy: '' } };
  const wire = new Wire({ baseUrl: new URL(system), connections: 1, maxBodyBytes: 1_000, network });
  await wire.get('/x', 'token', FOREVER.signal).catch(() => {});
  // Node's 250 ms are less than one round trip between Europe and Australia.
  expect(times).toEqual([600]);
  await wire.close();
});
