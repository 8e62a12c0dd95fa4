/** @needs redis-server */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { RedisServer } from '../support/redisServer.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { runDoctor } from './support/doctor.js';

jest.setTimeout(30_000);

let redis: RedisServer;
let app: TestApp;
let folder: string;
beforeAll(async () => {
  [redis, app] = await Promise.all([RedisServer.start(), startTestApp({ CAS360_BASE_URL: undefined })]);
  folder = mkdtempSync(join(tmpdir(), 'doctor-token-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([redis.stop(), app.stop()]);
});

const NAME = '{ contact(id: "cas360:54") { name } }';
const renewals = ({ sandbox }: TestApp): number => sandbox.cas360.calls.filter(({ kind, path }) => kind === 'token' && path.includes('refresh_token=')).length;

describe('The doctor beside a service that runs', () => {
  test.each<[string, () => Record<string, string>]>([
    ['a file', () => ({ CAS360_TOKEN_FILE: join(folder, 'running') })],
    ['Redis', () => ({ REDIS_URL: redis.url })],
  ])('reads what it keeps in %s, and spends nothing', async (_place, kept) => {
    const running = await startTestApp(kept());
    try {
      expect((await running.query(NAME)).data.contact).not.toBeNull();
      expect(renewals(running)).toBe(1);
      for (const words of [[], ['--renew']]) {
        const { code, of } = await runDoctor({ ...running.sandbox.environment, ...kept() }, '--cas360', '54', ...words);
        expect(of('ok')).toEqual(expect.arrayContaining([expect.stringContaining('an access token is kept'), 'the known contact was found']));
        expect(code).toBe(0);
      }
      // The access token is gone: the service renews, and no token was spent behind its back.
      running.sandbox.cas360.revokeTokens();
      expect((await running.query(NAME)).errors).toBeUndefined();
      expect(renewals(running)).toBe(2);
      expect(running.sandbox.cas360.spentTokenUses).toBe(0);
    } finally {
      await running.stop();
    }
  });
});

describe('The doctor where no service has run', () => {
  const settings = (more: Record<string, string> = {}): Record<string, string> => ({ ...app.sandbox.environment, CAS360_REFRESH_TOKEN: app.sandbox.cas360.issueRefreshToken(), ...more });
  beforeEach(() => app.reset());

  test.each<[string, () => Record<string, string>]>([
    ['a file', () => ({ CAS360_TOKEN_FILE: join(folder, 'fresh') })],
    ['Redis', () => ({ REDIS_URL: redis.url })],
  ])('does not spend the refresh token by itself; told to, it keeps the next one in %s for the service', async (_place, kept) => {
    const all = settings(kept());
    const { code, of } = await runDoctor(all, '--cas360', '54');
    expect(of('note')).toEqual(expect.arrayContaining([expect.stringContaining('would spend the refresh token')]));
    expect(of('ok')).toEqual(expect.arrayContaining(['CAS360_BASE_URL answers, and lets nobody in without a token']));
    expect([code, renewals(app)]).toEqual([0, 0]);
    expect((await runDoctor(all, '--cas360', '54', '--renew')).of('ok')).toEqual(expect.arrayContaining(['the known contact was found']));
    expect(renewals(app)).toBe(1);
    expect((await runDoctor(all, '--cas360', '54')).of('ok')).toEqual(expect.arrayContaining(['the known contact was found']));
    expect(renewals(app)).toBe(1);
  });

  test('spends nothing where there is no place for the next one, whatever it is told', async () => {
    const { of } = await runDoctor(settings(), '--cas360', '54', '--renew');
    expect(of('note')).toEqual(expect.arrayContaining([expect.stringContaining('there is no place to keep the next one')]));
    expect(renewals(app)).toBe(0);
  });

  test('leaves alone a token that is in doubt or void, and the file as it is', async () => {
    const path = join(folder, 'doubt');
    const all = settings({ CAS360_TOKEN_FILE: path });
    await runDoctor(all, '--renew');
    const kept = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    for (const [change, level, said] of [
      [{ inUse: true }, 'warning', 'is being used at this moment'],
      [{ refreshToken: undefined }, 'fault', 'the refresh token is void'],
    ] as const) {
      writeFileSync(path, JSON.stringify({ ...kept, grant: undefined, ...change }));
      const before = readFileSync(path, 'utf8');
      app.reset();
      expect((await runDoctor(all, '--cas360', '54', '--renew')).of(level)).toEqual(expect.arrayContaining([expect.stringContaining(said)]));
      expect(readFileSync(path, 'utf8')).toBe(before);
      expect(renewals(app)).toBe(0);
    }
  });
});
