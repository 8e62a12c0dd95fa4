import { readFileSync } from 'node:fs';
import { mkdtemp, open, readFile, readdir, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { inFile } from '../../src/upstream/oauth2/refreshToken.js';
import { startTestApp } from '../support/testApp.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'refresh-token-'));
  path = join(folder, 'token.json');
});

afterEach(() => rm(folder, { recursive: true }));

const GRANT = { accessToken: 'access', expiresAtMs: 1_800_000_000_000 };

describe('A refresh token in a file', () => {
  test('begins with the one of the environment', async () => {
    expect((await inFile(path, 'first')).current()).toBe('first');
  });

  test('goes on with the rotated one after a restart', async () => {
    await (await inFile(path, 'first')).replace('second', GRANT);
    expect((await inFile(path, 'first')).current()).toBe('second');
  });

  test('gives way to another one that an operator put into the environment', async () => {
    await (await inFile(path, 'first')).replace('second', GRANT);
    const store = await inFile(path, 'by hand');
    expect(store.current()).toBe('by hand');
    await store.replace('third', GRANT);
    expect((await inFile(path, 'by hand')).current()).toBe('third');
  });

  test('comes with the access token that it gave, so that a restart need not use it', async () => {
    await (await inFile(path, 'first')).replace('second', GRANT);
    expect((await inFile(path, 'first')).grant()).toEqual(GRANT);
    expect((await inFile(path, 'by hand')).grant()).toBeUndefined();
  });

  test('is not sent again if the process ended while it used it', async () => {
    const store = await inFile(path, 'first');
    await store.replace('second', GRANT);
    await store.aboutToUse();
    expect(store.current()).toBe('second');
    for (let start = 0; start < 3; start++) expect((await inFile(path, 'first')).current()).toBeUndefined();
    expect((await inFile(path, 'first')).grant()).toEqual(GRANT);
    expect((await inFile(path, 'by hand')).current()).toBe('by hand');
  });

  test('is good as before if it was not taken, and gone if it was void', async () => {
    const store = await inFile(path, 'first');
    await store.aboutToUse();
    await store.notUsed();
    expect((await inFile(path, 'first')).current()).toBe('first');
    await store.isVoid();
    expect(store.current()).toBeUndefined();
    expect((await inFile(path, 'first')).current()).toBeUndefined();
  });

  test('leaves one file that only its owner can read, without the token of the environment', async () => {
    await (await inFile(path, 'first')).replace('second', GRANT);
    expect(await readdir(folder)).toEqual(['token.json']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toContain('first');
  });

  test('is another file after each change: whoever has the old one open reads the whole of it', async () => {
    const store = await inFile(path, 'first');
    await store.replace('second', GRANT);
    const [old, text] = [await open(path), await readFile(path, 'utf8')];
    try {
      await store.replace('a third one that is much longer', GRANT);
      expect(await old.readFile('utf8')).toBe(text);
      expect(await readFile(path, 'utf8')).toContain('a third one');
    } finally {
      await old.close();
    }
  });

  test('is on the disk before it takes the place of the old one, and so is its folder afterwards', async () => {
    const store = await inFile(path, 'first');
    const file = await open(path);
    const sync = jest.spyOn(Object.getPrototypeOf(file) as FileHandle, 'sync');
    await file.close();
    const there: boolean[] = [];
    sync.mockImplementation(async () => void there.push(readFileSync(path, 'utf8').includes('second')));
    await store.replace('second', GRANT);
    sync.mockRestore();
    expect(there).toEqual([false, true]);
  });

  test.each(['', '{', '[]', '{"refreshToken":"x"}'])('refuses to guess from a file that holds %j', async (text) => {
    await writeFile(path, text);
    await expect(inFile(path, 'first')).rejects.toThrow('it holds no refresh token of ours');
  });

  test('says so at once when it cannot be written', async () => {
    await expect(inFile(join(folder, 'missing', 'token.json'), 'first')).rejects.toThrow();
  });

  test('takes the subgraph through restarts without ever using a spent one', async () => {
    const first = await startTestApp({ CAS360_TOKEN_FILE: path });
    const { sandbox } = first;
    try {
      const again = { ...sandbox.environment, CAS360_TOKEN_FILE: path };
      for (let start = 0; start < 3; start++) {
        const next = await startTestApp(again);
        const { data } = await next.query('{ contact(id: "cas360:54") { name } }');
        expect(data).toEqual({ contact: { name: 'Fancy Southern Africa Cat Council' } });
        await next.stop();
      }
      expect(sandbox.cas360.spentTokenUses).toBe(0);
    } finally {
      await first.stop();
    }
  });
});
