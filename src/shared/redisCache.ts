import type { RedisClientType } from '@redis/client';
import type { Redis } from './redis.js';
import type { Seal } from './seal.js';

/** Decrypts the guarded values of a record. */
export type Guarded = () => object;

export interface RedisCacheOptions<T> {
  readonly redis: Pick<Redis, 'run'>;
  /** Before every id: tells installations, systems and resources apart. */
  readonly prefix: string;
  readonly ttlMs: number;
  /** The keys of a record whose values are encrypted. */
  readonly guardedKeys: readonly string[];
  readonly seal: Seal;
  /** The record of which a thing was made, and back; undefined for a record that is not of this id. */
  readonly recordOf: (thing: T) => object | undefined;
  readonly toThing: (id: string, record: object, full: boolean, guarded: Guarded) => T | undefined;
  readonly onLookup: (outcome: 'hit' | 'miss' | 'error', count: number) => void;
}

/** A slower Redis is no faster than the upstream. One slow look-up does not count as Redis being down, which takes longer. */
const TIMEOUT_MS = 50;

const FULL = 'f';
const PLAIN = 'p';

/**
 * What replicas share of what they have read. An entry is an `f` if the record is known in full, else a `p`; then the
 * guarded values, encrypted for this entry's key, if there are any; then the rest of the record as JSON.
 *
 * The guarded values are decrypted when one of them is first read: to do so for each entry that is found would cost
 * several times what reading the rest of it costs.
 */
export class RedisCache<T> {
  readonly #options: RedisCacheOptions<T>;

  constructor(options: RedisCacheOptions<T>) {
    this.#options = options;
  }

  async find(ids: readonly string[], full: boolean): Promise<Map<string, T>> {
    const { redis, prefix, onLookup } = this.#options;
    const found = new Map<string, T>();
    const keys = ids.map((id) => prefix + id);
    let texts: readonly (string | null)[];
    try {
      texts = await redis.run((client) => client.mGet(keys), TIMEOUT_MS);
    } catch {
      onLookup('error', ids.length);
      return found;
    }
    const unreadable: string[] = [];
    texts.forEach((text, i) => {
      if (text === null || (full && text.startsWith(PLAIN))) return;
      const thing = this.#read(ids[i]!, keys[i]!, text);
      if (thing) found.set(ids[i]!, thing);
      else unreadable.push(keys[i]!);
    });
    onLookup('hit', found.size);
    this.#dropUnreadable(unreadable);
    onLookup('miss', ids.length - found.size - unreadable.length);
    return found;
  }

  /** In the background: nobody waits for it, nor hears of it. */
  keep(things: ReadonlyMap<string, T>, full: boolean): void {
    const { redis, prefix, ttlMs, recordOf } = this.#options;
    // A plain call may return after one in full, for the same id, that went out later.
    const options = { PX: ttlMs, ...(!full && { condition: 'NX' as const }) };
    const set = async (client: RedisClientType, id: string, thing: T): Promise<void> => {
      const record = recordOf(thing);
      if (record) await client.set(prefix + id, this.#write(prefix + id, record, full), options);
    };
    redis.run((client) => Promise.allSettled(Array.from(things, ([id, thing]) => set(client, id, thing))), TIMEOUT_MS).catch(() => {});
  }

  #write(key: string, record: object, full: boolean): string {
    const { guardedKeys, seal } = this.#options;
    const open: Record<string, unknown> = { ...record };
    const guarded: Record<string, unknown> = {};
    for (const name of guardedKeys) {
      if (open[name] !== undefined && open[name] !== null) guarded[name] = open[name];
      open[name] = undefined;
    }
    const encrypted = Object.keys(guarded).length === 0 ? '' : seal.encrypt(guarded, key);
    return (full ? FULL : PLAIN) + encrypted + JSON.stringify(open);
  }

  #read(id: string, key: string, text: string): T | undefined {
    // `{` ends the base64 part.
    const end = text.indexOf('{');
    if (end < 1 || !(text.startsWith(FULL) || text.startsWith(PLAIN))) return undefined;
    try {
      const record = JSON.parse(text.slice(end)) as object;
      return this.#options.toThing(id, record, text.startsWith(FULL), () => this.#decrypt(key, text.slice(1, end)));
    } catch {
      return undefined;
    }
  }

  /** Resolvers call it, so it never throws. An entry that somebody has changed gives no guarded values, and is removed. */
  #decrypt(key: string, encrypted: string): object {
    if (encrypted === '') return {};
    const guarded = this.#options.seal.decrypt(encrypted, key);
    if (!guarded) this.#dropUnreadable([key]);
    return guarded ?? {};
  }

  /** Out of the way: a plain entry never replaces one that is there. */
  #dropUnreadable(keys: string[]): void {
    const { redis, onLookup } = this.#options;
    onLookup('error', keys.length);
    if (keys.length > 0) redis.run((client) => client.del(keys), TIMEOUT_MS).catch(() => {});
  }
}
