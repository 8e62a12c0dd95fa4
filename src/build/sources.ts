import { createHmac } from 'node:crypto';
import type { Cas360Config, Config, PmsConfig } from '../config.js';
import { CachedRecords, type Cache } from '../loaders/cachedRecords.js';
import { Gatherer } from '../loaders/gatherer.js';
import type { PlannedResources, Sources } from '../loaders/loaders.js';
import { MemoryCache } from '../loaders/memoryCache.js';
import type { ChunkLimits } from '../loaders/queue.js';
import type { RecordSource, Resource, UpstreamRecord } from '../loaders/resource.js';
import { Cas360Contact } from '../mapping/cas360.js';
import { Cas360Address } from '../mapping/cas360Address.js';
import { PmsContact } from '../mapping/pms.js';
import type { MappingTools } from '../mapping/tools.js';
import type { Address, Contact } from '../model.js';
import type { Redis } from '../shared/redis.js';
import { RedisCache } from '../shared/redisCache.js';
import { Seal } from '../shared/seal.js';
import type { Metrics } from '../telemetry/metrics.js';
import { getAddresses, getContacts } from '../upstream/cas360/client.js';
import { CAS360_GUARDED_KEYS, type Cas360Address as AddressRecord, type Cas360Contact as Cas360Record } from '../upstream/cas360/reduceRow.js';
import type { Endpoint } from '../upstream/endpoint.js';
import { getContact } from '../upstream/pms/client.js';
import { PMS_GUARDED_KEYS, type PmsContact as PmsRecord } from '../upstream/pms/reduceContact.js';
import { pathPrefixOf } from '../upstream/wire.js';
import { CAS360_CALLS_AT_ONCE, PMS_CALLS_AT_ONCE, type Upstreams } from './upstreams.js';

export interface SourcesOptions {
  readonly tools: MappingTools;
  readonly metrics: Metrics;
  readonly redis: Redis | undefined;
}

/** Bounds the memory that waiting ids take. Each id of the PMS waits for a call of its own, and takes some four times as much. */
const MAX_WAITING_IDS = { PMS: 20_000, CAS360: 50_000 };

const ONE_ID: ChunkLimits = { maxIds: 1, maxIdBytes: Infinity };
const CONTACTS_PATH = '/contacts/';
const ADDRESSES_PATH = '/addresses/';

/** The resources that the settings switch on, for plans of the calls to them. */
export function plannedResources({ pms, cas360 }: Pick<Config, 'pms' | 'cas360'>): PlannedResources {
  return {
    pmsContacts: pms && ONE_ID,
    cas360Contacts: cas360 && chunkLimits(cas360, CONTACTS_PATH),
    cas360Addresses: cas360 && chunkLimits(cas360, ADDRESSES_PATH),
  };
}

/** Builds the sources that operations load from: a gatherer per resource, behind a cache if one is configured. */
export function createSources(config: Config, { pms, cas360 }: Upstreams, options: SourcesOptions): Sources {
  const { tools } = options;
  return {
    pmsContacts: pms && createSource(config, options, config.pms!, pmsContacts(pms.contacts, tools), PMS_GUARDED_KEYS),
    cas360Contacts: cas360 && createSource(config, options, config.cas360!, cas360Contacts(cas360.contacts, config.cas360!, tools), CAS360_GUARDED_KEYS),
    cas360Addresses: cas360 && createSource(config, options, config.cas360!, cas360Addresses(cas360.addresses, config.cas360!, tools), []),
  };
}

function pmsContacts(contacts: Endpoint, tools: MappingTools): Resource<PmsRecord, Contact> {
  return {
    source: 'PMS',
    name: 'contacts',
    ...ONE_ID,
    maxCalls: PMS_CALLS_AT_ONCE,
    gate: contacts,
    fetch: async ([id = ''], _relationships, deadline) => [await getContact(contacts, id, deadline)],
    toModel: (id, record) => new PmsContact(id, record, tools),
  };
}

