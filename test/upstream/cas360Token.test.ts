import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Fault } from '../../sandbox/faults.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

let folder: string;
let app: TestApp;
let aheadMs = 0;

const now = performance.now.bind(performance);

beforeEach(async () => {
  jest.spyOn(performance, 'now').mockImplementation(() => now() + aheadMs);
  folder = await mkdtemp(join(tmpdir(), 'cas360-token-'));
  app = await startTestApp({ CAS360_TOKEN_FILE: join(folder, 'token.json') });
});

afterEach(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
  jest.restoreAllMocks();
});

const codeOf = async (): Promise<string | undefined> => (await app.query('{ contact(id: "cas360:54") { name } }')).errors?.[0]?.extensions.code;
const tokenCalls = (): number => app.sandbox.cas360.calls.filter((call) => call.kind === 'token').length;
const fail = (fault: Fault): void => app.sandbox.cas360.faults.set([{ on: 'token', ...fault }]);
/** A failed renewal is not tried again for a second. */
const aSecondLater = (): unknown => (aheadMs += 1_000);
/** Has the access token refused, and asks again. */
const renewed = (): Promise<string | undefined> => {
  app.sandbox.cas360.revokeTokens();
  return codeOf();
};

describe('The refresh token of CAS 360', () => {
  test('is tried again after the endpoint was down', async () => {
    fail({ status: 503 });
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    app.reset();
    aSecondLater();
    expect(await codeOf()).toBeUndefined();
  });

  test('is not sent again once the endpoint has called it void, and the log says what to do', async () => {
    fail({ status: 400, body: '{"error":"invalid_grant","error_description":"canary"}' });
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    app.reset();
    aSecondLater();
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    expect(tokenCalls()).toBe(0);
    expect(app.logged.join()).toContain('set another CAS360_REFRESH_TOKEN');
    expect(app.logged.join()).not.toContain('canary');
  });

  test.each(['memory', 'a file'])('serves on, in %s, where the endpoint sends no other', async (where) => {
    const { cas360, environment } = app.sandbox;
    cas360.rotates = false;
    const kept = where === 'memory' ? undefined : join(folder, 'other.json');
    const service = (): Promise<TestApp> => startTestApp({ ...environment, CAS360_TOKEN_FILE: kept });
    let other = await service();
    for (let renewal = 0; renewal < 3; renewal++) {
      cas360.revokeTokens();
      expect((await other.query('{ contact(id: "cas360:54") { name } }')).errors).toBeUndefined();
    }
    await other.stop();
    cas360.revokeTokens();
    other = await service();
    expect((await other.query('{ contact(id: "cas360:54") { name } }')).errors).toBeUndefined();
    await other.stop();
    expect(new Set(cas360.calls.map(({ path }) => new URL(path, cas360.url).searchParams.get('refresh_token')).filter(Boolean))).toEqual(new Set([cas360.initialRefreshToken]));
  });

  test('is kept where the answer is slow to come, and everybody waits for that one answer', async () => {
    fail({ heldMs: 200 });
    const codes = await Promise.all([codeOf(), codeOf(), codeOf()]);
    expect([codes, tokenCalls()]).toEqual([[undefined, undefined, undefined], 1]);
    app.reset();
    expect(await renewed()).toBeUndefined();
    expect(app.sandbox.cas360.spentTokenUses).toBe(0);
  });

  test.each([400, 401, 403] as const)('that is called an invalid_token (%i) is not sent again', async (invalidToken) => {
    fail({ invalidToken });
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    app.reset();
    aSecondLater();
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    expect(tokenCalls()).toBe(0);
  });

  test('need not be used by a restart while the access token is good', async () => {
    expect(await codeOf()).toBeUndefined();
    const before = tokenCalls();
    const next = await startTestApp({ ...app.sandbox.environment, CAS360_TOKEN_FILE: join(folder, 'token.json') });
    expect((await next.query('{ contact(id: "cas360:54") { name } }')).errors).toBeUndefined();
    expect(tokenCalls()).toBe(before);
    await next.stop();
  });
});

describe('The access token of CAS 360', () => {
  test.each([
    [401, undefined, 2],
    [403, 'UPSTREAM_AUTH_FAILED', 1],
    [400, 'UPSTREAM_INVALID_RESPONSE', 1],
  ] as const)('that a call is refused with as an invalid_token (%i) is replaced after a 401 only', async (invalidToken, code, tokens) => {
    app.sandbox.cas360.faults.set([{ invalidToken, times: 1 }]);
    expect([await codeOf(), tokenCalls()]).toEqual([code, tokens]);
  });
});
