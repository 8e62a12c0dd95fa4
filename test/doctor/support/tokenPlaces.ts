import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type RedisClientType } from '@redis/client';
import { CAS360_TOKEN_KEY } from '../../../src/build/tokenStore.js';
import { FileStore } from '../../../src/upstream/oauth2/refreshToken/fileStore.js';
import { RedisStore } from '../../../src/upstream/oauth2/refreshToken/redisStore.js';
import type { Kept } from '../../../src/upstream/oauth2/refreshToken/state.js';
import type { Change } from '../../../src/upstream/oauth2/refreshToken/store.js';
import { RedisServer } from '../../support/redisServer.js';

/** Where processes share a refresh token. */
export interface TokenPlace {
  /** The settings that lead there. */
  readonly settings: Record<string, string>;
  update(change: Change): Promise<Kept | undefined>;
  /** All that is there, to compare. */
  snapshot(): Promise<unknown>;
  clear(): Promise<unknown>;
  stop(): Promise<void>;
}

export async function filePlace(): Promise<TokenPlace> {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-token-'));
  const path = join(folder, 'token');
  return {
    settings: { CAS360_TOKEN_FILE: path },
    update: (change) => new FileStore(path).update(change),
    snapshot: async () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8'), statSync(join(folder, name)).mtimeMs]),
    clear: async () => rmSync(path, { force: true }),
    stop: async () => rmSync(folder, { recursive: true }),
  };
}

export async function redisPlace(): Promise<TokenPlace> {
  const redis = await RedisServer.start();
  // Each client with other options than the one before costs a class of its own with all commands.
  const client: RedisClientType = createClient({ url: redis.url });
  await client.connect();
  return {
    settings: { REDIS_URL: redis.url },
    update: (change) => new RedisStore({ run: (command) => command(client) }, CAS360_TOKEN_KEY).update(change),
    snapshot: async () => {
      const kept = await Promise.all((await client.keys('*')).map(async (key) => [key, await client.hGetAll(key)]));
      return [...kept, /changes_since_last_save:\d+/.exec(await client.info('persistence'))?.[0]];
    },
    clear: () => client.flushAll(),
    stop: () => {
      client.destroy();
      return redis.stop();
    },
  };
}
