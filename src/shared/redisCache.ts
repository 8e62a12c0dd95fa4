import type { RedisClientType } from '@redis/client';
import type { Redis } from './redis.js';
import type { Seal } from './seal.js';

export interface RedisCacheOptions {
  readonly redis: Pick<Redis, 'run'>;
  /** The prefix of every key. Separates installations, systems and resources. */
  readonly prefix: string;
  readonly ttlMs: number;
  /** The keys of a record whose values are encrypted. */
  readonly guardedKeys: readonly string[];
  readonly seal: Seal;
  readonly onLookup: (outcome: 'hit' | 'miss' | 'error', count: number) => void;
}

/**
 * A slower answer is no gain over the upstream. Shorter than the time after which `Redis` is marked as down, so that one slow
 * look-up does not do that.
 */
const TIMEOUT_MS = 50;

const WITH_RELATIONSHIPS = 'f';
const PLAIN = 'p';

/**
 * Records that replicas share. An entry begins with `f` if the record came with relationships, otherwise with `p`. Then come
 * the guarded values, if any, encrypted for this entry's key, and then the rest of the record as JSON.
 *
 * The first read of a guarded value decrypts all of them. Decrypting those of every entry found would cost several times as
 * much as reading the rest.
 */
export class RedisCache<R extends { readonly id: string }> {
  readonly #options: RedisCacheOptions;
  readonly #Record: GuardedRecordClass;

  constructor(options: RedisCacheOptions) {
    this.#options = options;
    this.#Record = guardedRecordClass(options.guardedKeys);
  }

  async find(ids: readonly string[], relationships: boolean): Promise<Map<string, R>> {
    const { redis, prefix, onLookup } = this.#options;
    const found = new Map<string, R>();
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
      if (text === null || (relationships && text.startsWith(PLAIN))) return;
      const record = this.#read(ids[i]!, keys[i]!, text);
      if (record) found.set(ids[i]!, record);
      else unreadable.push(keys[i]!);
    });
    onLookup('hit', found.size);
    this.#dropUnreadable(unreadable);
    onLookup('miss', ids.length - found.size - unreadable.length);
    return found;
  }

  /** Stores records in the background. A failure has no effect. */
  keep(records: ReadonlyMap<string, R>, relationships: boolean): void {
    const { redis, prefix, ttlMs } = this.#options;
    // NX: a plain call can return after a later one with relationships for the same id.
    const options = { PX: ttlMs, ...(!relationships && { condition: 'NX' as const }) };
    // Async, so that a record that cannot be written does not stop the others.
    const set = async (client: RedisClientType, id: string, record: R): Promise<unknown> => client.set(prefix + id, this.#write(prefix + id, record, relationships), options);
    redis.run((client) => Promise.allSettled(Array.from(records, ([id, record]) => set(client, id, record))), TIMEOUT_MS).catch(() => {});
  }

  #write(key: string, record: R, relationships: boolean): string {
    const { guardedKeys, seal } = this.#options;
    const open: Record<string, unknown> = { ...record };
    const guarded: Record<string, unknown> = {};
    for (const name of guardedKeys) {
      if (open[name] !== undefined && open[name] !== null) guarded[name] = open[name];
      open[name] = undefined;
    }
    const encrypted = Object.keys(guarded).length === 0 ? '' : seal.encrypt(guarded, key);
    return (relationships ? WITH_RELATIONSHIPS : PLAIN) + encrypted + JSON.stringify(open);
  }

  #read(id: string, key: string, text: string): R | undefined {
    // `{` ends the base64 part.
    const end = text.indexOf('{');
    // Stryker disable next-line ConditionalExpression,EqualityOperator: without `{`, no record is read
    if (end < 1 || !(text.startsWith(WITH_RELATIONSHIPS) || text.startsWith(PLAIN))) return undefined;
    try {
      const open = JSON.parse(text.slice(end)) as object;
      // Assigned, it would replace the getters of the guarded keys.
      if (Object.hasOwn(open, '__proto__')) return undefined;
      const record = new this.#Record(open, () => this.#decrypt(key, text.slice(1, end))) as unknown as R;
      return record.id === id ? record : undefined;
    } catch {
      return undefined;
    }
  }

  /** Never throws, since getters call it. If an entry was changed in Redis, it has no guarded values and is removed. */
  #decrypt(key: string, encrypted: string): Values {
    if (encrypted === '') return {};
    const guarded = this.#options.seal.decrypt(encrypted, key);
    if (!guarded) this.#dropUnreadable([key]);
    return (guarded ?? {}) as Values;
  }

  /** Deletes entries: with NX, a plain entry would never replace them. */
  #dropUnreadable(keys: string[]): void {
    const { redis, onLookup } = this.#options;
    onLookup('error', keys.length);
    if (keys.length > 0) redis.run((client) => client.del(keys), TIMEOUT_MS).catch(() => {});
  }
}

type Values = Readonly<Record<string, unknown>>;
type GuardedRecordClass = new (open: object, decrypt: () => Values) => object;

/** A class with a getter for each guarded key. The first read decrypts all of them. */
function guardedRecordClass(guardedKeys: readonly string[]): GuardedRecordClass {
  class GuardedRecord {
    readonly #decrypt: () => Values;
    #guarded: Values | undefined;

    constructor(open: object, decrypt: () => Values) {
      this.#decrypt = decrypt;
      Object.assign(this, open);
    }

    static read(record: GuardedRecord, key: string): unknown {
      return (record.#guarded ??= record.#decrypt())[key];
    }
  }
  for (const key of guardedKeys) {
    Object.defineProperty(GuardedRecord.prototype, key, {
      get(this: GuardedRecord) {
        return GuardedRecord.read(this, key);
      },
    });
  }
  return GuardedRecord;
}
