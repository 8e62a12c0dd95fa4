import DataLoader from 'dataloader';
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

interface LookUp {
  readonly ids: ReadonlySet<string>;
  readonly full: boolean;
}

/** Redis serves nobody else while it gathers what one command asks for. */
const MOST_LOOK_UPS = 32;

/**
 * A cache before a gatherer: what it has costs no call. It holds only what the service's own credentials may read, and
 * callers' scopes are checked after it.
 *
 * Like the gatherer it waits for the end of the event loop's turn and looks up what all operations want by then: one
 * command for Redis, and answers that leave together, which takes the system half of what it takes for each by itself.
 */
export class CachedRequests<T extends object> implements Requests<T> {
  readonly #options: CachedRequestsOptions<T>;
  readonly #lookUps: DataLoader<LookUp, ReadonlyMap<string, T>>;

  constructor(options: CachedRequestsOptions<T>) {
    this.#options = options;
    this.#lookUps = new DataLoader((lookUps) => this.#find(lookUps), { cache: false, batchScheduleFn: setImmediate, maxBatchSize: MOST_LOOK_UPS });
  }

  async request(ids: ReadonlySet<string>, full: boolean, life: Life, watching?: Watching): Promise<ReadonlyMap<string, Outcome<T>>> {
    const { source, resource, requests } = this.#options;
    // Perhaps with what others want.
    const found = await this.#lookUps.load({ ids, full });
    const cached = new Map<string, Outcome<T>>();
    const missing = new Set<string>();
    for (const id of ids) {
      const thing = found.get(id);
      if (thing) cached.set(id, thing);
      else missing.add(id);
    }
    if (cached.size > 0) watching?.watch.batches.push({ source, resource, ids: [...cached.keys()], full, kind: 'cached', fields: watching.fields, calls: [], startedAtMs: performance.now() });
    if (missing.size === 0) return cached;
    const fetched = await requests.request(missing, full, life, watching);
    return cached.size === 0 ? fetched : new Map([...fetched, ...cached]);
  }

  async #find(lookUps: readonly LookUp[]): Promise<ReadonlyMap<string, T>[]> {
    const [plain, full] = await Promise.all([this.#findAll(lookUps, false), this.#findAll(lookUps, true)]);
    return lookUps.map((lookUp) => (lookUp.full ? full : plain));
  }

  #findAll(lookUps: readonly LookUp[], full: boolean): ReturnType<Cache<T>['find']> {
    const ids = new Set(lookUps.flatMap((lookUp) => (lookUp.full === full ? [...lookUp.ids] : [])));
    return ids.size === 0 ? new Map() : this.#options.cache.find([...ids], full);
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
