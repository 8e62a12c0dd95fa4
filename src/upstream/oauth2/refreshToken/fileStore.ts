import { isDeepStrictEqual } from 'node:util';
import { NotOurs } from './fileFormat.js';
import { FileLock } from './fileLock.js';
import { codeOf, StateFile, targetOf } from './stateFile.js';
import { isProcessGone, newProcessName } from './processName.js';
import type { Kept } from './state.js';
import { StoreFailure, type Change, type StateStore, type StoreProblem } from './store.js';

/** Many times what a local disk needs. */
const TIMEOUT_MS = 5_000;
const PROBLEMS: Readonly<Record<string, StoreProblem>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EACCES: 'no permission',
  EPERM: 'no permission',
  // Of Node's permission model.
  ERR_ACCESS_DENIED: 'no permission',
  EROFS: 'read-only',
  ENOSPC: 'full',
  EDQUOT: 'full',
  ETIMEDOUT: 'slow',
  EISDIR: 'a folder',
  EBUSY: 'a mount of its own',
};
/** With these, no process on this machine can write. */
const FOR_ALL: readonly StoreProblem[] = ['missing', 'no permission', 'read-only', 'full'];

/**
 * Keeps the state in a file that processes of one machine share. The file is replaced in one step: a temporary file, fsync,
 * rename, fsync of the folder.
 *
 * A process that was frozen can lose its lock and not notice. These rules keep such a process from replacing a later state,
 * whoever removed its lock, and whenever:
 * 1. Each lock has a holder's name that is used once.
 * 2. The new holder first removes the temporary files of all others. Only then it reads the state.
 * 3. A holder that has written its temporary file looks whether the lock still has its name. Only then it renames the file.
 * So if the lock is lost before that look, the look finds it. If it is lost after it, the temporary file was there before
 * the next holder removed them all, and the rename fails.
 *
 * The file's mtime is when the leader last wrote. So a leader that only notes that it lives writes no data.
 */
export class FileStore implements StateStore {
  readonly #file: StateFile;
  readonly #lock: FileLock;
  readonly #timeoutMs: number;
  readonly #name = newProcessName();
  #takes = 0;
  /** Whether the last write failed. A leader that only notes that it lives would then hide that it cannot write. */
  #hasFailed = false;
  /** Whether the file has held a state of ours. If it is broken after that, it is one that was lost. */
  #wasOurs = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(path: string, { timeoutMs = TIMEOUT_MS, stuckMs }: { readonly timeoutMs?: number; readonly stuckMs?: number } = {}) {
    const target = targetOf(path);
    this.#file = new StateFile(target);
    this.#lock = new FileLock(`${target}.lock`, stuckMs);
    this.#timeoutMs = timeoutMs;
  }

  isGone(holder: string): boolean {
    return isProcessGone(holder);
  }

  async update(change: Change): Promise<Kept | undefined> {
    const ending = new AbortController();
    // One at a time: a file system that hangs blocks one of Node's four threads for files, and not all of them.
    const done = this.#queue.then(() => this.#update(change, ending.signal));
    this.#queue = done.catch(() => {});
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        ending.abort();
        reject(new StoreFailure('slow'));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([done, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #update(change: Change, signal: AbortSignal): Promise<Kept | undefined> {
    let seen: Kept | undefined;
    const readAndChange = async (): Promise<Kept | undefined> => {
      signal.throwIfAborted();
      seen = await this.#read();
      // Nobody waits any more for what was read too late.
      signal.throwIfAborted();
      return change(seen, Date.now());
    };
    try {
      const next = await readAndChange();
      if (!next || next === seen) return seen;
      if (!this.#hasFailed && isSignOfLife(next, seen) && (await this.#file.touch(next.leaderSeenMs))) return next;
      for (;;) {
        const written = await this.#locked(signal, async (isHeld) => {
          const next = await readAndChange();
          return !next || next === seen || (await this.#file.replace(next, isHeld)) ? { kept: next ?? seen } : undefined;
        });
        if (!written) continue;
        this.#hasFailed = false;
        this.#wasOurs = true;
        return written.kept;
      }
    } catch (error) {
      this.#hasFailed = true;
      throw await this.#failure(error, seen);
    }
  }

  async #failure(error: unknown, seen: Kept | undefined): Promise<StoreFailure> {
    if (error instanceof Error && error.name === 'AbortError') return new StoreFailure('slow');
    const problem = error instanceof NotOurs ? 'broken' : (PROBLEMS[codeOf(error) ?? ''] ?? 'failing');
    if (!FOR_ALL.includes(problem)) return new StoreFailure(problem, undefined, { cause: error });
    const kept = seen ?? (await this.#file.unreplaced().catch(() => undefined));
    return new StoreFailure(problem, { kept, nowMs: Date.now() }, { cause: error });
  }

  async #read(): Promise<Kept | undefined> {
    try {
      const kept = await this.#file.read();
      if (kept) this.#wasOurs = true;
      return kept;
    } catch (error) {
      if (error instanceof NotOurs && this.#wasOurs) return undefined;
      throw error;
    }
  }

  async #locked<T>(signal: AbortSignal, work: (isHeld: () => Promise<boolean>) => Promise<T>): Promise<T> {
    const holder = `${this.#name} ${++this.#takes}`;
    await this.#lock.take(holder, signal);
    try {
      await this.#file.removeTemporary();
      return await work(async () => !signal.aborted && (await this.#lock.isHeldBy(holder)));
    } finally {
      // What was written stays written. A lock that stays is removed by the next process.
      await this.#lock.release(holder).catch(() => {});
    }
  }
}

/** Whether only the time has changed at which the leader last wrote. */
function isSignOfLife(next: Kept, kept: Kept | undefined): boolean {
  return kept !== undefined && next.leader !== '' && next.leaderSeenMs > kept.leaderSeenMs && isDeepStrictEqual({ ...next, leaderSeenMs: kept.leaderSeenMs }, kept);
}
