import { fileURLToPath } from 'node:url';
import type { Cas360Config, Config, PmsConfig } from './config.js';
import type { Outcome } from './errors.js';
import type { Life } from './life.js';
import { Context } from './graphql/context.js';
import { readTypeDefs } from './graphql/schema.js';
import { createGraphqlServer } from './graphql/server.js';
import { Gatherer } from './loaders/gatherer.js';
import type { Gatherers } from './loaders/loaders.js';
import { reconcile } from './loaders/reconcile.js';
import { Cas360Contact } from './mapping/cas360.js';
import { Cas360Address } from './mapping/cas360Address.js';
import { PmsContact } from './mapping/pms.js';
import type { MappingTools } from './mapping/tools.js';
import type { Contact, Source } from './model.js';
import type { Log } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';
import { getAddresses, getContacts, type Cas360AddressRecord, type Cas360ContactRecord } from './upstream/cas360/client.js';
import { cas360Grant } from './upstream/cas360/token.js';
import { Breaker } from './upstream/breaker.js';
import { Exchange } from './upstream/exchange.js';
import { Upstream } from './upstream/http.js';
import { inFile, inMemory } from './upstream/oauth2/refreshToken.js';
import { TokenSource, type TokenSourceOptions } from './upstream/oauth2/tokenSource.js';
import { Pause } from './upstream/pause.js';
import { getContact } from './upstream/pms/client.js';
import { pmsGrant } from './upstream/pms/token.js';
import { Retry } from './upstream/retry.js';
import { createCallers } from './web/callers.js';
import { graphiqlRoutes } from './web/graphiql.js';
import { exampleTabs, type Tab } from './web/graphiqlTabs.js';
import { operationRoutes } from './web/operations.js';
import { createWebServer } from './web/server.js';

