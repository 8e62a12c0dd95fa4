import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Fault } from '../../sandbox/faults.js';
import { startTestApp, type TestApp } from '../support/testApp.js';

let folder: string;
let app: TestApp;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cas360-token-'));
  app = await startTestApp({ CAS360_TOKEN_FILE: join(folder, 'token.json') });
});

afterEach(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

const codeOf = async (): Promise<string | undefined> => (await app.query('{ contact(id: "cas360:54") { name } }')).errors?.[0]?.extensions.code;
const tokenCalls = (): number => app.sandbox.cas360.calls.filter((call) => call.kind === 'token').length;
const fail = (fault: Fault): void => app.sandbox.cas360.faults.set([{ on: 'token', ...fault }]);
const aSecondLater = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1_050));

describe('The refresh token of CAS 360', () => {
  test('is tried again after the endpoint was down', async () => {
    fail({ status: 503 });
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    app.reset();
    await aSecondLater();
    expect(await codeOf()).toBeUndefined();
  });

  test('is not sent again once the endpoint has called it void, and the log says what to do', async () => {
    fail({ status: 400, body: '{"error":"invalid_grant","error_description":"canary"}' });
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    app.reset();
    await aSecondLater();
    expect(await codeOf()).toBe('UPSTREAM_AUTH_FAILED');
    expect(tokenCalls()).toBe(0);
    expect(app.logged.join()).toContain('set another CAS360_REFRESH_TOKEN');
    expect(app.logged.join()).not.toContain('canary');
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
