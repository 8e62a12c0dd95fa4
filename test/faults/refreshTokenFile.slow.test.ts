import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { granting } from '../support/rotatingServer.js';
import { SERVED, TokenScene } from '../support/tokenScene.js';
import { until } from '../support/until.js';

jest.setTimeout(90_000);

const FAILED = 'UPSTREAM_AUTH_FAILED';

describe('a folder that is away for a moment', () => {
  const away = ({ folder }: TokenScene): Promise<void> => rename(folder, `${folder}-away`);
  const back = ({ folder }: TokenScene): Promise<void> => rename(`${folder}-away`, folder);
  const duringExchange = (scene: TokenScene): void => {
    scene.cas360.answer = async (asked) => {
      scene.cas360.answer = granting;
      const told = await granting(asked);
      await away(scene);
      return told;
    };
  };

  test.concurrent('during an exchange: the caller is served, and the token is written as soon as it can be', () => TokenScene.play(async (scene) => {
    const one = await scene.start();
    duringExchange(scene);
    expect((await one.ask()).got).toBe(SERVED);
    await until('the metric tells', async () => (await one.metric('contacts_refresh_token_store_up')) === 0);
    expect(one.output.text).toContain('"reason":"missing"');
    expect(await one.metric('contacts_refresh_token_unkept')).toBe(1);
    await back(scene);
    await until('it is written', async () => (await one.metric('contacts_refresh_token_unkept')) === 0);
    await one.end('SIGKILL');
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));

  test.concurrent.each<[string, NodeJS.Signals[]]>([
    ['the stop', ['SIGTERM']],
    ['a stop that is hurried', ['SIGTERM', 'SIGTERM', 'SIGINT']],
  ])('during an exchange and %s: it ends when the token is written', (_what, signals) => TokenScene.play(async (scene) => {
    const one = await scene.start();
    duringExchange(scene);
    expect((await one.ask()).got).toBe(SERVED);
    for (const signal of signals) {
      one.signal(signal);
      await sleep(400);
    }
    // Longer than the drain.
    await sleep(5_000);
    await back(scene);
    expect(await one.ended).toBe(0);
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));

  test.concurrent('before an exchange: the one process goes on, and the next token is written when the folder is back', () => TokenScene.play(async (scene) => {
    const one = await scene.start({ REQUEST_TIMEOUT_MS: '20000' });
    await away(scene);
    expect((await one.ask()).got).toBe(SERVED);
    await back(scene);
    await until('it is written', async () => (await one.metric('contacts_refresh_token_unkept')) === 0);
    await one.end('SIGKILL');
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
    expect(scene.cas360.asked).toHaveLength(2);
  }));
});

test.concurrent('a file system that hangs for long does not hold up the stop, and no token is said to be lost', () => TokenScene.play(async (scene) => {
  const one = await scene.start();
  expect((await one.ask()).got).toBe(SERVED);
  await rm(scene.file);
  // Whoever opens it waits for a writer.
  execFileSync('mkfifo', [scene.file]);
  await sleep(12_000);
  one.signal('SIGTERM');
  await until('it has stopped', () => one.output.text.includes('"Stopped."'));
  // Node's exit waits for the thread that the file system holds.
  await writeFile(scene.file, '');
  expect(await one.ended).toBe(0);
  expect(one.output.text).not.toMatch(/too long|is lost/);
}));

const hash = (token: string): string => createHash('sha256').update(token).digest('hex');

describe('what others do to the file', () => {
  const MEDDLERS: Record<string, (scene: TokenScene) => Promise<void>> = {
    'delete it': ({ file }) => rm(file),
    'delete it with its folder, and make that again': async ({ folder }) => {
      await rm(folder, { recursive: true });
      await mkdir(folder);
    },
    'put an older copy in its place': ({ file }) => copyFile(`${file}.backup`, file),
    'empty it': ({ file }) => writeFile(file, ''),
    'break it': ({ file }) => writeFile(file, '{"beganWith":'),
    'put another object in its place': ({ file }) => writeFile(file, '{}'),
    'forbid all to read it': ({ file }) => chmod(file, 0o000),
    'leave a lock behind': ({ file }) => writeFile(`${file}.lock`, 'another-host 1 00000000-0000-0000-0000-000000000000 1'),
    'put a link to nothing where the lock would be': ({ file }) => symlink('nothing', `${file}.lock`),
    'put a file where the lock would be': ({ file }) => writeFile(`${file}.lock`, ''),
  };
  test.concurrent.each(Object.keys(MEDDLERS))('%s: the running process writes it again, and the next start serves', (what) => TokenScene.play(async (scene) => {
    const one = await scene.start();
    await copyFile(scene.file, `${scene.file}.backup`);
    expect((await one.ask()).got).toBe(SERVED);
    const { refreshToken } = await scene.kept();
    await MEDDLERS[what]!(scene);
    await sleep(1_500);
    expect(await one.end()).toBe(0);
    expect((await scene.kept()).refreshToken).toBe(refreshToken);
    expect((await (await scene.startAnew()).ask()).got).toBe(SERVED);
  }));

  test.concurrent.each([
    ['the token of the environment, unused', (scene: TokenScene) => ({ beganWith: hash(scene.token), refreshToken: scene.token, inUse: false }), SERVED],
    ['a token of a later rotation', (scene: TokenScene) => ({ beganWith: hash(scene.token), refreshToken: scene.cas360.issue(), inUse: false }), SERVED],
    ['a token in use', (scene: TokenScene) => ({ beganWith: hash(scene.token), refreshToken: scene.token, inUse: true }), FAILED],
    ['no token any more', (scene: TokenScene) => ({ beganWith: hash(scene.token), inUse: false }), FAILED],
    ['another operator’s token', (scene: TokenScene) => ({ beganWith: hash('another'), refreshToken: scene.cas360.invent(), inUse: false }), SERVED],
  ])('a file of an older version: %s', (_what, content, got) => TokenScene.play(async (scene) => {
    await scene.put(content(scene));
    const one = await scene.start();
    expect((await one.ask()).got).toBe(got);
    expect(scene.cas360.asked).toHaveLength(got === SERVED ? 1 : 0);
  }));

  test.concurrent.each([
    ['a link to a file elsewhere', true],
    ['a link to a file that is not there yet', false],
  ])('the setting names %s: that one is written, and the link stays', (_what, isThere) => TokenScene.play(async (scene) => {
    const elsewhere = join(scene.folder, 'volume');
    await mkdir(elsewhere);
    const real = join(elsewhere, 'real.json');
    if (isThere) await writeFile(real, JSON.stringify({ beganWith: hash(scene.token), refreshToken: scene.token, inUse: false }));
    await symlink(real, scene.file);
    const one = await scene.start();
    expect((await one.ask()).got).toBe(SERVED);
    await one.end('SIGKILL');
    expect(JSON.parse(await readFile(real, 'utf8'))).toMatchObject({ grant: expect.anything() });
    expect((await stat(scene.file)).ino).toBe((await stat(real)).ino);
  }));
});

describe('a start that cannot keep the token stops, and says what to do', () => {
  test.concurrent('the folder does not exist', () => TokenScene.play(async (scene) => {
    await rm(scene.folder, { recursive: true });
    await expect(scene.start()).rejects.toThrow(/CAS360_TOKEN_FILE: its folder does not exist/);
  }));

  test.concurrent('the file is a folder', () => TokenScene.play(async (scene) => {
    await mkdir(scene.file);
    await expect(scene.start()).rejects.toThrow(/CAS360_TOKEN_FILE: .*a folder/);
  }));
});
