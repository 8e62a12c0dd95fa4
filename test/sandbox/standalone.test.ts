import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.js';
import { basic } from './caller.js';

let child: ChildProcess | undefined;
afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

/** Runs what `npm run sandbox` runs until it has printed everything. */
async function start(...words: string[]): Promise<string> {
  child = spawn(process.execPath, ['dist/sandbox/standalone.js', ...words], { env: {} });
  let out = '';
  for await (const text of child.stdout!) if ((out += String(text)).includes('Ctrl-C')) break;
  return out;
}

/** The settings that a shell has after reading the output. */
function sourced(output: string): Record<string, string> {
  const { stdout, stderr } = spawnSync('sh', ['-e', '-c', `${output}\nenv -0`], { env: {}, encoding: 'utf8' });
  expect(stderr).toBe('');
  return Object.fromEntries(stdout.split('\0').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe('npm run sandbox', () => {
  test('prints settings for a shell, with which the service can start and ask both systems', async () => {
    const env = sourced(await start());
    const { pms, cas360, auth } = readConfig(env);
    const authorization = basic({ id: cas360!.clientId, secret: cas360!.clientSecret });
    const query = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: cas360!.refreshToken!, scope: cas360!.scope! });
    const granted = await fetch(`${cas360!.tokenUrl.href}?${query}`, { method: 'POST', headers: { authorization } });
    expect([granted.status, await granted.text()]).toEqual([200, expect.stringContaining('refresh_token')]);
    for (const url of [pms!.baseUrl, auth!.jwksUrl]) await (await fetch(url)).text();
  }, 30_000);

  test('leaves out the refresh token if told to, and nothing else', async () => {
    const without = sourced(await start('--without-refresh-token'));
    expect(without).not.toHaveProperty('CAS360_REFRESH_TOKEN');
    expect(() => readConfig({ ...without, CAS360_REFRESH_TOKEN: 'x' })).not.toThrow();
  }, 30_000);

  test.each(['SIGINT', 'SIGTERM'] as const)('stops by %s, and its ports are free again', async (signal) => {
    const { PMS_BASE_URL } = sourced(await start());
    child!.kill(signal);
    expect(await once(child!, 'close')).toEqual([0, null]);
    await expect(fetch(PMS_BASE_URL!)).rejects.toThrow();
  }, 30_000);

  test('runs beside another one, at other ports', async () => {
    const one = sourced(await start());
    const first = child!;
    const two = sourced(await start());
    expect(two.CAS360_BASE_URL).not.toBe(one.CAS360_BASE_URL);
    first.kill('SIGTERM');
    await once(first, 'close');
  }, 30_000);

  test('refuses a word that it does not know', async () => {
    child = spawn(process.execPath, ['dist/sandbox/standalone.js', '--without'], { env: {} });
    let err = '';
    child.stderr!.on('data', (text) => (err += String(text)));
    expect(await once(child, 'close')).toEqual([2, null]);
    expect(err).toContain('--without-refresh-token');
  }, 30_000);
});
