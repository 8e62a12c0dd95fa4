import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.js';
import { COMPILE_CACHE } from '../support/subgraph.js';
import { basic } from './caller.js';

let child: ChildProcess | undefined;
const end = async (): Promise<void> => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
};

const run = (...words: string[]): ChildProcess => spawn(process.execPath, ['dist/sandbox/standalone.js', ...words], { env: COMPILE_CACHE });

/** Runs what `npm run sandbox` runs until it has printed everything. */
async function start(...words: string[]): Promise<string> {
  child = run(...words);
  let out = '';
  for await (const text of child.stdout!) if ((out += String(text)).includes('Ctrl-C')) break;
  return out;
}

/** Below the ports that other tests choose and that a system hands out by itself. Another program may have some of them. */
async function startAtPort(): Promise<[number, string]> {
  for (let port = 10_011; port < 10_311; port += 10) {
    const output = await start('--port', String(port));
    if (output) return [port, output];
  }
  throw new Error('No three ports in a row are free.');
}

/** Runs it until it ends by itself: its exit code, and what it said. */
async function refused(...words: string[]): Promise<[unknown, string]> {
  const refusing = run(...words);
  let err = '';
  refusing.stderr!.on('data', (text) => (err += String(text)));
  const [code] = (await once(refusing, 'close')) as unknown[];
  return [code, err];
}

/** The settings that a shell has after reading the output. */
function sourced(output: string): Record<string, string> {
  const { stdout, stderr } = spawnSync('sh', ['-e', '-c', `set -a\n${output}\nset +a\nenv -0`], { env: {}, encoding: 'utf8' });
  expect(stderr).toBe('');
  return Object.fromEntries(stdout.split('\0').filter(Boolean).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** As Docker reads `--env-file`: nothing is unquoted or replaced. */
function asDocker(output: string): Record<string, string> {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

describe('npm run sandbox, at its usual ports or any others', () => {
  let output: string;
  beforeAll(async () => {
    output = await start();
  });
  afterAll(end);

  test('prints settings for a shell, with which the service can start and ask both systems', async () => {
    const env = sourced(output);
    const { pms, cas360, auth } = readConfig(env);
    const authorization = basic({ id: cas360!.clientId, secret: cas360!.clientSecret });
    const query = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: cas360!.refreshToken!, scope: cas360!.scope! });
    const granted = await fetch(`${cas360!.tokenUrl.href}?${query}`, { method: 'POST', headers: { authorization } });
    expect([granted.status, await granted.text()]).toEqual([200, expect.stringContaining('refresh_token')]);
    for (const url of [pms!.baseUrl, auth!.jwksUrl]) await (await fetch(url)).text();
  });

  test('prints lines that Node, Docker, dotenv and a shell read alike', async () => {
    const settings = asDocker(output);
    expect(Object.keys(settings)).toEqual(expect.arrayContaining(['PMS_BASE_URL', 'CAS360_REFRESH_TOKEN', 'AUTH_AUDIENCE']));
    expect(parseEnv(output)).toEqual(settings);
    expect(sourced(output)).toMatchObject(settings);
    // What no reader takes for a quote, a blank, a comment or a variable.
    for (const value of Object.values(settings)) expect(value).toMatch(/^[\w:/.-]+$/);
  });

  test('runs beside another one, at other ports', async () => {
    const first = child!;
    try {
      const { CAS360_BASE_URL } = sourced(await start());
      expect(CAS360_BASE_URL).not.toBe(sourced(output).CAS360_BASE_URL);
      await end();
    } finally {
      child = first;
    }
  });
});

describe('npm run sandbox', () => {
  afterEach(end);

  test('listens at the port that it is given and the next two, or says that one is taken', async () => {
    const [port, output] = await startAtPort();
    const settings = sourced(output);
    expect([settings.PMS_BASE_URL, settings.CAS360_BASE_URL, settings.AUTH_ISSUER]).toEqual([port, port + 1, port + 2].map((each) => `http://127.0.0.1:${each}`));
    expect(await refused('--port', String(port + 2))).toEqual([1, `--port: cannot listen at port ${port + 2} of 127.0.0.1: another program listens there. Choose three ports in a row that are free.\n`]);
  });

  test('leaves out the refresh token if told to, and nothing else', async () => {
    const without = sourced(await start('--without-refresh-token'));
    expect(without).not.toHaveProperty('CAS360_REFRESH_TOKEN');
    expect(() => readConfig({ ...without, CAS360_REFRESH_TOKEN: 'x' })).not.toThrow();
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('stops by %s, and its ports are free again', async (signal) => {
    // Nobody takes its ports by chance after it.
    const [port] = await startAtPort();
    child!.kill(signal);
    expect(await once(child!, 'close')).toEqual([0, null]);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  test('refuses a word that it does not know, and a port that is none', async () => {
    const [word, ...ports] = await Promise.all([refused('--without'), ...['0', '65534', 'usual', ''].map((port) => refused('--port', port))]);
    expect(word).toEqual([2, expect.stringContaining('--without-refresh-token')]);
    expect(ports).toEqual(Array(4).fill([2, expect.stringContaining('--port must be a whole number from 1 to 65533')]));
  });
});
