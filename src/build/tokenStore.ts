import { rm } from 'node:fs/promises';
import type { Config } from '../config.js';
import type { Redis } from '../shared/redis.js';
import { FileStore } from '../upstream/oauth2/refreshToken/fileStore.js';
import { RedisStore } from '../upstream/oauth2/refreshToken/redisStore.js';
import { begunWith } from '../upstream/oauth2/refreshToken/state.js';
import { targetOf } from '../upstream/oauth2/refreshToken/stateFile.js';
import type { StateStore } from '../upstream/oauth2/refreshToken/store.js';

/** The Redis key of the tokens. */
export const CAS360_TOKEN_KEY = 'contacts:{cas360}:token';

type Place = Pick<Config, 'cas360'>;

/** The store that processes share: in Redis, else in the file. Undefined: neither is configured. */
export function openTokenStore({ cas360 }: Place, redis: Pick<Redis, 'run'> | undefined, suffix = ''): StateStore | undefined {
  if (redis) return new RedisStore(redis, CAS360_TOKEN_KEY + suffix);
  return cas360?.tokenFile === undefined ? undefined : new FileStore(targetOf(cas360.tokenFile) + suffix);
}

/** Writes a state beside the real one, and removes it again. Throws StoreFailure if no state could be stored there. */
export async function tryTokenStore(place: Place, redis: Redis | undefined): Promise<void> {
  const suffix = `.trial.${process.pid}`;
  const file = place.cas360?.tokenFile;
  try {
    await openTokenStore(place, redis, suffix)?.update(() => begunWith('trial', undefined));
  } finally {
    // What cannot be removed does no harm.
    if (redis) await redis.run((client) => client.del(CAS360_TOKEN_KEY + suffix)).catch(() => {});
    else if (file !== undefined) await rm(targetOf(file) + suffix, { force: true }).catch(() => {});
  }
}
