import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { BATCHES, batch, CANARY, expectEach, nameEverybody, plant, SYSTEMS, type System } from './truth.js';
import { until } from '../support/until.js';

const LIFE_MS = 1_000;

describe('an access token', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
    nameEverybody(app.sandbox);
  });
  beforeEach(() => app.reset());
  afterAll(() => app.stop());

  test.each(BATCHES)('of %s that is revoked in the middle of %i is replaced without anybody noticing', async (system, size) => {
    await expectEach(app, batch(system, 1), () => 'right');
    app.reset();
    const answer = expectEach(app, batch(system, size), () => 'right');
    const { calls } = app.sandbox[system];
    await until('a call has come', () => calls.length > 0);
    app.sandbox[system].revokeTokens();
    await answer;
    expect(calls.filter(({ kind }) => kind === 'token').length).toBeLessThanOrEqual(1);
  });

  test.each(BATCHES)('of %s that is refused once, of %i, is replaced', async (system, size) => {
    plant(app, system, { status: 401, body: CANARY, times: 1 });
    await expectEach(app, batch(system, size), () => 'right');
  });

  test.each(BATCHES)('of %s that is refused for ever costs %i two calls each at most', async (system, size) => {
    plant(app, system, { status: 401, body: CANARY });
    await expectEach(app, batch(system, size), () => 'UPSTREAM_AUTH_FAILED');
    expect(app.calls()[system]).toBeLessThanOrEqual(2 * (system === 'pms' ? size : Math.ceil(size / 100)));
  });

  test('that expires every second is renewed as often, and nobody notices', async () => {
    // The one above has just met tokens that did not help.
    await app.stop();
    app = await startTestApp();
    nameEverybody(app.sandbox);
    for (const system of SYSTEMS) app.sandbox[system].tokenLifetimeSeconds = LIFE_MS / 1_000;
    const tokens = (system: System): number => app.sandbox[system].calls.filter(({ kind }) => kind === 'token').length;
    await until('each system has given four tokens', async () => {
      const askedAtMs = performance.now();
      await Promise.all(BATCHES.map(([system, size]) => expectEach(app, batch(system, size), () => 'right'))).catch((error: unknown) => {
        // If a renewal takes so long, say because the disk is slow, the replay has a token that is over too. It may have begun before.
        if (performance.now() - askedAtMs < LIFE_MS / 2) throw error;
      });
      return SYSTEMS.every((system) => tokens(system) >= 4);
    });
    for (const system of SYSTEMS) app.sandbox[system].tokenLifetimeSeconds = 3_600;
    expect(app.sandbox.cas360.spentTokenUses).toBe(0);
  });
});

describe('a token endpoint', () => {
  let app: TestApp;

  // Fresh each time: nobody has a token yet.
  beforeEach(async () => {
    app = await startTestApp();
    nameEverybody(app.sandbox);
  });
  afterEach(() => app.stop());

  const LIFETIMES = [-600, 0, null, '', '3600', 'soon', 1e300, [], {}];

  test.each(SYSTEMS)('of %s that says nothing of use about the lifetime gives a token all the same', async (system) => {
    for (const expires_in of LIFETIMES) {
      app.sandbox[system].revokeTokens();
      plant(app, system, { on: 'token', patch: { expires_in } });
      await expectEach(app, batch(system, 50), () => 'right');
    }
  });

  /** And whether it may pass by itself, which a spent refresh token does not. */
  const BAD: [object, Record<System, boolean>][] = [
    [{ status: 500, body: CANARY }, { pms: true, cas360: true }],
    [{ status: 200, body: `<html>${CANARY}</html>`, contentType: 'text/html' }, { pms: true, cas360: false }],
    [{ patch: { access_token: null } }, { pms: true, cas360: true }],
    [{ patch: { access_token: `two ${CANARY}` } }, { pms: true, cas360: true }],
    [{ status: 302, headers: { location: 'http://canary.invalid/' } }, { pms: false, cas360: false }],
  ];

  test.each(SYSTEMS.flatMap((system) => BAD.map(([fault, mayPass]) => ({ system, fault, mayPass }))))('of $system that answers $fault costs its own contacts, and is asked once a second at most', async ({ system, fault, mayPass }) => {
    plant(app, system, { on: 'token', ...fault });
    for (const size of [1, 50, 500]) await expectEach(app, batch(system, size), () => (mayPass[system] ? 'no token for now' : 'UPSTREAM_AUTH_FAILED'));
    const asked = app.sandbox[system].calls.filter(({ kind }) => kind === 'token').map(({ startedAt }) => startedAt);
    // On a busy machine the three requests take longer than a second.
    expect(asked.filter((at, n) => n > 0 && at - asked[n - 1]! < 900)).toEqual([]);
    expect(asked.length).toBeGreaterThan(0);
    expect(app.calls()[system]).toBe(0);
    expect(app.logged.join()).not.toMatch(/canary/i);
  });
});
