import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Cas360Sandbox } from '../../sandbox/cas360.js';
import { tokenDispatcher } from '../../src/build/network.js';
import { connect } from '../../src/connect/connect.js';
import { exchangeCode } from '../../src/connect/exchange.js';
import { Keeper } from '../../src/connect/keeper.js';
import { readConnectSettings, type ConnectSettings } from '../../src/connect/settings.js';
import { MemoryStore } from '../../src/upstream/oauth2/refreshToken/memoryStore.js';
import { fakeTimers } from '../support/fakeTimers.js';
import { freePort } from '../support/freePort.js';
import { until } from '../support/until.js';

const cas360 = new Cas360Sandbox(1);
beforeAll(() => cas360.start(0));
afterAll(() => cas360.stop());

const settings = (change: Record<string, string> = {}): ConnectSettings =>
  readConnectSettings({ CAS360_BASE_URL: cas360.url, CAS360_CLIENT_ID: cas360.client.id, CAS360_CLIENT_SECRET: cas360.client.secret, CAS360_SCOPE: 'cas360', CAS360_TOKEN_FILE: '/nowhere', ...change });
const signal = new AbortController().signal;

test('Nobody approves in time: the command ends, and its port is free again', async () => {
  const store = new MemoryStore();
  const ending = new AbortController();
  const said: string[] = [];
  const say = (text: string): void => {
    said.push(text);
    // Ten minutes later.
    ending.abort();
  };
  const { config, cas360: given } = settings();
  const keeper = new Keeper({ store, storeName: 'Redis', tryBeside: async () => {}, initial: undefined, signal, say });
  const port = await freePort();
  for (const redirectUri of [`http://127.0.0.1:${port}/callback`, `http://127.0.0.1:${port}/callback`, 'https://tools.example/cas']) {
    const run = connect({ cas360: given, dispatcher: tokenDispatcher(config, given), keeper, redirectUri, replace: false, input: new PassThrough(), signal, approvalEnds: ending.signal, say });
    await expect(run).rejects.toThrow('Nobody approved in time. Nothing was stored. Run this again.');
  }
  expect(said).toHaveLength(3);
  expect(await store.update((kept) => kept)).toBeUndefined();
});

test('A code that cannot leave while it is good is given up', async () => {
  const { config, cas360: given } = settings({ CAS360_TOKEN_URL: `http://127.0.0.1:${await freePort()}/oauth/token` });
  const exchange = exchangeCode({ cas360: given, dispatcher: tokenDispatcher(config, given), code: 'code', redirectUri: 'http://127.0.0.1:1/', codeLifetimeMs: 0, signal, say: () => {} });
  await expect(exchange).rejects.toThrow(/^CAS360_TOKEN_URL cannot be reached: .* Nothing was stored\.$/);
});

test('A code that cannot leave is not tried again once somebody ends the command', async () => {
  const { config, cas360: given } = settings({ CAS360_TOKEN_URL: `http://127.0.0.1:${await freePort()}/oauth/token` });
  const exchange = exchangeCode({ cas360: given, dispatcher: tokenDispatcher(config, given), code: 'code', redirectUri: 'http://127.0.0.1:1/', signal: AbortSignal.abort(), say: () => {} });
  await expect(exchange).rejects.toMatchObject({ exitCode: 130 });
});

test('A token is waited for a minute, and no longer', async () => {
  const asked: IncomingMessage[] = [];
  const silent = createServer((request) => void asked.push(request));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { config, cas360: given } = settings({ CAS360_TOKEN_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/oauth/token` });
  const dispatcher = tokenDispatcher(config, given);
  fakeTimers();
  let error: unknown;
  const exchange = exchangeCode({ cas360: given, dispatcher, code: 'code', redirectUri: 'http://127.0.0.1:1/', signal, say: () => {} }).catch((caught: unknown) => (error = caught));
  await until('the endpoint is asked', () => asked.length === 1);
  await jest.advanceTimersByTimeAsync(59_999);
  expect(error).toBeUndefined();
  await jest.advanceTimersByTimeAsync(1);
  await exchange;
  expect(error).toMatchObject({ message: expect.stringContaining('The code was sent, and CAS 360 gave no usable answer') });
  jest.useRealTimers();
  await dispatcher.close();
  silent.closeAllConnections();
  silent.close();
});
