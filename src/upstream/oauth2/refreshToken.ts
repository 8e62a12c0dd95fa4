import { createHash } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isRecord } from '../../record.js';

/** The access token that the last renewal gave. */
export interface KeptGrant {
  readonly accessToken: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/**
 * Where the refresh token of the moment is kept. CAS 360 gives a new one with each use and voids the old one, so a
 * lost one can only be replaced by a person who approves the connection again.
 */
export interface RefreshTokenStore {
  /** The token; undefined if it is void, or may be: then only an operator can put another in its place. */
  current(): string | undefined;
  /** The access token that came with it, if it is known. */
  grant(): KeptGrant | undefined;
  /** To be called before the token is sent: if the process ends now, nobody knows whether it is void. */
  aboutToUse(): Promise<void>;
  /** The token was not taken, and is good as before. */
  notUsed(): Promise<void>;
  /** The token is void, and there is no other. */
  isVoid(): Promise<void>;
  /** The token was taken, and this came for it. Once it resolves, that survives the process where the store can do so. */
  replace(next: string, grant: KeptGrant): Promise<void>;
}

interface Kept {
  /** A hash of the token of the environment that all this began with. */
  readonly beganWith: string;
  readonly refreshToken: string | undefined;
  readonly grant: KeptGrant | undefined;
  readonly inUse: boolean;
}

/** Keeps the refresh token in memory only: the next start begins with `initial` again. */
export function inMemory(initial: string): RefreshTokenStore {
  return storeOf({ beganWith: '', refreshToken: initial, grant: undefined, inUse: false }, async () => {});
}

/**
 * Keeps the refresh token in the file at `path`, written whole or not at all (temporary file, fsync, rename). The file
 * remembers which token of the environment it began with; a different `initial` was put there by an operator and wins.
 * A process that ended while it used the token has left it in doubt: it is not sent again, since a spent one might void
 * the whole connection. Throws when the file cannot be written, or holds something that is not ours.
 */
export async function inFile(path: string, initial: string): Promise<RefreshTokenStore> {
  const beganWith = hashOf(initial);
  const kept = await readKept(path);
  const first: Kept =
    kept?.beganWith === beganWith
      ? { ...kept, refreshToken: kept.inUse ? undefined : kept.refreshToken, inUse: false }
      : { beganWith, refreshToken: initial, grant: undefined, inUse: false };
  const write = async (next: Kept): Promise<void> => {
    const temporary = `${path}.${process.pid}.tmp`;
    await writeDurably(temporary, `${JSON.stringify(next)}\n`);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  };
  await write(first);
  return storeOf(first, write);
}

/** By which a file knows the token of the environment that it began with. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function storeOf(first: Kept, write: (next: Kept) => Promise<void>): RefreshTokenStore {
  let kept = first;
  const keep = (change: Partial<Kept>): Promise<void> => write((kept = { ...kept, ...change }));
  return {
    current: () => kept.refreshToken,
    grant: () => kept.grant,
    aboutToUse: () => keep({ inUse: true }),
    notUsed: () => keep({ inUse: false }),
    isVoid: () => keep({ refreshToken: undefined, inUse: false }),
    replace: (refreshToken, grant) => keep({ refreshToken, grant, inUse: false }),
  };
}

/** Reads the file without changing it; undefined where there is none. Throws as `inFile` does. */
export async function readKept(path: string): Promise<Kept | undefined> {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const kept = parsed(text);
  if (!isRecord(kept) || typeof kept.beganWith !== 'string') throw new Error('it holds no refresh token of ours; remove it to begin anew');
  const { beganWith, refreshToken, grant, inUse } = kept;
  return {
    beganWith,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    grant:
      isRecord(grant) && typeof grant.accessToken === 'string' && typeof grant.expiresAtMs === 'number'
        ? { accessToken: grant.accessToken, expiresAtMs: grant.expiresAtMs }
        : undefined,
    inUse: inUse === true,
  };
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