function cas360Contacts(contacts: Endpoint, config: Cas360Config, tools: MappingTools): Resource<Cas360Record, Contact> {
  return {
    ...inChunks(contacts, CONTACTS_PATH, config),
    name: 'contacts',
    fetch: (ids, relationships, deadline) => getContacts(contacts, ids, relationships, deadline),
    toModel: (id, record) => new Cas360Contact(id, record, tools),
  };
}

function cas360Addresses(addresses: Endpoint, config: Cas360Config, tools: MappingTools): Resource<AddressRecord, Address> {
  return {
    ...inChunks(addresses, ADDRESSES_PATH, config),
    name: 'addresses',
    fetch: (ids, _relationships, deadline) => getAddresses(addresses, ids, deadline),
    toModel: (id, record) => new Cas360Address(id, record, tools),
  };
}

function inChunks(gate: Endpoint, path: string, config: Cas360Config): Pick<Resource<never, unknown>, 'source' | 'maxIds' | 'maxIdBytes' | 'maxCalls' | 'gate'> {
  return { source: 'CAS360', ...chunkLimits(config, path), maxCalls: CAS360_CALLS_AT_ONCE, gate };
}

function chunkLimits({ baseUrl, maxIds, maxPathBytes }: Cas360Config, path: string): ChunkLimits {
  return { maxIds, maxIdBytes: maxPathBytes - pathPrefixOf(baseUrl).length - path.length };
}

/**
 * Raise it with each change of what `reduce` keeps (`test/build/cacheFormat.test.ts` says when). Entries of another release lack
 * its keys, and a key that is absent means that a value is absent.
 */
export const CACHE_FORMAT = 1;

function createSource<R extends UpstreamRecord, M>(config: Config, options: SourcesOptions, account: PmsConfig | Cas360Config, resource: Resource<R, M>, guardedKeys: readonly string[]): RecordSource<M> {
  const { metrics } = options;
  const { source, name } = resource;
  const cache = createCache<R>(config, options, account, resource, guardedKeys);
  const gatherer = new Gatherer<R>({
    resource,
    maxWaitingIds: MAX_WAITING_IDS[source],
    patienceMs: account.timeoutMs,
    maxWaitMs: config.maxWaitMs,
    attemptTimeoutMs: config.attemptTimeoutMs,
    onDrift: (kind) => metrics.answerDrift(source, name, kind),
    keep: cache && ((records, relationships) => cache.keep(records, relationships)),
  });
  metrics.watchResource(source, name, () => gatherer.load);
  const records = cache ? new CachedRecords({ source, resource: name, cache, records: gatherer }) : gatherer;
  return { source, records, toModel: resource.toModel };
}

function createCache<R extends UpstreamRecord>(config: Config, { metrics, redis }: SourcesOptions, account: PmsConfig | Cas360Config, { source, name }: Resource<R, unknown>, guardedKeys: readonly string[]): Cache<R> | undefined {
  if (!config.cache) return undefined;
  const { ttlMs, maxEntries } = config.cache;
  const onLookup = (outcome: 'hit' | 'miss' | 'error', count: number): void => metrics.cacheLookups(source, name, outcome, count);
  if (!redis) return new MemoryCache<R>({ ttlMs, maxEntries, onLookup, now: () => performance.now() });
  const prefix = `contacts:cache:${source.toLowerCase()}:${name}:${accountOf(account)}:`;
  const seal = new Seal(account.clientSecret, 'contacts: guarded values in the cache');
  return new RedisCache<R>({ redis, prefix, ttlMs, guardedKeys, seal, onLookup });
}

/**
 * Identifies an upstream and our account there, for cache keys. Installations may share a Redis, and one id means different
 * contacts in them. Replicas with the old and the new client secret use different keys: neither can decrypt the other's entries.
 * So do replicas of releases with different formats.
 */
function accountOf({ baseUrl, clientId, scope, clientSecret }: PmsConfig | Cas360Config): string {
  return createHmac('sha256', clientSecret).update(JSON.stringify([baseUrl.href, clientId, scope, CACHE_FORMAT])).digest('base64url').slice(0, 12);
}
