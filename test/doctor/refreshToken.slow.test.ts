/** @needs redis-server */
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startTestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { runDoctor, type RunningDoctor } from './support/doctor.js';
import { filePlace, redisPlace, type TokenPlace } from './support/tokenPlaces.js';
import { renewals, TokenStage } from './support/tokenStage.js';

// The doctor and the service run as processes.
jest.setTimeout(60_000);

const stage = TokenStage.use();
const NAME = '{ contact(id: "cas360:54") { name } }';

describe.each([['a file', filePlace], ['Redis', redisPlace]])('The doctor on a token in %s', (name, open) => {
  let place: TokenPlace;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.stop());
  beforeEach(() => place.clear());

  test('reads and renews beside a service that runs, which adopts the new one', async () => {
    const service = await startTestApp(place.settings);
    const all = { ...service.sandbox.environment, ...place.settings };
    try {
      expect((await service.query(NAME)).data.contact).not.toBeNull();
      for (const words of [[], ['--renew']]) {
        const { code, of } = stage.heard(await runDoctor(all, '--cas360', '54', ...words));
        expect(of('ok')).toEqual(expect.arrayContaining([expect.stringContaining('an access token is kept'), 'a process of the service is running: it leads, and has just written', 'the known contact was found']));
        expect([code, renewals(service.sandbox)]).toEqual([0, 1]);
      }
      // The access token is gone, here and there.
      service.sandbox.cas360.revokeTokens();
      await place.update((kept) => ({ ...kept!, count: kept!.count + 1, grant: undefined }));
      expect((await runDoctor(all, '--cas360', '54', '--renew')).of('ok')).toEqual(expect.arrayContaining(['the known contact was found']));
      expect((await service.query(NAME)).errors).toBeUndefined();
      expect(renewals(service.sandbox)).toBe(2);
      expect(service.sandbox.cas360.spentTokenUses).toBe(0);
    } finally {
      await service.stop();
    }
  });

  /** A renewal whose answer is under way. It has said what it does, and not yet what came of it. */
  async function renewing(slow: 'PMS' | 'CAS 360' = 'CAS 360'): Promise<RunningDoctor> {
    if (slow === 'PMS') stage.sandbox.pms.faults.set([{ latencyMs: 700 }]);
    stage.sandbox.cas360.faults.set([{ on: 'token', times: 1, latencyMs: slow === 'PMS' ? 0 : 700 }, { on: 'token', after: 1, heldMs: 1_500 }]);
    const doctor = stage.renew(place);
    await until('the token is sent', () => renewals(stage.sandbox) === 1);
    await until('it says what it does', () => doctor.said().includes('--renew takes its turn'));
    expect(doctor.said()).not.toContain('the next refresh token is kept');
    return doctor;
  }

  // What it says about CAS 360 comes after what it says about the PMS.
  test.each(['PMS', 'CAS 360'] as const)('says what it does before it does it, where the %s is the slower one', async (slow) => {
    expect((await (await renewing(slow)).ended).output).toContain('the next refresh token is kept');
  });

  test.each(name === 'Redis' ? (['SIGTERM'] as const) : (['SIGINT', 'SIGTERM', 'SIGHUP'] as const))('keeps the next one before %s ends it', async (signal) => {
    const { child, ended } = await renewing();
    child.kill(signal);
    const { signal: by, output } = await ended;
    stage.heard({ output });
    expect(output).toContain('told to end');
    expect(by).toBe(signal);
    expect(await place.update((kept) => kept)).toMatchObject({ mark: 'usable', turn: undefined, grant: { accessToken: expect.any(String) } });
  });

  test('keeps the next one although nobody reads what it says', async () => {
    stage.sandbox.pms.faults.set([{ latencyMs: 500 }]);
    const { child, said, ended } = stage.renew(place);
    await until('it speaks', () => said().includes('Settings'));
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
    expect((await ended).signal).toBeNull();
    expect(await place.update((kept) => kept)).toMatchObject({ mark: 'usable', turn: undefined, grant: { accessToken: expect.any(String) } });
  });
});
