/** @needs redis-server */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { clientOf } from '../../src/build/cas360Tokens.js';
import { inspectConfig } from '../../src/config.js';
import { checkCas360 } from '../../src/doctor/cas360.js';
import { Findings } from '../../src/doctor/findings.js';
import { newProcessName } from '../../src/upstream/oauth2/refreshToken/processName.js';
import { begunWith, hashOf, type Kept } from '../../src/upstream/oauth2/refreshToken/state.js';
import { until } from '../support/until.js';
import { diagnoseCas360, type Diagnosis } from './support/doctor.js';
import { filePlace, redisPlace, type TokenPlace } from './support/tokenPlaces.js';
import { ACCESS, KEPT, renewals, TokenStage } from './support/tokenStage.js';

const stage = TokenStage.use();
const ELSEWHERE = 'another-host/boot/pid 7 0f0f';

/** The name of a process of this machine that has ended. */
function gone(): string {
  const [host, , unique] = newProcessName().split(' ');
  return `${host} ${spawnSync('true').pid} ${unique}`;
}

/** Whether Redis alone was too late for a renewal, as it can be on a busy machine. Nothing was sent then. */
const isLate = (faults: readonly string[]): boolean => faults.length === 1 && faults[0]!.includes('Redis does not answer');

async function unlessLate(diagnosed: () => Promise<Diagnosis>): Promise<Diagnosis> {
  let diagnosis = stage.heard(await diagnosed());
  for (let n = 1; n < 3 && isLate(diagnosis.of('fault')); n++) diagnosis = stage.heard(await diagnosed());
  return diagnosis;
}

const diagnose = (all: Record<string, string>, ...words: '--renew'[]): Promise<Diagnosis> => unlessLate(() => diagnoseCas360(all, '54', words.length > 0));

/** Identifies the client of the sandbox, and another one. */
const clients = (): { ours: string; other: string } => {
  const { sandbox } = stage;
  const tokenUrl = new URL('/oauth/token', sandbox.cas360.url);
  const clientId = sandbox.cas360.client.id;
  return { ours: clientOf({ tokenUrl, clientId }), other: clientOf({ tokenUrl, clientId: 'another' }) };
};

interface State {
  readonly kept?: (kept: Kept, nowMs: number) => Kept;
  readonly level: 'ok' | 'note' | 'warning' | 'fault';
  readonly says: string;
  /** Whether `--renew` sends the token. */
  readonly isSent: boolean;
}

const STATES: Readonly<Record<string, State>> = {
  'usable': { kept: (kept) => kept, level: 'ok', says: 'the refresh token is kept, and can be used', isSent: true },
  'never used yet': { level: 'note', says: 'CAS360_REFRESH_TOKEN was never used yet', isSent: true },
  'never used yet, beside an older chain': { kept: (_, nowMs) => begunWith(KEPT, undefined, { accessToken: ACCESS, expiresAtMs: nowMs + 1_000_000 }), level: 'note', says: 'CAS360_REFRESH_TOKEN was never used yet', isSent: true },
  'in use': { kept: (kept, nowMs) => ({ ...kept, turn: { id: `${ELSEWHERE} 1`, endsAtMs: nowMs + 600_000 } }), level: 'warning', says: 'a process is using the refresh token at this moment: run this again in a minute', isSent: false },
  'in use for too long': { kept: (kept, nowMs) => ({ ...kept, turn: { id: `${ELSEWHERE} 1`, endsAtMs: nowMs - 1 } }), level: 'fault', says: 'no answer was kept: it may be spent, and is not sent again. Run npm run connect', isSent: false },
  'in use by a process that ended': { kept: (kept, nowMs) => ({ ...kept, turn: { id: `${gone()} 1`, endsAtMs: nowMs + 60_000 } }), level: 'fault', says: 'no answer was kept: it may be spent, and is not sent again. Run npm run connect', isSent: false },
  'sent without an answer': { kept: (kept) => ({ ...kept, mark: 'unknown' }), level: 'fault', says: 'no answer was kept: it may be spent, and is not sent again. Run npm run connect', isSent: false },
  'refused': { kept: (kept) => ({ ...kept, mark: 'refused', refusedWith: `${clients().other} ${clients().ours}` }), level: 'fault', says: 'CAS 360 refused the refresh token: the service does not send it again. Run npm run connect', isSent: true },
  'refused for another client': { kept: (kept) => ({ ...kept, mark: 'refused', refusedWith: clients().other }), level: 'warning', says: 'CAS 360 refused the refresh token for another CAS360_CLIENT_ID or CAS360_TOKEN_URL: it will be sent once for these', isSent: true },
  'to be left alone': { kept: (kept, nowMs) => ({ ...kept, restsUntilMs: Math.max(nowMs, Date.parse('2099-01-01')) }), level: 'warning', says: 'asked to be left alone until 2099-01-01T00:00:00.000Z', isSent: false },
};

