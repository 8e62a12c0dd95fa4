import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRecord } from '../../record.js';

/**
 * Where the refresh token of the moment is kept. CAS 360 gives a new one with each use and voids the old one, so a
 * lost one can only be replaced by a person who approves the connection again.
 */
export interface RefreshTokenStore {
  current(): string;
  /** Keeps `next`; once this resolves it survives the process, where the store can do that at all. */
  replace(next: string): Promise<void>;
}

/** Keeps the refresh token in memory only: the next start begins with `initial` again. */
export function inMemory(initial: string): RefreshTokenStore {
  let token = initial;
  return {
    current: () => token,
    replace: async (next) => {
      token = next;
    },
  };
}

/**
 * Keeps the refresh token in the file at `path`, written whole or not at all (temporary file, fsync, rename). The file
 * remembers which token of the environment it began with; a different `initial` was put there by an operator and wins.
 * Throws when the file cannot be written, or holds something that is not ours.
 */
export async function inFile(path: string, initial: string): Promise<RefreshTokenStore> {
  const beganWith = createHash('sha256').update(initial).digest('hex');
  const kept = await readKept(path);
  let token = kept?.beganWith === beganWith ? kept.refreshToken : initial;

  const write = async (): Promise<void> => {
    const temporary = `${path}.${process.pid}.tmp`;
    await writeDurably(temporary, `${JSON.stringify({ beganWith, refreshToken: token })}\n`);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  };

  await write();
  return {
    current: () => token,
    replace: async (next) => {
      token = next;
      await write();
    },
  };
}

async function readKept(path: string): Promise<{ beganWith: string; refreshToken: string } | undefined> {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const kept = parsed(text);
  if (isRecord(kept) && typeof kept.beganWith === 'string' && typeof kept.refreshToken === 'string') {
    return { beganWith: kept.beganWith, refreshToken: kept.refreshToken };
  }
  throw new Error('it holds no refresh token of ours; remove it to begin anew');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename is lasting only once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
