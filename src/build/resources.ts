import { createHmac } from 'node:crypto';
import type { CacheConfig, Cas360Config, Config, PmsConfig } from '../config.js';
import type { Life } from '../life.js';
import { CachedRequests, keeping, type Cache } from '../loaders/cachedRequests.js';
import { Gatherer, type GathererOptions } from '../loaders/gatherer.js';
import type { Resources } from '../loaders/loaders.js';
import { MemoryCache } from '../loaders/memoryCache.js';
import type { Requests } from '../loaders/operationLoader.js';
import { reconcile } from '../loaders/reconcile.js';
import { Cas360Contact } from '../mapping/cas360.js';
import { Cas360Address } from '../mapping/cas360Address.js';
import { PmsContact } from '../mapping/pms.js';
import type { MappingTools } from '../mapping/tools.js';
import type { Source } from '../model.js';
import type { Redis } from '../shared/redis.js';
import { RedisCache, type Guarded } from '../shared/redisCache.js';
import { Seal } from '../shared/seal.js';
import type { Metrics } from '../telemetry/metrics.js';
import { getAddresses, getContacts } from '../upstream/cas360/client.js';
import { CAS360_GUARDED_KEYS, type Cas360AddressRecord, type Cas360ContactRecord } from '../upstream/cas360/reduceRow.js';
import type { Upstream } from '../upstream/http.js';
import { getContact } from '../upstream/pms/client.js';
import { PMS_GUARDED_KEYS, type PmsContactRecord } from '../upstream/pms/reduceContact.js';
import { rowId } from '../upstream/rowId.js';
import { CAS360_CALLS_AT_ONCE, PMS_CALLS_AT_ONCE, type Upstreams } from './upstreams.js';

export interface ResourcesOptions {
  readonly tools: MappingTools;
  readonly metrics: Metrics;
  readonly redis: Redis | undefined;
  /** The longest that one chunk may take. */
  readonly callTimeoutMs: number;
}

type Chunks = Pick<GathererOptions<unknown>, 'maxIds' | 'maxIdBytes' | 'maxCalls'>;

/** One resource of an upstream: what makes our model of a record, and what asks for records. */
interface Kind<T> {
  readonly source: Source;
  readonly resource: string;
  /** Its keys whose fields need a scope. */
  readonly guardedKeys: readonly string[];
  /** With `guarded`, the values at those keys come from there and not from the record. */
  readonly toModel: (id: string, record: object, full: boolean, guarded?: Guarded) => T;
  readonly gather: Chunks;
  readonly fetch: (toModel: Kind<T>['toModel']) => GathererOptions<T>['fetch'];
}

/** Beyond this, more would only wait for longer than their deadline. */
const MAX_WAITING_IDS = 20_000;

/** Builds what operations load from: a gatherer for each resource, and a cache before it where one is wanted. */
export function createResources(config: Config, { pms, cas360 }: Upstreams, options: ResourcesOptions): Resources {
  const { tools } = options;
  return {
    pmsContacts:
      pms &&
      createRequests(config, options, {
        source: 'PMS',
        resource: 'contacts',
        guardedKeys: PMS_GUARDED_KEYS,
        toModel: (id, record, _full, guarded) => new PmsContact(id, record as PmsContactRecord, tools, guarded),
        gather: { maxIds: 1, maxIdBytes: Infinity, maxCalls: PMS_CALLS_AT_ONCE },
        fetch: (toModel) => async ([id = ''], _full, life) => {
          const record = await getContact(pms, id, life);
          return new Map([[id, record && toModel(id, record, false)]]);
        },
      }),
    cas360Contacts:
      cas360 &&
      createRequests(config, options, {
        source: 'CAS360',
        resource: 'contacts',
        guardedKeys: CAS360_GUARDED_KEYS,
        toModel: (id, row, full, guarded) => new Cas360Contact(id, row as Cas360ContactRecord, full, tools, guarded),
        gather: inChunks(cas360, '/contacts/', config.cas360),
        fetch: reconciled((ids, full, life) => getContacts(cas360, ids, full, life)),
      }),
    cas360Addresses:
      cas360 &&
      createRequests(config, options, {
        source: 'CAS360',
        resource: 'addresses',
        guardedKeys: [],
        toModel: (id, row) => new Cas360Address(id, row as Cas360AddressRecord, tools),
        gather: inChunks(cas360, '/addresses/', config.cas360),
        fetch: reconciled((ids, _full, life) => getAddresses(cas360, ids, life)),
      }),
  };
}

