import type { Source } from '../model.js';
import { isEmpty, isRecord } from '../record.js';
import { id, text, type Reader } from './readers.js';
import type { MappingTools } from './tools.js';

type Key<R> = keyof R & string;
type ObjectAt<R, K extends keyof R> = Extract<R[K], object>;
type ItemAt<R, K extends keyof R> = Extract<Extract<R[K], readonly unknown[]>[number], object>;

/**
 * The fields of one object of an upstream record. `R` lists its keys; its values are not trusted. An unusable value is read
 * as null and counted as drift. Nothing here throws.
 */
export class Fields<R extends object> {
  // Private, so that logs and JSON do not show personal data.
  readonly #values: Readonly<Record<string, unknown>>;
  #objects: Record<string, Fields<object>> | undefined;
  #drifted: Set<string> | undefined;

  constructor(
    private readonly source: Source,
    values: unknown,
    readonly tools: MappingTools,
    /** The parent. Paths are built from it only when something drifts. */
    private readonly within?: { readonly path: string },
    private readonly key = '',
  ) {
    this.#values = isRecord(values) ? values : {};
  }

  /** The prefix of its fields' paths. */
  get path(): string {
    return this.within ? `${this.within.path}${this.key}.` : '';
  }

  read<T>(key: Key<R>, reader: Reader<T>): T | null {
    const value = this.#values[key];
    if (isEmpty(value)) return null;
    const read = reader(value);
    if (read !== undefined) return read;
    this.drift(key);
    return null;
  }

  /** The text at this key. Most fields are texts. */
  text(key: Key<R>): string | null {
    const value = this.#values[key];
    if (isEmpty(value)) return null;
    return typeof value === 'string' && value.isWellFormed() ? value : this.read(key, text);
  }

  has(key: Key<R>): boolean {
    return !isEmpty(this.#values[key]);
  }

  holdsObject(key: Key<R>): boolean {
    return isRecord(this.#values[key]);
  }

  /** The object at this key, or an empty one. */
  object<K extends Key<R>>(key: K): Fields<ObjectAt<R, K>> {
    const objects = (this.#objects ??= {});
    return (objects[key] ??= new Fields(this.source, this.read(key, object), this.tools, this, key));
  }

  /** The usable items of the list at this key. Null if the value there is not a list: it must not read as an empty one. */
  items<T>(key: Key<R>, reader: Reader<T>): T[] | null {
    const values = this.read(key, list);
    if (values === null) return this.has(key) ? null : [];
    const items: T[] = [];
    for (const item of values) {
      if (isEmpty(item)) continue;
      const read = reader(item);
      if (read === undefined) this.#countDrift(`${key}[]`);
      else items.push(read);
    }
    return items;
  }

  /** Maps the objects in the list at this key. Empty objects are left out. */
  objects<K extends Key<R>, T>(key: K, make: (item: Fields<ItemAt<R, K>>) => T): T[] | null {
    const items = this.items(key, object);
    if (items === null) return null;
    const made: T[] = [];
    for (const values of items) {
      const item = new Fields<ItemAt<R, K>>(this.source, values, this.tools, this, `${key}[]`);
      if (item.#hasValues()) made.push(make(item));
    }
    return made;
  }

  /** The object's id. A missing one is drift, unless the object is empty. */
  ownId(this: Fields<R & { id?: unknown }>): string | null {
    if (!this.has('id') && this.#hasValues()) this.drift('id');
    return this.read('id', id);
  }

  drift(key: Key<R>): void {
    this.#countDrift(key);
  }

  #hasValues(): boolean {
    for (const key in this.#values) if (!isEmpty(this.#values[key])) return true;
    return false;
  }

  /** Counts a field once, however often it is read. */
  #countDrift(field: string): void {
    const drifted = (this.#drifted ??= new Set());
    if (drifted.has(field)) return;
    drifted.add(field);
    this.tools.drift(this.source, this.path + field);
  }
}

/** The texts at these keys, without empty and blank ones; null if all are. */
export function texts<R extends object>(record: Fields<R>, ...keys: Key<R>[]): string[] | null {
  const found = keys.map((key) => record.text(key)).filter((part) => part !== null && part.trim() !== '') as string[];
  return found.length === 0 ? null : found;
}

/** The object, or null if every part is null. */
export function group<T extends object>(parts: T): T | null {
  for (const key in parts) if (parts[key] !== null) return parts;
  return null;
}

const object: Reader<object> = (value) => (isRecord(value) ? value : undefined);

const list: Reader<readonly unknown[]> = (value) => (Array.isArray(value) ? value : undefined);