describe.each([['a file', filePlace], ['Redis', redisPlace]])('The doctor on a token in %s', (_name, open) => {
  let place: TokenPlace;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.stop());
  beforeEach(() => place.clear());

  const put = (kept: State['kept']): Promise<unknown> => place.update((_, nowMs) => kept?.(begunWith(stage.token, undefined), nowMs));

  test.each(Object.entries(STATES))('that is %s: says so, and changes nothing', async (_state, { kept, level, says }) => {
    await put(kept);
    const before = await place.snapshot();
    const { of, code } = await diagnose(stage.settings(place));
    expect(of(level)).toEqual(expect.arrayContaining([expect.stringContaining(says)]));
    expect(of('fault')).toHaveLength(level === 'fault' ? 1 : 0);
    expect(code).toBe(level === 'fault' ? 1 : 0);
    expect(await place.snapshot()).toEqual(before);
    expect(renewals(stage.sandbox)).toBe(0);
  });

  test.each(Object.entries(STATES).filter(([, { isSent }]) => isSent))('that is %s: --renew says what it does, sends it once, and keeps the next one', async (_state, { kept }) => {
    await put(kept);
    const { of, output, code } = await diagnose(stage.settings(place), '--renew');
    expect(output).toMatch(/--renew takes its turn, and sends the refresh token to CAS 360( once more)?, which voids it. The next one goes to (Redis|the file of CAS360_TOKEN_FILE). A service that runs goes on, and adopts the new one\n[^]*the next refresh token is kept/);
    expect(of('ok')).toEqual(expect.arrayContaining(['the known contact was found']));
    expect([code, renewals(stage.sandbox)]).toEqual([0, 1]);
    const after = await place.update((current) => current);
    expect(after).toMatchObject({ mark: 'usable', turn: undefined, leader: '' });
    expect(after!.refreshToken).not.toBe(stage.token);
    expect(stage.sandbox.cas360.spentTokenUses).toBe(0);
  });

  test('says how long the access token that is kept lives, and uses it', async () => {
    const accessToken = await stage.granted();
    await put((kept, nowMs) => ({ ...kept, mark: 'unknown', grant: { accessToken, expiresAtMs: nowMs + 3_600_000 } }));
    for (const words of [[], ['--renew']] as const) {
      const { of } = await diagnose(stage.settings(place), ...words);
      expect(of('ok')).toEqual(expect.arrayContaining([expect.stringMatching(/^an access token is kept: it lives 3[56]\d\d seconds/), 'the known contact was found']));
      expect(of('note').filter((text) => text.startsWith('--renew did not send the refresh token'))).toHaveLength(words.length);
    }
    await put((kept, nowMs) => ({ ...kept, grant: { accessToken, expiresAtMs: nowMs + 20_000 } }));
    expect((await diagnose(stage.settings(place))).of('unknown')).toEqual(expect.arrayContaining([expect.stringContaining('no living access token is kept, and getting one would spend the refresh token')]));
    // The one of this test.
    expect(renewals(stage.sandbox)).toBe(1);
  });

  test.each(Object.entries(STATES).filter(([name, { isSent }]) => !isSent && name !== 'in use'))('that is %s: --renew does not send it', async (_state, { kept, level, says }) => {
    await put(kept);
    const before = await place.snapshot();
    const { of, output } = await diagnose(stage.settings(place), '--renew');
    expect(of(level)).toEqual(expect.arrayContaining([expect.stringContaining(says)]));
    expect(output).not.toContain('--renew takes its turn');
    expect(await place.snapshot()).toEqual(before);
    expect(renewals(stage.sandbox)).toBe(0);
  });

  test('in use: --renew waits for the other process, and adopts what comes of it', async () => {
    const accessToken = await stage.granted();
    const { code } = await unlessLate(async () => {
      await place.clear();
      await put(STATES['in use']!.kept);
      const doctor = stage.renew(place);
      await until('it says what it does', () => doctor.said().includes('--renew takes its turn'));
      await place.update((kept, nowMs) => ({ ...kept!, count: kept!.count + 1, turn: undefined, refreshToken: KEPT, grant: { accessToken, expiresAtMs: nowMs + 3_600_000 } }));
      return doctor.ended;
    });
    // The other process's.
    expect([code, renewals(stage.sandbox)]).toEqual([0, 1]);
    expect(await place.update((kept) => kept)).toMatchObject({ refreshToken: KEPT });
  });

  test('that CAS 360 refuses again when --renew sends it once more: it stays refused for the service', async () => {
    stage.token = 'refresh-cnrySpent';
    await put(STATES.refused!.kept);
    const { of, code } = await diagnose(stage.settings(place), '--renew');
    expect(of('fault')).toEqual(expect.arrayContaining([expect.stringContaining('CAS 360 refused the refresh token')]));
    expect([code, renewals(stage.sandbox)]).toEqual([1, 1]);
    expect(await place.update((kept) => kept)).toMatchObject({ refreshToken: stage.token, mark: 'refused', refusedWith: `${clients().other} ${clients().ours}` });
    expect((await diagnose(stage.settings(place))).of('fault')).toHaveLength(1);
    expect(renewals(stage.sandbox)).toBe(1);
  });

  test('that may have been sent when --renew got no answer: says so, and does not send it again', async () => {
    const { faults } = stage.sandbox.cas360;
    const first = await unlessLate(() => {
      faults.set([{ on: 'token', after: 1, reset: 'before-headers' }]);
      return diagnoseCas360(stage.settings(place), '54', true);
    });
    faults.clear();
    expect(renewals(stage.sandbox)).toBe(1);
    for (const { of, code } of [first, await diagnose(stage.settings(place), '--renew'), await diagnose(stage.settings(place))]) {
      expect(of('fault')).toEqual(expect.arrayContaining([expect.stringContaining('no answer was kept: it may be spent')]));
      expect(code).toBe(1);
    }
    expect(renewals(stage.sandbox)).toBe(1);
  });

  test('and on the processes that share it', async () => {
    for (const [level, leader, seenMs, says] of [
      // The doctor may take its time to start.
      ['ok', ELSEWHERE, 60_000, /^a process of the service is running/],
      ['note', ELSEWHERE, -10_000, /^the leading process last wrote [1-9]\d seconds ago/],
      ['note', '', 0, /^no process of the service is running/],
    ] as const) {
      await put((kept, nowMs) => ({ ...kept, leader, leaderSeenMs: nowMs + seenMs }));
      expect((await diagnose(stage.settings(place))).of(level)).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
    }
  });

  test('does not renew while its client is refused, or its endpoint does not answer', async () => {
    for (const more of [{ CAS360_CLIENT_SECRET: 'cnryWrong' }, { CAS360_TOKEN_URL: `${stage.sandbox.cas360.url}/token` }]) {
      expect((await diagnose(stage.settings(place, more), '--renew')).of('note')).toEqual(expect.arrayContaining(['--renew did not send the refresh token: first repair what is wrong above']));
    }
    stage.sandbox.cas360.faults.set([{ on: 'token', status: 503 }]);
    expect((await diagnose(stage.settings(place), '--renew')).code).toBe(1);
    expect(renewals(stage.sandbox)).toBe(0);
  });

  test('warns without a scope', async () => {
    const warning = 'CAS360_SCOPE is not set: CAS 360 requires a scope when a refresh token is used';
    expect((await diagnose(stage.settings(place, { CAS360_SCOPE: undefined }))).of('warning')).toContain(warning);
    expect((await diagnose(stage.settings(place))).of('warning')).not.toContain(warning);
  });

  test('says what it does before it does it: it waits until that is printed', async () => {
    await put((kept) => kept);
    const { config } = inspectConfig(stage.settings(place));
    let printed: string[];
    let found: Findings;
    do {
      found = new Findings('CAS 360');
      const checking = checkCas360(config, config.cas360!, { cas360: '54', renew: true }, 5_000, found);
      await until('it says what it does', () => found.list.some(({ message }) => message.startsWith('--renew takes its turn')));
      expect(renewals(stage.sandbox)).toBe(0);
      printed = [];
      found.watch(({ message }) => printed.push(message));
      await checking;
    } while (isLate(found.list.filter(({ level }) => level === 'fault').map(({ message }) => message)));
    expect([renewals(stage.sandbox), printed.at(-1)]).toEqual([1, expect.stringContaining('one call takes 100 ids')]);
  });
});

