import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { chmod, chown, lstat, mkdir, mkdtemp, open, readdir, readFile, readlink, rename, rm, rmdir, stat, symlink, unlink, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { serialise } from '../../../src/upstream/oauth2/refreshToken/fileFormat.js';
import { FileLock } from '../../../src/upstream/oauth2/refreshToken/fileLock.js';
import { FileStore } from '../../../src/upstream/oauth2/refreshToken/fileStore.js';
import { MemoryStore } from '../../../src/upstream/oauth2/refreshToken/memoryStore.js';
import { newProcessName } from '../../../src/upstream/oauth2/refreshToken/processName.js';
import { StateFile } from '../../../src/upstream/oauth2/refreshToken/stateFile.js';
import { until } from '../../support/until.js';
import { counted, failureOf, FIRST, heldBy, put } from './support/states.js';

/** On a busy machine a disk can be slow, and a holder of the lock can stand still. */
const PATIENT = { timeoutMs: 20_000, stuckMs: Infinity };

let folder: string;
let path: string;
let store: FileStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contacts-store-'));
  path = join(folder, 'token.json');
  store = new FileStore(path, PATIENT);
});

afterEach(async () => {
  await chmod(folder, 0o700).catch(() => {});
  await rm(folder, { recursive: true, force: true });
});

/** The name of a process that has ended, on this machine. */
function goneName(): string {
  const pid = execFileSync(process.execPath, ['-p', 'process.pid']).toString().trim();
  const [host, , uuid] = newProcessName().split(' ');
  return `${host} ${pid} ${uuid}`;
}
const foreignName = (): string => `elsewhere/boot/pid:[1] 1 ${crypto.randomUUID()}`;

describe('The store in memory', () => {
  test('holds what it was given last', async () => {
    const memory = new MemoryStore();
    expect(await heldBy(memory)).toBeUndefined();
    expect(await put(memory, FIRST)).toBe(FIRST);
    expect(await heldBy(memory)).toBe(FIRST);
    expect(memory.isGone()).toBe(false);
  });
});

