import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { TcpFault } from '../support/tcpProxy.js';
import { until } from '../support/until.js';
import { message, startProxied, type Proxied } from './proxied.js';
import { batch, BATCHES, CANARY, expectBatches, expectEach, fillBudgets, SYSTEMS, type Outcome } from './truth.js';

let proxied: Proxied;

beforeAll(async () => {
  proxied = await startProxied();
});
afterEach(async () => {
  const { pms, cas360 } = proxied.app.sandbox;
  await until('no call is left behind', () => [...pms.calls, ...cas360.calls].every(({ endedAt }) => endedAt !== undefined));
  await proxied.reset();
});
afterAll(() => proxied.stop());

/** What only the deadline ends is in deadline.test.ts; here is what ends by itself. */
const TROUBLES: [string, TcpFault, Outcome][] = [
  ['nobody listening', 'refuse', 'UPSTREAM_UNAVAILABLE'],
  ['a reset before the headers', { resetAfterBytes: 0 }, 'UPSTREAM_UNAVAILABLE'],
  ['a reset within the headers', { resetAfterBytes: 30 }, 'UPSTREAM_UNAVAILABLE'],
  ['a reset within the body', { resetAfterBytes: 250 }, 'UPSTREAM_UNAVAILABLE'],
  ['an end before the headers', { cutAfterBytes: 0 }, 'UPSTREAM_UNAVAILABLE'],
  ['an end within the headers', { cutAfterBytes: 30 }, 'UPSTREAM_UNAVAILABLE'],
  ['an end within the body', { cutAfterBytes: 250 }, 'UPSTREAM_UNAVAILABLE'],
  ['a connection that is half closed', 'half-close', 'UPSTREAM_UNAVAILABLE'],
  ['chunks that end without the last one', { say: () => message('', { 'transfer-encoding': 'chunked', 'content-length': '' }), end: true }, 'UPSTREAM_UNAVAILABLE'],
  ['jitter of 200 ms', { jitterMs: 200 }, 'right'],
  ['120 kB a second', { drip: { bytes: 600, everyMs: 5 } }, 'right'],
];

describe.each(TROUBLES)('%s', (_what, fault, outcome) => {
  test.each(SYSTEMS)(`of %s, in batches of every size: ${outcome}`, async (system) => {
    await proxied.proxies[system].set(fault);
    await expectBatches(proxied.app, system, () => outcome);
  });
});

test.each(SYSTEMS)('a refusal of %s without its end counts as what it says', async (system) => {
  // If its end were waited for, the test would fail by its own time limit.
  await proxied.proxies[system].set({ say: () => message(CANARY, { 'content-length': '1000' }, 'HTTP/1.1 403 Forbidden') });
  await expectBatches(proxied.app, system, () => 'UPSTREAM_AUTH_FAILED');
});

describe('what passes', () => {
  const passing: TcpFault[] = ['half-close', { resetAfterBytes: 0 }, { resetAfterBytes: 30 }, { resetAfterBytes: 250 }, { cutAfterBytes: 250 }, { say: () => Buffer.from(CANARY), end: true }];

  // An attempt that helps is refunded.
  beforeAll(() => fillBudgets(proxied.app));

  test.each(SYSTEMS.flatMap((system) => passing.map((fault) => ({ system, fault }))))('is noticed by nobody: $fault, once, of $system', async ({ system, fault }) => {
    await proxied.proxies[system].set(fault, 1);
    await expectEach(proxied.app, batch(system, 50), () => 'right');
  });

  test('is all connections dying at once while nobody uses them', async () => {
    for (const [system, size] of BATCHES) {
      await expectEach(proxied.app, batch(system, size), () => 'right');
      for (const each of SYSTEMS) proxied.proxies[each].cut();
      await new Promise((resolve) => setImmediate(resolve));
      await expectEach(proxied.app, batch(system, size), () => 'right');
    }
  });

  test('is an upstream that is back: its contacts are served with the next request', async () => {
    for (const system of SYSTEMS) {
      await proxied.proxies[system].set('refuse');
      await expectEach(proxied.app, batch(system, 50), () => 'UPSTREAM_UNAVAILABLE');
      await proxied.proxies[system].set();
      await expectEach(proxied.app, batch(system, 50), () => 'right');
    }
  });
});

describe('connections that the system had closed while idle', () => {
  test.each(SYSTEMS)('cost no id and no retry, however many are reset together: %s', async (system) => {
    const { app, proxies } = proxied;
    const ids = batch(system, 60);
    await expectEach(app, ids, () => 'right');
    const failed = async (): Promise<string[]> => (await (await fetch(`${app.url}/metrics`)).text()).match(/^contacts_upstream_call_seconds_count.*UPSTREAM_UNAVAILABLE.*$/gm) ?? [];
    const before = await failed();
    for (let round = 0; round < 5; round++) {
      proxies[system].resetWhenUsed();
      await expectEach(app, ids, () => 'right');
    }
    expect(await failed()).toEqual(before);
  });
});
