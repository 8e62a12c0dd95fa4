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
 * Stores the current refresh token. CAS 360 rotates it (RFC 6749, 6): each use gives a new token and voids the old one. Only a
 * person who approves the connection again can replace a lost one.
 */
export interface RefreshTokenStore {
  /** The token. Undefined if it is or may be void: then only an operator can replace it. */
  current(): string | undefined;
  /** The access token that came with it, if known. */
  grant(): KeptGrant | undefined;
  /** Call it before the token is sent. If the process then ends, the token may be void. */
  aboutToUse(): Promise<void>;
  /** Call it if the token was not accepted and is still valid. */
  notUsed(): Promise<void>;
  /** Call it if the token is void. */
  isVoid(): Promise<void>;
  /** Stores the next token. Once it resolves, a store outside of memory keeps it even if the process ends. */
  replace(next: string, grant: KeptGrant): Promise<void>;
}

interface Kept {
  /** Hash of the environment's token, from which the others came. */
  readonly beganWith: string;
  readonly refreshToken: string | undefined;
  readonly grant: KeptGrant | undefined;
  readonly inUse: boolean;
}

/** Keeps the refresh token in memory only. The next start uses `initial` again. */
export function inMemory(initial: string): RefreshTokenStore {
  return storeOf({ beganWith: '', refreshToken: initial, grant: undefined, inUse: false }, async () => {});
}

/**
 * Keeps the refresh token in the file at `path`, replaced atomically (temporary file, fsync, rename). The file records which
 * token of the environment it began with. A different `initial` was set by an operator and wins. If an earlier process
 * ended while it used the token, the token may be spent. It is not sent again, since a spent one might void the whole
 * connection. Throws if the file cannot be written, or is not one of ours.
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

/** SHA-256 in hex. Identifies the environment's token without storing it. */
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

/** Reads the file without changing it. Undefined if there is none. Throws if it cannot be read, or is not one of ours. */
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

/** A rename is durable only once its folder is synced. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
