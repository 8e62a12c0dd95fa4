import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readKept } from '../upstream/oauth2/refreshToken.js';
import type { Findings } from './findings.js';

/** Checks whether the service could keep its refresh token at `path`, without changing it. Resolves to whether it can be read. */
export async function checkTokenFile(path: string, found: Findings): Promise<boolean> {
  const whyNot = await tryWriting(path);
  if (whyNot) found.fault(`CAS360_TOKEN_FILE: ${whyNot}. The service would not start`);
  else found.ok('CAS360_TOKEN_FILE can be written');
  try {
    if (await readKept(path)) await checkPlace(path, found);
    return true;
  } catch {
    found.fault('CAS360_TOKEN_FILE: what is there cannot be read, or is no file of the service’s. Remove it to begin anew');
    return false;
  }
}

/** Does the same as the service, with another file beside it: writes, renames, and syncs the folder. */
async function tryWriting(path: string): Promise<string | undefined> {
  const names = [`${path}.doctor.${process.pid}.tmp`, `${path}.doctor.${process.pid}`] as const;
  try {
    await (await open(names[0], 'w', 0o600)).close();
    await rename(...names);
    const folder = await open(dirname(path), 'r');
    await folder.sync().finally(() => folder.close());
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'its folder does not exist';
    if (code === 'ENOSPC') return 'there is no room left where it lies';
    return 'its folder cannot be written by this user';
  } finally {
    await Promise.all(names.map((name) => rm(name, { force: true }).catch(() => {})));
  }
}

async function checkPlace(path: string, found: Findings): Promise<void> {
  const [file, folder] = await Promise.all([stat(path), stat(dirname(path))]);
  if (file.dev !== folder.dev) found.fault('CAS360_TOKEN_FILE is mounted by itself, and cannot be replaced: mount its folder');
  if (process.platform !== 'win32' && (file.mode & 0o077) !== 0) found.warning('CAS360_TOKEN_FILE can be read by others: chmod 600');
}
