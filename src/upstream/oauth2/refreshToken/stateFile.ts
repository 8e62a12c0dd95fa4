import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { lchown, open, readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { NotOurs, parse, serialise } from './fileFormat.js';
import type { Kept } from './state.js';

/** Many times what a state needs. */
const MAX_BYTES = 1_000_000;
const TEMPORARY = /^[0-9a-f-]{36}\.tmp$/;

// By number: a FileHandle that nobody closes warns when it is collected.
const openByNumber = promisify(fs.open);
const closeByNumber = promisify(fs.close);
const statByNumber = promisify(fs.fstat);
const readByNumber = promisify(fs.readFile);

type Owner = Pick<fs.Stats, 'uid' | 'gid'>;

/** The file with the state. Its mtime is when the leader last wrote. */
export class StateFile {
  readonly #path: string;
  /** What was read last, or written after that, and the file, which stays open. */
  #last: { readonly fd: number; readonly kept: Kept } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined: there is no file. Throws NotOurs. */
  async read(): Promise<Kept | undefined> {
    let fd;
    try {
      fd = await openByNumber(this.#path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const stat = await statByNumber(fd);
      const { size, mtimeMs } = stat;
      // Read by its number, a folder is an empty text.
      if (stat.isDirectory()) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
      if (size > MAX_BYTES) throw new NotOurs('its size');
      // Stryker disable next-line StringLiteral: made a text later, bytes are read as UTF-8 too
      const kept = parse(await readByNumber(fd, 'utf8'));
      const latest = kept.leader === '' ? kept : { ...kept, leaderSeenMs: Math.max(kept.leaderSeenMs, Math.round(mtimeMs)) };
      await this.#remember(fd, latest);
      return latest;
    } catch (error) {
      await closeByNumber(fd);
      throw error;
    }
  }

  /**
   * What was last read, if no process can have written since: the file has been neither replaced nor deleted, although its
   * folder may have been moved. Undefined if that is not certain.
   */
  async unreplaced(): Promise<Kept | undefined> {
    return this.#last && (await statByNumber(this.#last.fd)).nlink > 0 ? this.#last.kept : undefined;
  }

  /** To whom the next file must belong, if root writes it: the service may be another user. */
  async #owner(): Promise<Owner | undefined> {
    if (process.getuid?.() !== 0) return undefined;
    const owner = await stat(this.#path).catch(() => stat(dirname(this.#path)));
    return owner.uid === 0 ? undefined : owner;
  }

  async #remember(fd: number, kept: Kept): Promise<void> {
    const before = this.#last;
    this.#last = { fd, kept };
    if (before) await closeByNumber(before.fd);
  }

  /** Notes when the leader last wrote. Returns false if there is no file. */
  async touch(leaderSeenMs: number): Promise<boolean> {
    // Stryker disable next-line ArithmeticOperator: nobody reads when it was last read
    return unlessMissing(utimes(this.#path, leaderSeenMs / 1_000, leaderSeenMs / 1_000));
  }

  /** Replaces the file if the lock is held. Returns false if it was not, or if another holder has removed the temporary file. */
  async replace(kept: Kept, isHeld: () => Promise<boolean>): Promise<boolean> {
    const temporary = `${this.#path}.${randomUUID()}.tmp`;
    let fd: number | undefined;
    try {
      await writeDurably(temporary, kept, await this.#owner());
      fd = await openByNumber(temporary, 'r');
      if (!(await isHeld())) return false;
      await rename(temporary, this.#path);
      await this.#remember(fd, kept);
      fd = undefined;
    } catch (error) {
      // Another holder has removed it. If the folder is missing, the next take of the lock says so.
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    } finally {
      if (fd !== undefined) await closeByNumber(fd);
      // It is there only if something failed.
      await removed(temporary).catch(() => {});
    }
    await syncFolder(dirname(this.#path));
    return true;
  }

  /** Removes the temporary files of all processes. */
  async removeTemporary(): Promise<void> {
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.`;
    for (const name of await readdir(folder)) {
      if (name.startsWith(prefix) && TEMPORARY.test(name.slice(prefix.length))) await removed(join(folder, name));
    }
  }
}

/** Where symbolic links lead, also if nothing is there yet. Replacing the file would replace a link, and not what it leads to. */
export function targetOf(path: string): string {
  try {
    return fs.realpathSync(path);
  } catch (error) {
    // Stryker disable next-line ConditionalExpression: with another error, there is no link to follow, or no end of it
    return codeOf(error) === 'ENOENT' ? missingTarget(path) : path;
  }
}

function missingTarget(path: string): string {
  try {
    return targetOf(resolve(dirname(path), fs.readlinkSync(path)));
  } catch {
    // No link.
    return path;
  }
}

/** Removes a file that may be missing. */
export async function removed(path: string): Promise<void> {
  await unlessMissing(unlink(path));
}

export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

async function unlessMissing(done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function writeDurably(path: string, kept: Kept, owner: Owner | undefined): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    // Not by its number: Node's permission model forbids that. Some containers and network drives do not let root change an
    // owner, each with an error of its own. To keep the token matters more.
    if (owner) await lchown(path, owner.uid, owner.gid).catch(() => {});
    await file.writeFile(serialise(kept));
    // Stryker disable next-line ArithmeticOperator: nobody reads when it was last read
    await utimes(path, kept.leaderSeenMs / 1_000, kept.leaderSeenMs / 1_000);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename is durable only once its folder is synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
