import type { Redis } from './redis.js';

export interface RedisCacheOptions<T> {
  readonly redis: Pick<Redis, 'run'>;
  /** Before every id: tells installations, systems and resources apart. */
  readonly prefix: string;
  readonly ttlMs: number;
  /** The record of which a thing was made, and back. */
  readonly recordOf: (thing: T) => object | undefined;
  readonly toThing: (id: string, record: object, full: boolean) => T;
  readonly onLookup: (outcome: 'hit' | 'miss' | 'error', count: number) => void;
}

/** Longer than this, and the upstream may be as quick. */
const TIMEOUT_MS = 50;

/** What replicas share of what they have read: the records as JSON, each with an `f` before it if it is known in full, else a `p`. */
export class RedisCache<T> {
  readonly #options: RedisCacheOptions<T>;

  constructor(options: RedisCacheOptions<T>) {
    this.#options = options;
  }

  async find(ids: readonly string[], full: boolean): Promise<Map<string, T>> {
    const { redis, prefix, toThing, onLookup } = this.#options;
    const found = new Map<string, T>();
    try {
      const texts = await redis.run((client) => client.mGet(ids.map((id) => prefix + id)), TIMEOUT_MS);
      texts.forEach((text, i) => {
        const isFull = text?.startsWith('f') === true;
        if (text && (isFull || !full)) found.set(ids[i]!, toThing(ids[i]!, JSON.parse(text.slice(1)) as object, isFull));
      });
    } catch {
      onLookup('error', ids.length);
      return new Map();
    }
    onLookup('hit', found.size);
    onLookup('miss', ids.length - found.size);
    return found;
  }

  /** In the background: nobody waits for it, nor hears of it. */
  keep(things: ReadonlyMap<string, T>, full: boolean): void {
    const { redis, prefix, ttlMs, recordOf } = this.#options;
    for (const [id, thing] of things) {
      const record = recordOf(thing);
      if (record) redis.run((client) => client.set(prefix + id, (full ? 'f' : 'p') + JSON.stringify(record), { PX: ttlMs })).catch(() => {});
    }
  }
}
