import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Client } from 'undici';
import { createApp } from '../src/app.js';
import { readConfig } from '../src/config.js';
import { stopAndExit, stopStep } from '../src/stopping.js';
import { FileStore } from '../src/upstream/oauth2/refreshToken/fileStore.js';
import { CLIENT, granting, RotatingServer } from './support/rotatingServer.js';
import { startTestApp } from './support/testApp.js';
import { UNHURRIED } from './support/unhurried.js';
import { until } from './support/until.js';

afterEach(() => {
  jest.useRealTimers();
});

const collect = (): { said: string[]; log: Parameters<typeof stopStep>[0] } => {
  const said: string[] = [];
  const say = (_message: string, values?: { reason?: string }): void => void said.push(values?.reason ?? '');
  return { said, log: { info: say, warn: say, error: say } };
};

test.each<[string, () => unknown]>([
  ['throws', () => { throw new Error('CANARY'); }],
  ['rejects', () => Promise.reject(new Error('CANARY'))],
  ['hangs', () => new Promise(() => {})],
])('A step of the stop that %s is told of, and the next one runs', async (_how, work) => {
  const { said, log } = collect();
  await stopStep(log, 'first', -1, work);
  let ran = false;
  await stopStep(log, 'second', 1_000, () => void (ran = true));
  expect([ran, said]).toEqual([true, ['first']]);
});

test('A step that ends in time is not told of', async () => {
  const { said, log } = collect();
  jest.useFakeTimers();
  await stopStep(log, 'first', 10_000, async () => {});
  expect([said, jest.getTimerCount()]).toEqual([[], 0]);
});

const LATE = 'The stop took too long: ending at once.';
const LOST = 'The new refresh token could not be stored, and is lost: a person must approve the connection again (npm run connect).';

test.each<[string, { stopsAfterMs?: number; exchangesForMs?: number }, number, number, string[]]>([
  ['when the service has stopped', { stopsAfterMs: 13_950 }, 13_950, 0, []],
  ['after 14 seconds', {}, 14_000, 1, [LATE]],
  ['when the service has stopped, although the token took long', { stopsAfterMs: 74_950, exchangesForMs: 74_940 }, 74_950, 0, []],
  ['when the service has stopped, although the token is not stored', { stopsAfterMs: 20_000, exchangesForMs: Infinity }, 20_000, 1, [LOST]],
  ['when the service has stopped, some time after the token is stored', { stopsAfterMs: 34_850, exchangesForMs: 29_950 }, 34_850, 0, []],
  ['5 seconds after the token is stored, if that is later than 14 seconds', { exchangesForMs: 29_950 }, 34_900, 1, [LATE]],
  ['after 14 seconds, although the token is stored', { exchangesForMs: 8_000 }, 14_000, 1, [LATE]],
  ['after 75 seconds, although the token has just been stored', { exchangesForMs: 74_000 }, 75_000, 1, [LATE]],
  ['after 75 seconds while the token is not stored', { exchangesForMs: Infinity }, 75_000, 1, [LATE, LOST]],
])('The process ends %s', async (_when, { stopsAfterMs = Infinity, exchangesForMs = 0 }, endsAfterMs, code, errors) => {
  jest.useFakeTimers();
  const sinceMs = performance.now();
  const said: string[] = [];
  const codes: number[] = [];
  const app = {
    stop: () => (stopsAfterMs === Infinity ? new Promise<void>(() => {}) : new Promise<void>((resolve) => setTimeout(resolve, stopsAfterMs))),
    get isExchangingToken() {
      return performance.now() - sinceMs < exchangesForMs;
    },
  };
  void stopAndExit(app, { info: () => {}, warn: () => {}, error: (message) => void said.push(message) }, (ended) => void codes.push(ended));
  await jest.advanceTimersByTimeAsync(endsAfterMs - 1);
  expect(codes).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect([codes, said, jest.getTimerCount()]).toEqual([[code], errors, 0]);
});

describe('When the service is told to stop', () => {
  const NAMED = '{ contact(id: "cas360:54") { name } }';
  const ANSWER = { data: { contact: { name: 'Fancy Southern Africa Cat Council' } }, errors: undefined };

  test('a refresh token that is being renewed is kept, although nobody waits for it any more', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stopping-'));
    const path = join(folder, 'token.json');
    const app = await startTestApp({ CAS360_TOKEN_FILE: path });
    const { cas360 } = app.sandbox;
    cas360.faults.set([{ on: 'token', heldMs: 1_500 }]);
    const leaving = new AbortController();
    const asking = fetch(`${app.url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: NAMED }), signal: leaving.signal }).catch(() => {});
    await until('the endpoint is asked', () => cas360.calls.length === 1);
    leaving.abort();
    await asking;
    await app.stop();
    expect(await new FileStore(path).update((kept) => kept)).toMatchObject({ turn: undefined, refreshToken: expect.not.stringMatching(cas360.initialRefreshToken), grant: { accessToken: expect.any(String) } });
    await rm(folder, { recursive: true });
  });

  test('it says that a refresh token would be lost, until its store has it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stopping-'));
    const cas360 = await RotatingServer.start();
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    cas360.answer = async (asked) => {
      const told = granting(asked);
      await held;
      return told;
    };
    const config = readConfig({ ...UNHURRIED, CAS360_BASE_URL: cas360.url, CAS360_CLIENT_ID: CLIENT.id, CAS360_CLIENT_SECRET: CLIENT.secret, CAS360_REFRESH_TOKEN: cas360.issue(), HOST: '127.0.0.1', PORT: '0', CAS360_TOKEN_FILE: join(folder, 'token.json') });
    const app = await createApp(config, { log: collect().log, drainMs: 0 });
    const url = await app.listen();
    const before = app.isExchangingToken;
    const asking = fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: NAMED }) });
    await until('the endpoint is asked', () => cas360.asked.length === 1);
    // A beat of the service may write there meanwhile.
    await rm(folder, { recursive: true, maxRetries: 5 });
    const during = app.isExchangingToken;
    letGo();
    await asking;
    expect([before, during, app.isExchangingToken]).toEqual([false, true, true]);
    await mkdir(folder);
    await until('the store has it', () => !app.isExchangingToken);
    await app.stop();
    await cas360.stop();
    await rm(folder, { recursive: true });
  });

  test('it says that it is not ready, and answers what is under way before it lets go of the systems', async () => {
    const app = await startTestApp();
    // One connection, which is open when the service is told to stop.
    const caller = new Client(app.url);
    const readiness = async (): Promise<number> => {
      const { statusCode, body } = await caller.request({ method: 'GET', path: '/health/ready' });
      await body.dump();
      return statusCode;
    };
    expect(await readiness()).toBe(200);
    const letGo = app.sandbox.cas360.hold();
    const underWay = app.query(NAMED);
    await app.underWay(1);
    const stopping = app.stop();
    expect(await readiness()).toBe(503);
    letGo();
    await caller.destroy();
    expect(await underWay).toMatchObject(ANSWER);
    await stopping;
  });
});
