import { afterEach, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { batch, CANARY, expectEach, extensionsOf, nameEverybody, numberOf, plant, SYSTEMS, type System } from './truth.js';

/** Of one second each; the date is two seconds ahead, since it has no fractions. And when the pause ends, in milliseconds since 1970, where the first call ended at this time. */
const FORMS: [string, () => string, endsAt: (retryAfter: string, firstEndedAt: number) => number][] = [
  ['seconds', () => '1', (_, firstEndedAt) => firstEndedAt + 1_000],
  ['a date', () => new Date(Date.now() + 2_000).toUTCString(), (date) => Date.parse(date)],
];
const NO_PAUSES = ['Thu, 01 Jan 1970 00:00:00 GMT', '0', '-5', '', 'soon', '1.5', '1e3', CANARY];

const apps: TestApp[] = [];
/** Each with its own pause. */
const fresh = async (settings: Record<string, string> = {}): Promise<TestApp> => {
  const app = await startTestApp(settings);
  apps.push(app);
  nameEverybody(app.sandbox);
  for (const system of SYSTEMS) await expectEach(app, batch(system, 1), () => 'right');
  app.reset();
  return app;
};
afterEach(() => Promise.all(apps.splice(0).map((app) => app.stop())));

const limited = (system: System, retryAfter: string, status = 429): object => ({ status, retryAfter, body: CANARY, times: 1, ids: [numberOf(batch(system, 1)[0]!)] });

describe('a pause that an upstream asks for', () => {
  test.each(FORMS)('in %s is never shorter, and what can wait for its end is served', async (_form, makeRetryAfter, endsAt) => {
    await Promise.all(
      SYSTEMS.map(async (system) => {
        const app = await fresh();
        const ids = batch(system, 50);
        const retryAfter = makeRetryAfter();
        plant(app, system, limited(system, retryAfter));
        await expectEach(app, ids.slice(0, 1), () => 'UPSTREAM_RATE_LIMITED');
        const [first] = app.sandbox[system].calls;
        await expectEach(app, ids, () => 'right');
        const later = app.sandbox[system].calls.slice(1).map(({ startedAt }) => startedAt);
        expect(Math.min(...later)).toBeGreaterThanOrEqual(endsAt(retryAfter, first!.endedAt!) - 2);
      }),
    );
  });

  test('after one chunk of five lets the others wait where they have not left yet', async () => {
    const app = await fresh();
    const ids = batch('cas360', 500);
    plant(app, 'cas360', { ...limited('cas360', '1'), ids: ['1001', '1101', '1201', '1301', '1401'] });
    const { data, errors = [] } = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids });
    expect(data.contacts).toHaveLength(500);
    const codes = errors.map(({ extensions }) => extensions.code);
    expect(codes).toEqual(codes.map(() => 'UPSTREAM_RATE_LIMITED'));
    expect(codes).toHaveLength(100);
    // Four are on the wire when the first one is refused.
    const [refused, ...others] = app.sandbox.cas360.calls;
    expect(refused!.status).toBe(429);
    expect(others.map(({ ids: { length } }) => length)).toEqual([100, 100, 100, 100]);
    expect(others[3]!.startedAt - refused!.endedAt!).toBeGreaterThanOrEqual(1_000 - 2);
  });

  test.each([[429], [503]])('for an hour (%i) is told at once, without a call', async (status) => {
    for (const system of SYSTEMS) {
      // It would fail by the test's own time limit if anything waited for the deadline.
      const app = await fresh();
      plant(app, system, limited(system, '3600', status));
      await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids: batch(system, 1) });
      app.reset();
      await expectEach(app, batch(system, 500), () => (status === 429 ? 'UPSTREAM_RATE_LIMITED' : 'UPSTREAM_UNAVAILABLE'));
      expect(app.calls()[system]).toBe(0);
    }
  });

  test('in words that mean nothing, or in the past, is none', async () => {
    await Promise.all(
      SYSTEMS.map(async (system) => {
        const app = await fresh();
        const ids = batch(system, 1);
        for (const retryAfter of NO_PAUSES) {
          plant(app, system, limited(system, retryAfter));
          const { errors = [], text } = await app.query('query ($ids: [ID!]!) { contacts(ids: $ids) { name } }', { ids });
          // A pause would be told too.
          expect(errors.map(({ extensions }) => extensions)).toEqual([extensionsOf('UPSTREAM_RATE_LIMITED', ids[0]!)]);
          expect(text).not.toMatch(/canary/i);
          await expectEach(app, batch(system, 5), () => 'right');
        }
      }),
    );
  });
});
