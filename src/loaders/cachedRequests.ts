import { isFound, type Outcome } from '../errors.js';
import type { Life } from '../life.js';
import type { Source } from '../model.js';
import type { GathererOptions, Watching } from './gatherer.js';
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
 * A cache before a gatherer: what it has costs no call. It holds only what the service's own credentials may read, and
 * callers' scopes are checked after it.
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
    return found.size === 0 ? fetched : new Map<string, Outcome<T>>([...fetched, ...found]);
  }
}

/**
 * Behind the gatherer: what each call brings is kept, as soon as it comes and once, however many wait for it. Neither
 * errors nor absences are.
 */
export function keeping<T>(cache: Cache<T>, fetch: GathererOptions<T>['fetch']): GathererOptions<T>['fetch'] {
  return async (ids, full, life) => {
    const outcomes = await fetch(ids, full, life);
    const fresh = new Map<string, T>();
    for (const [id, outcome] of outcomes) if (isFound(outcome)) fresh.set(id, outcome);
    if (fresh.size > 0) cache.keep(fresh, full);
    return outcomes;
  };
}
