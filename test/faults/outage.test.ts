import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { batch, CANARY, expectEach, nameEverybody, plant, SYSTEMS } from './truth.js';
import { until } from '../support/until.js';

/** As it is in production: after so many calls that fail with nothing between, it opens; it tries again after five seconds. */
const FAILURES = 60;
const TRIES_AGAIN_AFTER_MS = 5_000;
const ROUNDS = 50;

const apps: TestApp[] = [];

beforeAll(async () => {
  for (const _ of SYSTEMS) apps.push(await startTestApp({}, { breakersAreOff: false }));
  for (const { sandbox } of apps) nameEverybody(sandbox);
});
afterAll(() => Promise.all(apps.map((app) => app.stop())));

test('an upstream that is down is left alone, callers hear so at once, and it is served again soon after it is back', async () => {
  const down = SYSTEMS.map((system, n) => ({ system, app: apps[n]!, id: batch(system, 1)[0] }));
  const ask = (app: TestApp, id: string | undefined): Promise<Answer> => app.query('query ($id: ID!) { contact(id: $id) { name } }', { id });
  const openSinceMs: number[] = [];
  for (const { system, app } of down) {
    plant(app, system, { status: 503, body: CANARY });
    await until(`${FAILURES} calls have failed`, async () => {
      await expectEach(app, batch(system, 50), () => 'UPSTREAM_UNAVAILABLE');
      return app.calls()[system] >= FAILURES;
    });
    app.sandbox[system].resetCalls();
    openSinceMs.push(performance.now());
  }

  const tookMs: number[] = [];
  for (const { app, id } of down) {
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now();
      const { errors } = await ask(app, id);
      tookMs.push(performance.now() - startedAt);
      expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
    }
  }
  for (const [n, { system, app }] of down.entries()) {
    await expectEach(app, batch(system, 500), () => 'UPSTREAM_UNAVAILABLE');
    const tries = Math.floor((performance.now() - openSinceMs[n]!) / TRIES_AGAIN_AFTER_MS);
    // While only few ids have failed, others may try.
    expect(app.calls()[system]).toBeLessThanOrEqual(5 + tries);
  }

  await Promise.all(
    down.map(async ({ system, app, id }) => {
      plant(app, system);
      await until(`${system} is served again`, async () => {
        // Not as fast as the machine can.
        await sleep(100);
        return !(await ask(app, id)).errors;
      });
      await expectEach(app, batch(system, 500), () => 'right');
    }),
  );
  const p99 = tookMs.sort((a, b) => a - b)[Math.floor(tookMs.length * 0.99)]!;
  process.stdout.write(`outage: ${tookMs.length} requests while the breaker is open, told within ${p99.toFixed(1)} ms (99 of 100)\n`);
});