describe('The doctor on a token', () => {
  test('in memory only: spends nothing, whatever it is told', async () => {
    const { of } = await diagnose(stage.settings({ settings: {} }), '--renew');
    expect(of('unknown')).toEqual(expect.arrayContaining([expect.stringContaining('there is no place to keep the next one')]));
    expect(renewals(stage.sandbox)).toBe(0);
  });

  test('that is nowhere: says how to get one', async () => {
    const [file, redis] = await Promise.all([filePlace(), redisPlace()]);
    try {
      for (const place of [file, redis]) {
        const { of, code } = await diagnose(stage.settings(place, { CAS360_REFRESH_TOKEN: undefined }), '--renew');
        // Without a file, the settings have a fault.
        expect(of('fault')).toEqual([expect.stringMatching(place === redis ? /^there is no refresh token: run npm run connect/ : /^CAS360_REFRESH_TOKEN .*run npm run connect/)]);
        expect(code).toBe(1);
      }
      expect(renewals(stage.sandbox)).toBe(0);
    } finally {
      await Promise.all([file.stop(), redis.stop()]);
    }
  });

  test('in a file of an older version', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'doctor-older-'));
    const path = join(folder, 'token');
    try {
      for (const [more, level, says] of [
        [{ refreshToken: KEPT, inUse: false }, 'ok', 'the refresh token is kept, and can be used'],
        [{ refreshToken: KEPT, inUse: true }, 'fault', 'it may be spent'],
        [{ inUse: false }, 'fault', 'it may be spent'],
      ] as const) {
        writeFileSync(path, JSON.stringify({ beganWith: hashOf(stage.token), ...more }), { mode: 0o600 });
        expect((await diagnose(stage.settings({ settings: { CAS360_TOKEN_FILE: path } }))).of(level)).toEqual(expect.arrayContaining([expect.stringContaining(says)]));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
