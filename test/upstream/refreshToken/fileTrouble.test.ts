import type * as callbackModule from 'node:fs';
import type * as fsModule from 'node:fs/promises';
import { chown, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { counted, failureOf, FIRST, heldBy, put } from './support/states.js';

/** Fails each call of `operation` with `code`, as a file system does. */
let fault: { readonly operation: string; readonly code: string } | undefined;

function throwFault(operation: string): void {
  if (fault?.operation === operation) throw Object.assign(new Error('of the file system'), { code: fault.code });
}

// A test cannot fill a disk, and root may do everything.
jest.unstable_mockModule('node:fs/promises', () => {
  const real = jest.requireActual<typeof fsModule>('node:fs/promises');
  const failing = Object.fromEntries(
    (['rename', 'utimes', 'readdir', 'readFile', 'lchown'] as const).map((name) => [
      name,
      async (...words: never[]) => {
        throwFault(name);
        return (real[name] as (...words: never[]) => unknown)(...words);
      },
    ]),
  );
  const open: typeof real.open = async (path, flags, mode) => {
    if (flags === 'wx') throwFault('create');
    const file = await real.open(path, flags, mode);
    const write = file.writeFile.bind(file);
    file.writeFile = async (...words) => {
      throwFault('write');
      return write(...words);
    };
    return file;
  };
  const writeFile: typeof real.writeFile = async (...words) => {
    throwFault('lock');
    return real.writeFile(...words);
  };
  return { ...real, ...failing, open, writeFile };
});
jest.unstable_mockModule('node:fs', () => {
  const real = jest.requireActual<typeof callbackModule>('node:fs');
  const open = (path: string, flags: string, done: (error: unknown, fd?: number) => void): void => {
    try {
      if (!path.endsWith('.tmp')) throwFault('read');
      real.open(path, flags, done);
    } catch (error) {
      done(error);
    }
  };
  return { ...real, open };
});
const { adviceOn } = await import('../../../src/build/storeAdvice.js');
const { serialise } = await import('../../../src/upstream/oauth2/refreshToken/fileFormat.js');
const { FileLock } = await import('../../../src/upstream/oauth2/refreshToken/fileLock.js');
const { FileStore } = await import('../../../src/upstream/oauth2/refreshToken/fileStore.js');

let folder: string;
let store: InstanceType<typeof FileStore>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contacts-trouble-'));
  const path = join(folder, 'token.json');
  // Written by another process, and read: the store itself would wait for the disk.
  await writeFile(path, serialise(FIRST), { mode: 0o600 });
  store = new FileStore(path, { timeoutMs: 20_000 });
  await heldBy(store);
});

afterEach(async () => {
  fault = undefined;
  await rm(folder, { recursive: true });
});

const WORDS = [
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  // From Node's permission model, as in the image.
  ['ERR_ACCESS_DENIED', 'no permission'],
  ['EROFS', 'read-only'],
  ['ENOSPC', 'full'],
  ['EDQUOT', 'full'],
] as const;
const OPERATIONS = ['lock', 'readdir', 'create', 'write', 'rename'];

describe('A file that cannot be written', () => {
  // Each operation with one code, and each code with one operation.
  const CASES = Array.from({ length: Math.max(OPERATIONS.length, WORDS.length) }, (_, n) => [OPERATIONS[n % OPERATIONS.length]!, ...WORDS[n % WORDS.length]!] as const);

  test.each(CASES)(
    'as %s fails with %s is said to be "%s", what it holds is seen, and nothing is left behind',
    async (operation, code, problem) => {
      fault = { operation, code };
      const before = Date.now();
      const failure = await failureOf(counted(store));
      expect(failure).toMatchObject({ problem, seen: { kept: FIRST }, cause: { code } });
      expect(failure.seen!.nowMs).toBeGreaterThanOrEqual(before);
      expect(await heldBy(store)).toEqual(FIRST);
      expect(await readdir(folder)).toEqual(['token.json']);
      fault = undefined;
      expect(await counted(store)).toMatchObject({ count: 1 });
    },
  );

  test.each(['EMFILE', 'EIO', 'EBUSY', 'ESTALE', 'ETIMEDOUT'])('as rename fails with %s: others may be able to', async (code) => {
    fault = { operation: 'rename', code };
    expect(await failureOf(counted(store))).toMatchObject({ problem: code === 'EBUSY' ? 'a mount of its own' : code === 'ETIMEDOUT' ? 'slow' : 'failing', seen: undefined, cause: { code } });
  });

  test('is not touched either', async () => {
    await put(store, { ...FIRST, leader: 'one', leaderSeenMs: 1_000 });
    fault = { operation: 'utimes', code: 'EROFS' };
    const update = store.update((kept) => ({ ...kept!, leaderSeenMs: 2_000 }));
    expect(await failureOf(update)).toMatchObject({ problem: 'read-only', seen: { kept: { leaderSeenMs: 1_000 } } });
  });
});

// Only root gives files away.
(process.getuid?.() === 0 ? test : test.skip).each(['EPERM', 'EINVAL', 'EOPNOTSUPP'])('A file whose owner cannot be set (%s) is written all the same', async (code) => {
  await chown(folder, 65_532, 65_533);
  await chown(join(folder, 'token.json'), 65_532, 65_533);
  fault = { operation: 'lchown', code };
  expect(await counted(store)).toMatchObject({ count: 1 });
});

test.each(['EACCES', 'EPERM'])('A lock that cannot be read (%s) is removed like one that names nobody', async (code) => {
  const path = join(folder, 'token.json.lock');
  await writeFile(path, 'root 1');
  fault = { operation: 'readFile', code };
  await new FileLock(path, 10).take('service 1', AbortSignal.timeout(20_000));
  fault = undefined;
  expect(await readFile(path, 'utf8')).toBe('service 1');
});

describe('A file that cannot be read', () => {
  test.each(WORDS.slice(0, 3))('because of %s is said to be "%s"', async (code, problem) => {
    fault = { operation: 'read', code };
    expect(await failureOf(heldBy(store))).toMatchObject({ problem, seen: { kept: FIRST } });
  });

  test.each(['EIO', 'EMFILE', 'ENFILE', 'ESTALE'])('because of %s may hold the token: nobody is told to remove it', async (code) => {
    fault = { operation: 'read', code };
    const { problem } = await failureOf(heldBy(store));
    expect(problem).toBe('failing');
    expect(adviceOn(problem, 'CAS360_TOKEN_FILE')).toContain('Do not remove it');
  });
});
