import DataLoader from 'dataloader';
import type { Deadline } from '../deadline.js';
import type { Outcome } from '../errors.js';
import type { Source } from '../model.js';
import type { CallRecording } from '../recording.js';
import type { Records } from './resource.js';

/** Keeps records of one resource for a while, by their ids. One that is broken finds nothing. It never throws. */
export interface Cache<R> {
  /** The records kept of these ids; if `relationships`, only those that came with them. */
  find(ids: readonly string[], relationships: boolean): ReadonlyMap<string, R> | Promise<ReadonlyMap<string, R>>;
  keep(records: ReadonlyMap<string, R>, relationships: boolean): void;
}

export interface CachedRecordsOptions<R> {
  readonly source: Source;
  readonly resource: string;
  readonly cache: Cache<R>;
  readonly records: Records<R>;
}

interface LookUp {
  readonly ids: ReadonlySet<string>;
  readonly relationships: boolean;
}

/** Redis serves nobody else while it gathers what one command asks for. */
const MAX_LOOK_UPS = 32;

/**
 * A cache in front of a gatherer: what it has needs no call. It holds only what the service's own credentials may read.
 * Callers' scopes are checked later.
 *
 * Like the gatherer it waits for the end of the event loop's turn and looks up what all operations want by then: one command
 * for Redis instead of many.
 */
export class CachedRecords<R> implements Records<R> {
  readonly #options: CachedRecordsOptions<R>;
  readonly #lookUps: DataLoader<LookUp, ReadonlyMap<string, R>>;

  constructor(options: CachedRecordsOptions<R>) {
    this.#options = options;
    this.#lookUps = new DataLoader((lookUps) => this.#find(lookUps), { cache: false, batchScheduleFn: setImmediate, maxBatchSize: MAX_LOOK_UPS });
  }

  async request(ids: ReadonlySet<string>, relationships: boolean, deadline: Deadline, recording?: CallRecording): Promise<ReadonlyMap<string, Outcome<R>>> {
    const { source, resource, records } = this.#options;
    // May hold what other operations look up too.
    const found = await this.#lookUps.load({ ids, relationships });
    const cached = new Map<string, Outcome<R>>();
    const missing = new Set<string>();
    for (const id of ids) {
      const record = found.get(id);
      if (record) cached.set(id, record);
      else missing.add(id);
    }
    if (cached.size > 0) recording?.waits.push({ source, resource, ids: [...cached.keys()], relationships, kind: 'cached', fields: recording.fields, calls: [], startedAtMs: performance.now() });
    if (missing.size === 0) return cached;
    const fetched = await records.request(missing, relationships, deadline, recording);
    return cached.size === 0 ? fetched : new Map([...fetched, ...cached]);
  }

  async #find(lookUps: readonly LookUp[]): Promise<ReadonlyMap<string, R>[]> {
    const [plain, withRelationships] = await Promise.all([this.#findAll(lookUps, false), this.#findAll(lookUps, true)]);
    return lookUps.map(({ relationships }) => (relationships ? withRelationships : plain));
  }

  #findAll(lookUps: readonly LookUp[], relationships: boolean): ReturnType<Cache<R>['find']> {
    const ids = new Set(lookUps.flatMap((lookUp) => (lookUp.relationships === relationships ? [...lookUp.ids] : [])));
    return ids.size === 0 ? new Map() : this.#options.cache.find([...ids], relationships);
  }
}
