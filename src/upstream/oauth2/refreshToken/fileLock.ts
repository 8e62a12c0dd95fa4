import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isProcessGone } from './processName.js';
import { codeOf, removed } from './stateFile.js';

const ASK_AGAIN_MS = 20;
/** Many times what a holder needs. */
const STUCK_MS = 2_000;

/**
 * A lock that processes share through a folder: a file that names its holder. Creating one fails if it exists. No link is used,
 * because Node's permission model allows none.
 *
 * A lock is removed if its holder has ended, or has held it for two seconds. That holder may only be frozen, and two processes
 * that remove the same lock may remove the next one's too. So the lock alone protects nothing: a holder writes as `FileStore` says.
 */
export class FileLock {
  readonly #path: string;
  readonly #stuckMs: number;

  constructor(path: string, stuckMs = STUCK_MS) {
    this.#path = path;
    this.#stuckMs = stuckMs;
  }

  /** Takes the lock in the name of `holder`: a process's name, a blank, and a number that it uses once. Waits until `signal` is aborted. */
  async take(holder: string, signal: AbortSignal): Promise<void> {
    let seen: string | undefined;
    let sinceMs = 0;
    for (;;) {
      signal.throwIfAborted();
      if (await this.#create(holder)) return;
      const other = await this.#holder();
      if (other !== seen) [seen, sinceMs] = [other, performance.now()];
      // Stryker disable next-line EqualityOperator: a moment more or less does not matter
      if (performance.now() - sinceMs >= this.#stuckMs || isProcessGone(other)) await removed(this.#path);
      // Stryker disable next-line ArithmeticOperator,ObjectLiteral: any short time will do, since the signal is looked at after it
      else await sleep(ASK_AGAIN_MS * (0.5 + Math.random()), undefined, { signal });
    }
  }

  async isHeldBy(holder: string): Promise<boolean> {
    return (await this.#holder()) === holder;
  }

  async release(holder: string): Promise<void> {
    if (await this.isHeldBy(holder)) await removed(this.#path);
  }

  async #create(holder: string): Promise<boolean> {
    try {
      // Others may read it: the service looks at a lock that root has left.
      await writeFile(this.#path, holder, { flag: 'wx', mode: 0o644 });
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      // On a full disk, the file can be created and stays empty.
      await removed(this.#path).catch(() => {});
      throw error;
    }
  }

  /** Empty: its holder has not written its name yet, or it is released, or it is a link to nothing, or root has left it unreadable. */
  async #holder(): Promise<string> {
    try {
      return await readFile(this.#path, 'utf8');
    } catch (error) {
      // Stryker disable next-line StringLiteral: any word will do that names no process
      if (['ENOENT', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return '';
      throw error;
    }
  }
}