function createRequests<T extends object>(config: Config, { metrics, redis, callTimeoutMs }: ResourcesOptions, kind: Kind<T>): Requests<T> {
  const { source, resource, gather } = kind;
  const store = config.cache && createCache(config, config.cache, kind, metrics, redis);
  const fetch = store ? keeping(store.cache, kind.fetch(store.toModel)) : kind.fetch(kind.toModel);
  const gatherer = new Gatherer<T>({ source, resource, ...gather, maxWaitingIds: MAX_WAITING_IDS, timeoutMs: callTimeoutMs, fetch });
  metrics.watchResource(source, resource, () => gatherer.load);
  return store ? new CachedRequests({ source, resource, cache: store.cache, requests: gatherer }) : gatherer;
}

/** A cache, and the way to make models whose records it can keep. */
function createCache<T extends object>(config: Config, { ttlMs, maxEntries }: CacheConfig, { source, resource, guardedKeys, toModel }: Kind<T>, metrics: Metrics, redis: Redis | undefined): { cache: Cache<T>; toModel: Kind<T>['toModel'] } {
  const onLookup = (outcome: 'hit' | 'miss' | 'error', count: number): void => metrics.cacheLookups(source, resource, outcome, count);
  const upstream = source === 'PMS' ? config.pms : config.cas360;
  if (!redis || !upstream) return { toModel, cache: new MemoryCache<T>({ ttlMs, maxEntries, onLookup, now: () => performance.now() }) };
  const records = new WeakMap<T, object>();
  const toKept = (id: string, record: object, full: boolean): T => {
    const model = toModel(id, record, full);
    records.set(model, record);
    return model;
  };
  const prefix = `contacts:cache:${source.toLowerCase()}:${resource}:${accountOf(upstream)}:`;
  const seal = new Seal(upstream.clientSecret, 'contacts: guarded values in the cache');
  const toThing = (id: string, record: object, full: boolean, guarded: Guarded): T | undefined => (rowId(record) === id ? toModel(id, record, full, guarded) : undefined);
  return { toModel: toKept, cache: new RedisCache<T>({ redis, prefix, ttlMs, guardedKeys, seal, onLookup, recordOf: (model) => records.get(model), toThing }) };
}

/**
 * Whom we ask, and as whom: installations may share a Redis, and an id means nobody else's contact there. While a secret
 * is being changed, replicas with the old one and the new one keep apart: neither could decrypt what the other keeps.
 */
function accountOf({ baseUrl, clientId, scope, clientSecret }: PmsConfig | Cas360Config): string {
  return createHmac('sha256', clientSecret).update(JSON.stringify([baseUrl.href, clientId, scope])).digest('base64url').slice(0, 12);
}

function inChunks({ pathPrefix }: Upstream, path: string, config: Cas360Config | undefined): Chunks {
  const { maxIds = 0, maxPathBytes = 0 } = config ?? {};
  return { maxIds, maxIdBytes: maxPathBytes - pathPrefix.length - path.length, maxCalls: CAS360_CALLS_AT_ONCE };
}

function reconciled<T>(ask: (ids: readonly string[], full: boolean, life: Life) => Promise<unknown[]>): Kind<T>['fetch'] {
  return (toModel) => (ids, full, life) => reconcile('CAS360', ids, (some) => ask(some, full, life), (id, row) => toModel(id, row, full));
}