/** What a test, or the sandbox, may put in the place of the usual. */
export interface Parts {
  readonly log: Log;
  /** How long the service still answers, without being ready, before it closes. */
  readonly drainMs?: number;
  /** What GraphiQL opens with. */
  readonly tabs?: readonly Tab[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** How many calls to an upstream must have been made before its breaker may trip. */
  readonly callsToTrip?: number;
  /** Where GraphiQL's bundle is. */
  readonly graphiqlFolder?: string;
}

export interface App {
  /** Resolves to the address that it listens at. */
  listen(): Promise<string>;
  /** Not ready any more, then answering what still comes, then closed. */
  stop(): Promise<void>;
}

const SCHEMA_FOLDER = fileURLToPath(new URL('../schema', import.meta.url));
const GRAPHIQL_FOLDER = fileURLToPath(new URL('../graphiql', import.meta.url));

const PMS_CALLS_AT_ONCE = 32;
const CAS360_CALLS_AT_ONCE = 4;
/** Beyond this, more would only wait for longer than their deadline. */
const MAX_WAITING_IDS = 20_000;
const MAX_BODY_BYTES = { PMS: 1_048_576, CAS360: 8_388_608 };

/** Builds the whole service from its settings; the only place that builds anything. Nothing listens yet. */
export async function createApp(config: Config, parts: Parts): Promise<App> {
  const { log, now = Date.now, drainMs = 3_000, graphiqlFolder = GRAPHIQL_FOLDER } = parts;
  const metrics = new Metrics();
  const tools: MappingTools = { drift: metrics.drift, today: () => new Date(now()).toISOString().slice(0, 10) };
  // An operation in which a call hangs keeps time for what it needs next.
  const callTimeoutMs = Math.ceil(config.requestTimeoutMs * 0.85);
  // A call that waits for a token learns why there is none, before its own time is up.
  const tokenTimeoutMs = Math.ceil(callTimeoutMs * 0.9);

  const createUpstream = (source: Source, { baseUrl }: PmsConfig, connections: number, tokens: Tokens): Upstream => {
    const chance = { now: () => performance.now(), random: Math.random };
    const onFailure = (error: unknown): void => log.warn('No token was to be had.', { source, reason: reasonOf(error) });
    return new Upstream({
      source,
      retry: new Retry(chance),
      pause: new Pause({ source, ...chance }),
      breaker: new Breaker(source, parts.callsToTrip),
      token: new TokenSource({ source, onFailure, ...tokens, ...chance }),
      exchange: new Exchange({ baseUrl, connections, maxBodyBytes: MAX_BODY_BYTES[source] }),
      measure: metrics.upstreamCall,
    });
  };

  const pms = config.pms && createUpstream('PMS', config.pms, PMS_CALLS_AT_ONCE, { request: pmsGrant(config.pms, tokenTimeoutMs) });
  const cas360 = config.cas360 && createUpstream('CAS360', config.cas360, 2 * CAS360_CALLS_AT_ONCE, await createCas360Tokens(config.cas360, tokenTimeoutMs, log));
  const gatherers: Gatherers = {
    pmsContacts: pms && gatherPms(pms, tools, callTimeoutMs),
    cas360Contacts:
      cas360 &&
      gatherCas360(cas360, '/contacts/', config.cas360, callTimeoutMs, {
        ask: (ids, full, life) => getContacts(cas360, ids, full, life),
        toModel: (id, row, full) => new Cas360Contact(id, row as Cas360ContactRecord, full, tools),
      }),
    cas360Addresses:
      cas360 &&
      gatherCas360(cas360, '/addresses/', config.cas360, callTimeoutMs, {
        ask: (ids, _full, life) => getAddresses(cas360, ids, life),
        toModel: (id, row) => new Cas360Address(id, row as Cas360AddressRecord, tools),
      }),
  };

  const server = createGraphqlServer({ typeDefs: readTypeDefs(SCHEMA_FOLDER), introspection: config.graphiql, limits: config.limits, compile: config.jit, log });
  await server.start();

  let ready = true;
  const web = createWebServer({ ...config, metrics, isReady: () => ready });
  operationRoutes(web, {
    server,
    callers: createCallers(config.auth),
    createContext: (scopes, life) => new Context(gatherers, scopes, life),
    timeoutMs: config.requestTimeoutMs,
  });
  if (config.graphiql) await graphiqlRoutes(web, { assetsDir: graphiqlFolder, tabs: parts.tabs ?? exampleTabs() });

  return {
    listen: () => web.listen({ host: config.host, port: config.port }),
    stop: async () => {
      ready = false;
      await new Promise((resolve) => setTimeout(resolve, drainMs));
      await web.close();
      await server.stop();
      await Promise.all([pms?.close(), cas360?.close()]);
    },
  };
}

type Tokens = Pick<TokenSourceOptions, 'request' | 'initial'>;

async function createCas360Tokens(cas360: Cas360Config, timeoutMs: number, log: Log): Promise<Tokens> {
  if (!cas360.tokenFile) {
    log.warn('CAS360_TOKEN_FILE is not set: the refresh token is kept in memory only, and CAS 360 voids the one in the environment once it is used.');
  }
  const store = cas360.tokenFile ? await inFile(cas360.tokenFile, cas360.refreshToken) : inMemory(cas360.refreshToken);
  if (store.current() === undefined) {
    log.error('The refresh token of CAS 360 is void, or may be: an earlier process ended while it used it. Approve the connection again and set CAS360_REFRESH_TOKEN.');
  }
  const onUnkept = (error: unknown): void =>
    log.error('The refresh token could not be written to CAS360_TOKEN_FILE: it lives in memory only, until it can.', { source: 'CAS360', reason: reasonOf(error) });
  const kept = store.grant();
  return {
    request: cas360Grant(cas360, store, timeoutMs, onUnkept),
    initial: kept && { accessToken: kept.accessToken, lifetimeSeconds: (kept.expiresAtMs - Date.now()) / 1_000 },
  };
}

function gatherPms(pms: Upstream, tools: MappingTools, timeoutMs: number): Gatherer<Contact> {
  return new Gatherer<Contact>({
    source: 'PMS',
    maxIds: 1,
    maxIdBytes: Infinity,
    maxCalls: PMS_CALLS_AT_ONCE,
    maxWaitingIds: MAX_WAITING_IDS,
    timeoutMs,
    fetch: async (ids, _full, life) => {
      const outcomes = new Map<string, Outcome<Contact>>();
      for (const id of ids) {
        const record = await getContact(pms, id, life);
        outcomes.set(id, record && new PmsContact(id, record, tools));
      }
      return outcomes;
    },
  });
}

interface BulkResource<T> {
  ask(ids: readonly string[], full: boolean, life: Life): Promise<unknown[]>;
  toModel(id: string, row: object, full: boolean): T;
}

function gatherCas360<T>(cas360: Upstream, path: string, { maxIds, maxPathBytes }: Cas360Config, timeoutMs: number, { ask, toModel }: BulkResource<T>): Gatherer<T> {
  return new Gatherer<T>({
    source: 'CAS360',
    maxIds,
    maxIdBytes: maxPathBytes - cas360.pathPrefix.length - path.length,
    maxCalls: CAS360_CALLS_AT_ONCE,
    maxWaitingIds: MAX_WAITING_IDS,
    timeoutMs,
    fetch: (ids, full, life) =>
      reconcile(
        'CAS360',
        ids,
        (some) => ask(some, full, life),
        (id, row) => toModel(id, row, full),
      ),
  });
}

/** The error's own sentence, which in the token path is always one of ours or of the system's (`ECONNREFUSED`). */
function reasonOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'unknown');
}
