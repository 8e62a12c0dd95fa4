import type { Source } from '../model.js';
import { isRecord } from '../record.js';
import { id, text, type Reader } from './readers.js';
import type { MappingTools } from './tools.js';

type Key<R> = keyof R & string;
type ObjectAt<R, K extends keyof R> = Extract<R[K], object>;
type ItemAt<R, K extends keyof R> = Extract<Extract<R[K], readonly unknown[]>[number], object>;

/**
 * The fields of one object of an upstream record. R says which there should be; what they hold is not trusted: a value
 * that cannot be used is null and counted as drift, and nothing here throws.
 */
export class Fields<R extends object> {
  // Hidden from logs and JSON too: records are personal data.
  readonly #values: Readonly<Record<string, unknown>>;
  #objects: Record<string, Fields<object>> | undefined;
  #drifted: Set<string> | undefined;

  constructor(
    private readonly source: Source,
    values: unknown,
    readonly tools: MappingTools,
    /** Where it stands: put together only for what drifted. */
    private readonly within?: { readonly path: string },
    private readonly key = '',
  ) {
    this.#values = isRecord(values) ? values : {};
  }

  /** What stands before the names of its fields. */
  get path(): string {
    return this.within ? `${this.within.path}${this.key}.` : '';
  }

  read<T>(key: Key<R>, reader: Reader<T>): T | null {
    const value = this.#values[key];
    if (isNothing(value)) return null;
    const read = reader(value);
    if (read !== undefined) return read;
    this.drift(key);
    return null;
  }

  /** The text at this key: most fields are one, and it takes no reader. */
  text(key: Key<R>): string | null {
    const value = this.#values[key];
    if (isNothing(value)) return null;
    return typeof value === 'string' ? value : this.read(key, text);
  }

  has(key: Key<R>): boolean {
    return !isNothing(this.#values[key]);
  }

  holdsObject(key: Key<R>): boolean {
    return isRecord(this.#values[key]);
  }

  /** The object at this key; one that says nothing where there is none. */
  object<K extends Key<R>>(key: K): Fields<ObjectAt<R, K>> {
    const objects = (this.#objects ??= {});
    return (objects[key] ??= new Fields(this.source, this.read(key, object), this.tools, this, key));
  }

  /** The usable items of the list at this key. */
  items<T>(key: Key<R>, reader: Reader<T>): T[] {
    const items: T[] = [];
    for (const item of this.read(key, list) ?? []) {
      if (isNothing(item)) continue;
      const read = reader(item);
      if (read === undefined) this.#countDrift(`${key}[]`);
      else items.push(read);
    }
    return items;
  }

  /** What `make` makes of the objects in the list at this key, without those that say nothing. */
  objects<K extends Key<R>, T>(key: K, make: (item: Fields<ItemAt<R, K>>) => T): T[] {
    const made: T[] = [];
    for (const values of this.items(key, object)) {
      const item = new Fields<ItemAt<R, K>>(this.source, values, this.tools, this, `${key}[]`);
      if (item.#saysAnything()) made.push(make(item));
    }
    return made;
  }

  /** The number of the object. One that says anything must have it, since nobody could refer to it otherwise. */
  ownId(this: Fields<R & { id?: unknown }>): string | null {
    if (!this.has('id') && this.#saysAnything()) this.drift('id');
    return this.read('id', id);
  }

  drift(key: Key<R>): void {
    this.#countDrift(key);
  }

  #saysAnything(): boolean {
    for (const key in this.#values) if (!isNothing(this.#values[key])) return true;
    return false;
  }

  /** Once for each field, however often it is read. */
  #countDrift(field: string): void {
    const drifted = (this.#drifted ??= new Set());
    if (drifted.has(field)) return;
    drifted.add(field);
    this.tools.drift(this.source, this.path + field);
  }
}

/** The texts at these keys, without those that are nothing; null where all are. */
export function texts<R extends object>(record: Fields<R>, ...keys: Key<R>[]): string[] | null {
  const found = keys.map((key) => record.text(key)).filter((part) => part !== null);
  return found.length === 0 ? null : found;
}

/** The object, or null where every part of it is null. */
export function group<T extends object>(parts: T): T | null {
  for (const key in parts) if (parts[key] !== null) return parts;
  return null;
}

const object: Reader<object> = (value) => (isRecord(value) ? value : undefined);

const list: Reader<readonly unknown[]> = (value) => (Array.isArray(value) ? value : undefined);

/** The ways in which the upstreams say nothing. */
function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === 'null';
}
