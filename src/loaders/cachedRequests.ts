import type { Outcome } from '../errors.js';
import type { Life } from '../life.js';
import type { Source } from '../model.js';
import type { Watching } from './gatherer.js';
import type { Requests } from './operationLoader.js';

/** Where things of an upstream are kept for a while, by their ids. One that is broken has nothing; it never throws. */
export interface Cache<T> {
  /** What is kept of these ids; only what is known in full, if `full`. */
  find(ids: readonly string[], full: boolean): ReadonlyMap<string, T> | Promise<ReadonlyMap<string, T>>;
  keep(things: ReadonlyMap<string, T>, full: boolean): void;
}

export interface CachedRequestsOptions<T> {
  readonly source: Source;
  readonly resource: string;
  readonly cache: Cache<T>;
  readonly requests: Requests<T>;
}

/**
 * A cache before a gatherer: what it has costs no call, what it has not is asked for and kept. Neither errors nor absences
 * are kept. It holds only what the service's own credentials may read, and callers' scopes are checked after it.
 */
export class CachedRequests<T extends object> implements Requests<T> {
  readonly #options: CachedRequestsOptions<T>;

  constructor(options: CachedRequestsOptions<T>) {
    this.#options = options;
  }

  async request(ids: ReadonlySet<string>, full: boolean, life: Life, watching?: Watching): Promise<ReadonlyMap<string, Outcome<T>>> {
    const { source, resource, cache, requests } = this.#options;
    const finding = cache.find([...ids], full);
    const found = finding instanceof Promise ? await finding : finding;
    if (found.size > 0) watching?.watch.batches.push({ source, resource, ids: [...found.keys()], full, kind: 'cached', fields: watching.fields, calls: [], startedAtMs: performance.now() });
    if (found.size === ids.size) return found;

    const missing = new Set([...ids].filter((id) => !found.has(id)));
    const fetched = await requests.request(missing, full, life, watching);
    const fresh = new Map<string, T>();
    for (const id of missing) {
      const outcome = fetched.get(id);
      if (outcome && !(outcome instanceof Error)) fresh.set(id, outcome);
    }
    cache.keep(fresh, full);
    return found.size === 0 ? fetched : new Map<string, Outcome<T>>([...fetched, ...found]);
  }
}