describe('The store in a file', () => {
  test('holds what it was given, also for the next process', async () => {
    expect(await heldBy(store)).toBeUndefined();
    expect(await put(store, FIRST)).toBe(FIRST);
    expect(await heldBy(new FileStore(path, PATIENT))).toEqual(FIRST);
    expect(await readdir(folder)).toEqual(['token.json']);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('writes nothing if nothing is changed', async () => {
    await put(store, FIRST);
    const before = await stat(path);
    await heldBy(store);
    expect(await stat(path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  test('has it on the disk before it replaces the file, and its folder before it says so', async () => {
    const handle = await open(folder);
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const { sync } = prototype;
    const synced: unknown[] = [];
    const spy = jest.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
      await sync.call(this);
      const about = await this.stat();
      const names = (await readdir(folder)).filter((name) => name === 'token.json');
      synced.push(about.isDirectory() ? ['the folder', names] : ['a file', names, about.size]);
    });
    await put(store, FIRST);
    spy.mockRestore();
    expect(synced).toEqual([['a file', [], serialise(FIRST).length], ['the folder', ['token.json']]]);
  });

  test('never erases a state', async () => {
    await put(store, FIRST);
    expect(await store.update(() => undefined)).toEqual(FIRST);
    expect(await heldBy(store)).toEqual(FIRST);
  });

  test('notes that the leader lives in the time of the file, and writes nothing', async () => {
    const leads = { ...FIRST, leader: 'one', leaderSeenMs: 1_700_000_000_123 };
    await put(store, leads);
    const { ino } = await stat(path);
    for (const leaderSeenMs of [1_700_000_000_124, 1_700_000_001_999, 1_700_000_002_001]) {
      expect(await store.update((kept) => ({ ...kept!, leaderSeenMs }))).toMatchObject({ leaderSeenMs });
      expect(await heldBy(store)).toEqual({ ...leads, leaderSeenMs });
    }
    expect((await stat(path)).ino).toBe(ino);
  });

  test('reads a later time from the file itself, and none that is earlier', async () => {
    await put(store, { ...FIRST, leader: 'one', leaderSeenMs: 5_000 });
    await utimes(path, 4, 4);
    expect(await heldBy(store)).toMatchObject({ leaderSeenMs: 5_000 });
  });

  test('does not take a write of another process for a sign of the leader', async () => {
    await put(store, { ...FIRST, leader: 'one', leaderSeenMs: 5_000 });
    await counted(store);
    expect(await heldBy(store)).toMatchObject({ count: 1, leaderSeenMs: 5_000 });
  });

  test('writes since when there is no leader: no time of the file says it', async () => {
    await put(store, { ...FIRST, leaderSeenMs: 5_000 });
    await utimes(path, 9, 9);
    expect(await heldBy(store)).toMatchObject({ leaderSeenMs: 5_000 });
    await store.update((kept) => ({ ...kept!, leaderSeenMs: 6_000 }));
    expect(await heldBy(store)).toMatchObject({ leaderSeenMs: 6_000 });
  });

  test('loses no update of those that run at once', async () => {
    const [one, another, third] = Array.from({ length: 3 }, () => new FileStore(path, { ...PATIENT, timeoutMs: 25_000 }));
    const stores = [one, one, another, third];
    const counts = await Promise.all(Array.from({ length: 24 }, async (_, n) => (await counted(stores[n % 4]!))?.count));
    expect(counts.toSorted((a, b) => a! - b!)).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test('asks again what to change once it has the lock', async () => {
    const other = new FileStore(path, PATIENT);
    await put(other, FIRST);
    let calls = 0;
    let between: Promise<unknown> | undefined;
    await writeFile(`${path}.lock`, 'taken 1');
    const update = store.update((kept) => {
      calls++;
      between ??= rm(`${path}.lock`).then(() => counted(other));
      return { ...kept!, count: kept!.count + 10 };
    });
    await Promise.all([update, between]);
    expect(calls).toBe(2);
    expect(await heldBy(store)).toMatchObject({ count: 11 });
  });
});

describe('The file', () => {
  /** The files in the folder that this process has open, and the folder itself. */
  const openFiles = async (): Promise<string[]> => {
    const numbers = await readdir('/proc/self/fd');
    const links = await Promise.all(numbers.map((number) => readlink(`/proc/self/fd/${number}`).catch(() => '')));
    return links.filter((link) => link.startsWith(folder)).map((link) => link.slice(folder.length));
  };

  test('is open once, however often it is read and written', async () => {
    const file = new StateFile(path);
    for (let n = 0; n < 3; n++) {
      await file.replace(FIRST, async () => true);
      await file.replace(FIRST, async () => false);
      await file.read();
    }
    expect(await openFiles()).toEqual(['/token.json']);
  });

  test('is touched, unless it is missing', async () => {
    const file = new StateFile(path);
    expect(await file.touch(5_000)).toBe(false);
    await file.replace(FIRST, async () => true);
    expect(await file.touch(5_000)).toBe(true);
    expect((await stat(path)).mtimeMs).toBe(5_000);
    await expect(new StateFile(join(path, 'x')).touch(5_000)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});

describe('A file that cannot be replaced, whose time can still be set', () => {
  test('shows no leader that lives, until it can be written again', async () => {
    const leads = { ...FIRST, leader: 'one', leaderSeenMs: 5_000 };
    await put(store, leads);
    const lives = (leaderSeenMs: number): Promise<unknown> => store.update((kept) => ({ ...kept!, leaderSeenMs }));
    // A folder at the place of the lock stops every write, also of root.
    await mkdir(`${path}.lock`);
    await lives(6_000);
    await failureOf(counted(store));
    await failureOf(lives(7_000));
    expect(await heldBy(new FileStore(path, PATIENT))).toEqual({ ...leads, leaderSeenMs: 6_000 });
    await rmdir(`${path}.lock`);
    await lives(8_000);
    const { ino } = await stat(path);
    await lives(9_000);
    expect(await heldBy(store)).toMatchObject({ leaderSeenMs: 9_000 });
    expect((await stat(path)).ino).toBe(ino);
  });
});

// Only root can give a file away.
(process.getuid?.() === 0 ? describe : describe.skip)('What root writes', () => {
  const SERVICE = { uid: 65_532, gid: 65_533 };

  test('belongs to the owner of the file that it replaces', async () => {
    await put(store, FIRST);
    await chown(path, SERVICE.uid, SERVICE.gid);
    await counted(store);
    expect(await stat(path)).toMatchObject(SERVICE);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('belongs to the owner of the folder, if it is the first', async () => {
    await chown(folder, SERVICE.uid, SERVICE.gid);
    await put(store, FIRST);
    expect(await stat(path)).toMatchObject(SERVICE);
  });

  test('is locked with a file that the service can read', async () => {
    const lock = new FileLock(`${path}.lock`);
    await lock.take('root 1', AbortSignal.timeout(1_000));
    expect((await stat(`${path}.lock`)).mode & 0o444).toBe(0o444);
  });
});

describe('A link', () => {
  test.each(['that is there', 'that is not there yet', 'behind another link'])('to a file %s stays, and all share that file', async (which) => {
    const real = join(folder, 'volume', 'real.json');
    await mkdir(join(folder, 'volume'));
    if (which === 'that is there') await put(new FileStore(real, PATIENT), FIRST);
    if (which === 'behind another link') await symlink('real.json', join(folder, 'volume', 'second'));
    await symlink(which === 'behind another link' ? 'volume/second' : 'volume/real.json', path);
    const linked = new FileStore(path, PATIENT);
    await put(linked, FIRST);
    await counted(new FileStore(real, PATIENT));
    expect(await heldBy(linked)).toMatchObject({ count: 1 });
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).toSorted()).toEqual(['token.json', 'volume']);
  });

  test('to itself is an error', async () => {
    await symlink('token.json', path);
    expect(await failureOf(put(new FileStore(path, PATIENT), FIRST))).toMatchObject({ problem: 'failing' });
  });
});

describe('The lock of the file', () => {
  test('is waited for, and the wait ends', async () => {
    const hasty = new FileStore(path, { ...PATIENT, timeoutMs: 100 });
    await writeFile(`${path}.lock`, `${foreignName()} 1`);
    expect(await failureOf(put(hasty, FIRST))).toMatchObject({ problem: 'slow', seen: undefined });
    await rm(`${path}.lock`);
    await put(store, FIRST);
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test('of a process that has ended is removed at once', async () => {
    await writeFile(`${path}.lock`, `${goneName()} 1`);
    await put(new FileStore(path, PATIENT), FIRST);
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test.each([`${foreignName()} 1`, ''])('that nobody gives back is removed (%j)', async (holder) => {
    await writeFile(`${path}.lock`, holder);
    await put(new FileStore(path, { ...PATIENT, stuckMs: 30 }), FIRST);
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test('that is a link to nothing is removed', async () => {
    await symlink('nothing', `${path}.lock`);
    await put(new FileStore(path, { ...PATIENT, stuckMs: 30 }), FIRST);
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test('is not removed while it changes hands', async () => {
    const lock = `${path}.lock`;
    await writeFile(lock, 'taken 0');
    let nowMs = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    let isDone = false;
    const update = put(new FileStore(path, { ...PATIENT, stuckMs: 1_500 }), FIRST).then(() => (isDone = true));
    /** Only the lock asks for the time: at most twice in each look at the holder. */
    const hasLooked = (): Promise<unknown> => {
      const before = clock.mock.calls.length;
      return until('the holder is looked at', () => isDone || clock.mock.calls.length > before + 2);
    };
    // Each holder has it for a part of the time, and all of them for longer.
    for (let n = 1; n <= 4; n++) {
      await writeFile(`${lock}.next`, `taken ${n}`);
      await rename(`${lock}.next`, lock);
      await hasLooked();
      nowMs += 1_000;
      await hasLooked();
    }
    clock.mockRestore();
    expect(isDone).toBe(false);
    await rm(lock);
    await update;
  });

  test('lost before the file is replaced: nothing is replaced, and the update is made again', async () => {
    const other = new FileStore(path, PATIENT);
    await put(other, FIRST);
    const gone = goneName();
    let calls = 0;
    await store.update((kept) => {
      if (++calls === 2) writeFileSync(`${path}.lock`, `${gone} 7`);
      return { ...kept!, count: kept!.count + 1 };
    });
    expect(calls).toBe(3);
    expect(await heldBy(other)).toMatchObject({ count: 1 });
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test('lost after the last look at it: the next holder has removed what would replace its state', async () => {
    const frozen = new StateFile(path);
    const isReplaced = await frozen.replace({ ...FIRST, refreshToken: 'of the frozen one' }, async () => {
      await put(store, FIRST);
      return true;
    });
    expect(isReplaced).toBe(false);
    expect(await heldBy(store)).toEqual(FIRST);
    expect(await readdir(folder)).toEqual(['token.json']);
  });

  test('leaves the files of others in the folder alone', async () => {
    const others = ['token.json.4711.tmp', 'token.json.backup', `other.json.${crypto.randomUUID()}.tmp`, `token.json.old.${crypto.randomUUID()}.tmp`, `token.json.${crypto.randomUUID()}.tmp.old`];
    for (const name of others) await writeFile(join(folder, name), '');
    await writeFile(`${path}.${crypto.randomUUID()}.tmp`, 'of a process that was killed');
    await put(store, FIRST);
    expect((await readdir(folder)).toSorted()).toEqual([...others, 'token.json'].toSorted());
  });
});

describe('A process', () => {
  test('that has ended on this machine is gone, and no other', () => {
    expect(store.isGone(goneName())).toBe(true);
    expect(store.isGone(newProcessName())).toBe(false);
    expect(store.isGone(foreignName())).toBe(false);
    expect(newProcessName()).toContain(readlinkSync('/proc/self/ns/pid'));
    // The same hostname in another container, or before a restart of the machine.
    const [host, pid, uuid] = goneName().split(' ');
    for (const part of [1, 2]) {
      const other = host!.split('/').with(part, 'another').join('/');
      expect(store.isGone(`${other} ${pid} ${uuid}`)).toBe(false);
    }
    for (const odd of ['', 'x', ' ', host!, `${host} x y`]) expect(store.isGone(odd)).toBe(false);
  });

  test('that may not be signalled is not gone', () => {
    const [host, , uuid] = newProcessName().split(' ');
    expect(store.isGone(`${host} 1 ${uuid}`)).toBe(false);
  });
});

describe('An operator reads what is wrong with the file', () => {
  test.each<[string, () => Promise<unknown>, object | undefined]>([
    ['has read', () => heldBy(store), FIRST],
    ['has written', () => put(store, { ...FIRST, count: 1 }), { ...FIRST, count: 1 }],
    ['has read, and another has written since', () => heldBy(store).then(() => put(new FileStore(path, PATIENT), { ...FIRST, count: 2 })), undefined],
    ['has read, if it was deleted', () => heldBy(store).then(() => unlink(path)), undefined],
  ])('its folder is moved: a process is sure of what it %s', async (_what, before, kept) => {
    await put(new FileStore(path, PATIENT), FIRST);
    await before();
    await rename(folder, `${folder}.moved`);
    const failure = await failureOf(put(store, { ...FIRST, count: 9 }));
    await rename(`${folder}.moved`, folder);
    expect(failure).toMatchObject({ problem: 'missing', seen: { kept } });
  });

  test('its folder is missing, and comes back', async () => {
    await put(store, FIRST);
    await rename(folder, `${folder}-away`);
    expect(await failureOf(put(store, { ...FIRST, count: 1 }))).toMatchObject({ problem: 'missing' });
    await rename(`${folder}-away`, folder);
    expect(await heldBy(store)).toEqual(FIRST);
  });

  test('its folder is a file', async () => {
    await writeFile(path, 'x');
    expect(await failureOf(put(new FileStore(join(path, 'token'), PATIENT), FIRST))).toMatchObject({ problem: 'missing' });
  });

  test.each(['', '{}', '{"password":"x"}', 'PK\u0003\u0004'])('it is not ours: %j stays as it is', async (text) => {
    await writeFile(path, text);
    expect(await failureOf(put(store, FIRST))).toMatchObject({ problem: 'broken', seen: undefined });
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  test('it is not ours: it is too large to be read', async () => {
    await writeFile(path, serialise(FIRST).padEnd(1_000_000));
    expect(await heldBy(store)).toEqual(FIRST);
    await writeFile(path, serialise(FIRST).padEnd(1_000_001));
    expect(await failureOf(heldBy(new FileStore(path, PATIENT)))).toMatchObject({ problem: 'broken', cause: { message: expect.stringContaining('its size') } });
  });

  test('it is a folder', async () => {
    await mkdir(path);
    expect(await failureOf(put(store, FIRST))).toMatchObject({ problem: 'a folder', cause: { message: 'a folder' } });
  });

  test.each(['', '{}', '{"beganWith":'])('it was ours, and was broken (%j): it counts as lost, and is written again', async (text) => {
    await put(store, FIRST);
    await writeFile(path, text);
    expect(await heldBy(store)).toBeUndefined();
    await put(store, FIRST);
    expect(await heldBy(new FileStore(path, PATIENT))).toEqual(FIRST);
    await writeFile(path, text);
    const reader = new FileStore(path, PATIENT);
    expect(await failureOf(heldBy(reader))).toMatchObject({ problem: 'broken' });
    await put(store, FIRST);
    expect(await heldBy(reader)).toEqual(FIRST);
    await writeFile(path, text);
    expect(await heldBy(reader)).toBeUndefined();
  });

  test('the file system does not answer: one thread waits, and nothing comes of what is read late', async () => {
    execFileSync('mkfifo', [path]);
    const hasty = new FileStore(path, { timeoutMs: 30 });
    let calls = 0;
    const change = (): typeof FIRST => {
      calls++;
      return FIRST;
    };
    for (let n = 0; n < 8; n++) expect(await failureOf(hasty.update(change))).toMatchObject({ problem: 'slow', seen: undefined });
    const writer = await open(path, 'w');
    await writer.writeFile(serialise(FIRST));
    await writer.close();
    await unlink(path);
    await until('the queue is empty', () => heldBy(hasty).then(() => true, () => false));
    expect(calls).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });
});

test('A lock that is free is not taken by one who no longer waits for it', async () => {
  await expect(new FileLock(path).take('late 1', AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(await readdir(folder)).toEqual([]);
});

test('A lock is given back by its holder, and by nobody else', async () => {
  const lock = new FileLock(path);
  await lock.take('one 1', new AbortController().signal);
  await lock.release('another 1');
  expect(await lock.isHeldBy('one 1')).toBe(true);
  await lock.release('one 1');
  expect(await readdir(folder)).toEqual([]);
});

test('A lock that is a link to nothing is waited for like any other, and one that is a folder is an error', async () => {
  const lock = new FileLock(path, Infinity);
  await symlink('nothing', path);
  const leaving = new AbortController();
  setTimeout(() => leaving.abort(), 50);
  await expect(lock.take('one 1', leaving.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(await readdir(folder)).toEqual(['token.json']);
  await unlink(path);
  await mkdir(path);
  await expect(lock.take('one 1', new AbortController().signal)).rejects.toMatchObject({ code: 'EISDIR' });
});

test('A process that has just begun notes that the leader lives, and writes nothing', async () => {
  await put(store, { ...FIRST, leader: 'one', leaderSeenMs: 1_700_000_000_000 });
  const { ino } = await stat(path);
  await new FileStore(path, PATIENT).update((kept) => ({ ...kept!, leaderSeenMs: 1_700_000_001_000 }));
  expect(await stat(path)).toMatchObject({ ino, mtimeMs: 1_700_000_001_000 });
});

test.each([
  ['the same', <T>(kept: T): T => kept],
  ['nothing', () => undefined],
])('What is to be changed is decided with the lock: it may be %s', async (_what, second) => {
  await put(store, FIRST);
  const { ino } = await stat(path);
  let calls = 0;
  expect(await store.update((kept) => (++calls === 1 ? { ...kept!, count: 9 } : second(kept)))).toEqual(FIRST);
  expect([calls, (await stat(path)).ino]).toEqual([2, ino]);
});

test('The lock names its process, and each time another number', async () => {
  const holders: string[] = [];
  const change = (kept = FIRST): typeof FIRST => {
    if (existsSync(`${path}.lock`)) holders.push(readFileSync(`${path}.lock`, 'utf8'));
    return { ...kept, count: kept.count + 1 };
  };
  for (let n = 0; n < 2; n++) await store.update(change);
  const [host, pid] = newProcessName().split(' ');
  expect(holders.map((holder) => holder.split(' ').with(2, 'uuid').join(' '))).toEqual([`${host} ${pid} uuid 1`, `${host} ${pid} uuid 2`]);
});

test('A file that appears is not ours because there was none before', async () => {
  expect(await heldBy(store)).toBeUndefined();
  await writeFile(path, '{}');
  expect(await failureOf(heldBy(store))).toMatchObject({ problem: 'broken' });
});

test('A clock that was put back is written: no time of the file says it', async () => {
  await put(store, { ...FIRST, leader: 'one', leaderSeenMs: 5_000 });
  await store.update((kept) => ({ ...kept!, leaderSeenMs: 4_000 }));
  expect(await heldBy(new FileStore(path, PATIENT))).toMatchObject({ leaderSeenMs: 4_000 });
});
