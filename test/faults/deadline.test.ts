import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import type { TcpFault } from '../support/tcpProxy.js';
import { message, startProxied, type Proxied } from './proxied.js';
import { allOf } from './standIn.js';
import { batch, CANARY, expectBatches, expectEach, extensionsOf, nameEverybody, otherThan, plant, SYSTEMS, truth, type System } from './truth.js';
import { until } from '../support/until.js';

/** Only this ends what does not answer. Where it fails to, a test fails by its own time limit. The other system has time for its answers on a busy machine. */
const hasty = (system: System): Record<string, string> => ({ [`${system.toUpperCase()}_TIMEOUT_MS`]: '1275' });
/** Long enough for those answers of the system itself that come. */
const ENOUGH = { REQUEST_TIMEOUT_MS: '8000' };
/** More ids of the PMS could not be answered in this time anyway, and some would be refused at once. */
const SIZES = { pms: [1, 50, 100], cas360: [1, 50, 500] };

/** One for each system, so that both can be waited for side by side while the other one of each is well. */
let proxied: Record<System, Proxied>;

beforeAll(async () => {
  proxied = { pms: await startProxied(hasty('pms')), cas360: await startProxied(hasty('cas360')) };
});
afterEach(() => Promise.all(SYSTEMS.map((system) => proxied[system].reset())));
afterAll(() => Promise.all(SYSTEMS.map((system) => proxied[system].stop())));

const ofEachSystem = (run: (system: System, proxied: Proxied) => Promise<unknown>): Promise<unknown> => allOf(SYSTEMS.map((system) => run(system, proxied[system])));

const endless = { 'content-length': '1000000' };
const ENDLESS: [string, TcpFault][] = [
  ['no answer', 'blackhole'],
  ['headers, byte by byte', { drip: { bytes: 1, everyMs: 50 } }],
  ['a byte now and then, after the headers', { drip: { bytes: 250, everyMs: 1_000 } }],
  ['headers and no body', { say: () => message('', endless) }],
  ['a body without its end', { say: () => message('[', endless) }],
  ['chunks without an end', { say: () => message('1\r\n[\r\n', { 'transfer-encoding': 'chunked', 'content-length': '' }) }],
  ['half a gzip', { say: () => message(gzipSync(CANARY).subarray(0, 20), { ...endless, 'content-encoding': 'gzip' }) }],
  ['early hints, and nothing after', { say: () => Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n') }],
];

test.each(ENDLESS)('%s, of each system, is given up in time, in batches of every size', (_what, fault) =>
  ofEachSystem(async (system, { app, proxies }) => {
    await proxies[system].set(fault);
    await expectBatches(app, system, () => 'UPSTREAM_TIMEOUT', SIZES[system]);
  }));

describe('an answer that would come a minute later', () => {
  test('of each system, is given up in time, and the call with it', () =>
    ofEachSystem(async (system, { app }) => {
      plant(app, system, { latencyMs: 60_000 });
      await expectBatches(app, system, () => 'UPSTREAM_TIMEOUT', SIZES[system]);
      const { calls } = app.sandbox[system];
      await until('all calls have ended', () => calls.every(({ endedAt }) => endedAt !== undefined));
      expect(calls.filter(({ aborted }) => !aborted).map(({ kind }) => kind)).toEqual([]);
    }));

  // One after the other, each would take that long.
  test('of a few of 100 of the PMS, or of one chunk of five, costs only those', () =>
    allOf([
      withFresh(ENOUGH, (app) => expectFewSlow(app, 1)),
      withFresh(ENOUGH, (app) => expectFewSlow(app, 7)),
      withFresh(ENOUGH, expectOneChunkSlow),
    ]));

  async function expectFewSlow(app: TestApp, k: number): Promise<void> {
    const ids = batch('pms', 100);
    const slow = new Set(ids.filter((_, i) => i % 14 === 3).slice(0, k));
    plant(app, 'pms', { latencyMs: 60_000, ids: [...slow].map((id) => id.slice(4)) });
    await expectEach(app, ids, (id) => (slow.has(id) ? 'UPSTREAM_TIMEOUT' : 'right'));
  }

  async function expectOneChunkSlow(app: TestApp): Promise<void> {
    const ids = batch('cas360', 500);
    plant(app, 'cas360', { hang: true, ids: ['1250'] });
    const chunk = new Set<string>();
    const { data, errors = [] } = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { id name } }', { ids });
    for (const id of app.sandbox.cas360.calls.find((call) => call.ids.includes('1250'))!.ids) chunk.add(`cas360:${id}`);
    expect(chunk.size).toBe(100);
    expect(data.contacts).toEqual(ids.map((id) => (chunk.has(id) ? null : truth(app.sandbox, id))));
    expect(errors.map(({ extensions }) => extensions)).toEqual([...chunk].map((id) => extensionsOf('UPSTREAM_TIMEOUT', id)));
  }
});

describe('a token that does not come', () => {
  test('from each system is given up in time, and costs its own contacts only', () =>
    ofEachSystem((system) =>
      withFresh(hasty(system), async (app) => {
        for (const fault of [{ hang: true }, { latencyMs: 60_000 }, { drip: { bytes: 1, everyMs: 100 } }]) {
          plant(app, system, { on: 'token', ...fault });
          const [ids, others] = [batch(system, 50), batch(otherThan(system), 2)];
          const { data, errors = [] } = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { id name } }', { ids: [...ids, ...others] });
          expect(data.contacts.filter(Boolean)).toEqual(others.map((id) => truth(app.sandbox, id)));
          expect(errors.map(({ path }) => path![1])).toEqual(ids.map((_, i) => i));
          // No token, or no time: both are so.
          for (const { extensions } of errors) expect(['UPSTREAM_TIMEOUT', 'UPSTREAM_AUTH_FAILED']).toContain(extensions.code);
        }
      })));
});

/** With an app that nobody has asked yet. */
async function withFresh(settings: Record<string, string>, run: (app: TestApp) => Promise<void>): Promise<void> {
  const app = await startTestApp(settings);
  try {
    nameEverybody(app.sandbox);
    await run(app);
  } finally {
    // The service waits for the answer to a refresh token, a minute at most.
    await app.sandbox.stop();
    await app.stop();
  }
}
