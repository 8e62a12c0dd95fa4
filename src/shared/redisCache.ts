import type { RedisClientType } from '@redis/client';
import type { Redis } from './redis.js';

export interface RedisCacheOptions<T> {
  readonly redis: Pick<Redis, 'run'>;
  /** Before every id: tells installations, systems and resources apart. */
  readonly prefix: string;
  readonly ttlMs: number;
  /** The record of which a thing was made, and back; undefined for a record that is not of this id. */
  readonly recordOf: (thing: T) => object | undefined;
  readonly toThing: (id: string, record: object, full: boolean) => T | undefined;
  readonly onLookup: (outcome: 'hit' | 'miss' | 'error', count: number) => void;
}

/** Longer than this, and the upstream may be as quick. Shorter than what takes Redis for down: this is not worth it. */
const TIMEOUT_MS = 50;

const FULL = 'f';
const PLAIN = 'p';

/** What replicas share of what they have read: the records as JSON, each with an `f` before it if it is known in full, else a `p`. */
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
      const thing = this.#read(ids[i]!, text);
      if (thing) found.set(ids[i]!, thing);
      else unreadable.push(keys[i]!);
    });
    // Out of the way: a plain entry never replaces one that is there.
    if (unreadable.length > 0) redis.run((client) => client.del(unreadable), TIMEOUT_MS).catch(() => {});
    onLookup('hit', found.size);
    onLookup('error', unreadable.length);
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
      if (record) await client.set(prefix + id, (full ? FULL : PLAIN) + JSON.stringify(record), options);
    };
    redis.run((client) => Promise.allSettled(Array.from(things, ([id, thing]) => set(client, id, thing))), TIMEOUT_MS).catch(() => {});
  }

  #read(id: string, text: string): T | undefined {
    if (!text.startsWith(FULL) && !text.startsWith(PLAIN)) return undefined;
    try {
      const record: unknown = JSON.parse(text.slice(1));
      return typeof record === 'object' && record !== null ? this.#options.toThing(id, record, text.startsWith(FULL)) : undefined;
    } catch {
      return undefined;
    }
  }
}
