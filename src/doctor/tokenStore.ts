import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { adviceOn } from '../build/storeAdvice.js';
import { CAS360_TOKEN_KEY, openTokenStore, tryTokenStore } from '../build/tokenStore.js';
import type { Cas360Config, Config } from '../config.js';
import type { Kept } from '../upstream/oauth2/refreshToken/state.js';
import { StoreFailure, type StateStore } from '../upstream/oauth2/refreshToken/store.js';
import type { Findings } from './findings.js';
import { whyNot, withRedis } from './redis.js';

/** What the store of the refresh token holds. */
export interface Stored {
  readonly kept: Kept | undefined;
  /** Milliseconds since 1970, by the store's clock. */
  readonly nowMs: number;
  isGone(holder: string): boolean;
}

type Checked = Stored & { readonly canWrite: boolean };

/** Reads the store in Redis or in the file, and checks whether it can be written. The state stays as it is. Undefined: there is nothing to read. */
export async function checkTokenStore({ redisUrl }: Config, cas360: Cas360Config, found: Findings): Promise<Checked | undefined> {
  if (redisUrl !== undefined) return readRedis(redisUrl, cas360, found);
  if (cas360.tokenFile !== undefined) return readFile(cas360.tokenFile, cas360, found);
  found.warning('cas360.tokenStore', 'neither CAS360_TOKEN_FILE nor REDIS_URL is set: the refresh token is lost with the process, and must then be approved again');
  found.unknown('cas360.accessToken', 'no contact was read: that would spend the refresh token, and there is no place to keep the next one');
  return undefined;
}

/** Opens the store in Redis or in the file. One of the two must be configured. */
export function withTokenStore<T>({ redisUrl }: Pick<Config, 'redisUrl'>, cas360: Cas360Config, use: (store: StateStore) => Promise<T>): Promise<T> {
  if (redisUrl === undefined) return use(openTokenStore({ cas360 }, undefined)!);
  return withRedis(redisUrl, (client) => use(openTokenStore({ cas360 }, { run: (command) => command(client) })!));
}

/** Why the store cannot be used, and what to do about it. */
export function storeFault(error: unknown, { redisUrl }: Pick<Config, 'redisUrl'>): string {
  if (redisUrl !== undefined) return `the tokens that replicas share in Redis cannot be used: ${whyNot(error)}`;
  return `CAS360_TOKEN_FILE: ${error instanceof StoreFailure ? adviceOn(error.problem, 'CAS360_TOKEN_FILE') : 'it cannot be used: look at its disk'}`;
}

async function readRedis(redisUrl: string, cas360: Cas360Config, found: Findings): Promise<Checked | undefined> {
  try {
    const stored = await withTokenStore({ redisUrl }, cas360, readTokenStore);
    // Deletes nothing. Redis refuses it like the writes of the token, and takes both when it is full.
    const problem = await withRedis(redisUrl, (client) => client.hDel(CAS360_TOKEN_KEY, 'none')).then(() => undefined, whyNot);
    if (problem === undefined) found.ok('cas360.tokenStore', 'the refresh token can be kept in Redis');
    else found.fault('cas360.tokenStore', `the refresh token cannot be kept in Redis: ${problem}`);
    return { ...stored, canWrite: problem === undefined };
  } catch (error) {
    found.fault('cas360.tokenStore', storeFault(error, { redisUrl }));
    return undefined;
  }
}

async function readFile(path: string, cas360: Cas360Config, found: Findings): Promise<Checked | undefined> {
  const told = new Set<string>();
  const tell = (error: unknown): void => {
    const fault = storeFault(error, { redisUrl: undefined });
    if (!told.has(fault)) found.fault('cas360.tokenStore', `${fault}. The service would not start`);
    told.add(fault);
  };
  await tryTokenStore({ cas360 }, undefined).then(() => found.ok('cas360.tokenStore', 'CAS360_TOKEN_FILE can be written'), tell);
  try {
    const stored = await withTokenStore({ redisUrl: undefined }, cas360, readTokenStore);
    if (stored.kept) await checkPlace(path, found);
    return { ...stored, canWrite: told.size === 0 };
  } catch (error) {
    tell(error);
    return undefined;
  }
}

/** Reads without writing anything. Throws StoreFailure. */
export async function readTokenStore(store: StateStore): Promise<Stored> {
  let nowMs = 0;
  const kept = await store.update((kept, now) => ((nowMs = now), kept));
  return { kept, nowMs, isGone: (holder) => store.isGone(holder) };
}

async function checkPlace(path: string, found: Findings): Promise<void> {
  const [file, folder] = await Promise.all([stat(path), stat(dirname(path))]);
  if (file.dev !== folder.dev) found.fault('cas360.tokenStore', 'CAS360_TOKEN_FILE is mounted by itself, and cannot be replaced: mount its folder');
  if (process.platform !== 'win32' && (file.mode & 0o077) !== 0) found.warning('cas360.tokenStore', 'CAS360_TOKEN_FILE can be read by others: chmod 600');
}
