import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { keysDispatcher } from './build/network.js';
import { EXCHANGE_MS } from './build/cas360Tokens.js';
import { createSources, plannedResources } from './build/sources.js';
import type { Telemetry } from './build/telemetry.js';
import { createUpstreams } from './build/upstreams.js';
import type { Config } from './config.js';
import { Context } from './graphql/context.js';
import { AnswerBudget } from './graphql/limits/answerBudget.js';
import { Turns } from './graphql/limits/turns.js';
import { readTypeDefs } from './graphql/schema.js';
import { createGraphqlServer } from './graphql/server.js';
import type { Source } from './model.js';
import type { Redis } from './shared/redis.js';
import { REDIS_PROBLEMS } from './shared/redisProblem.js';
import { stopStep } from './stopping.js';
import type { Log } from './telemetry/log.js';
import { Metrics } from './telemetry/metrics.js';
import { validTraceparent } from './telemetry/traceparent.js';
import { createCallers } from './web/callers.js';
import { closeInOrder } from './web/closing.js';
import { Connections } from './web/connections.js';
import { graphiqlRoutes } from './web/graphiql.js';
import { exampleTabs, type Tab } from './web/graphiqlTabs.js';
import { listenAt } from './web/listening.js';
import { operationRoutes } from './web/operations.js';
import { createWebServer } from './web/server.js';

/** The log, and what tests and the sandbox may replace. */
export interface Parts {
  readonly log: Log;
  /** How long the service goes on answering, while it reports that it is not ready, before it closes. */
  readonly drainMs?: number;
  /** The tabs that GraphiQL opens with. */
  readonly tabs?: readonly Tab[];
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Systems that are stand-ins: nothing of them reaches the tokens and pauses in Redis, where those of a real account may be. */
  readonly standIns?: readonly Source[];
  /** Refuses requests whose `Host` does not name this machine: any web site could read the answers otherwise (web/hosts.ts). */
  readonly localOnly?: boolean;
  /** Whether no breaker opens: for tests of everything else. */
  readonly breakersAreOff?: boolean;
  /** How long a caller may take to send a request's headers, and all of it. */
  readonly patienceMs?: { readonly headers: number; readonly request: number };
  /** The share of the time that compiling operations may take. */
  readonly compilingShare?: number;
  /** Where GraphiQL's bundle is. */
  readonly graphiqlFolder?: string;
}

export interface App {
  /** Resolves to the address at which it listens. */
  listen(): Promise<string>;
  /**
   * Reports that it is not ready, goes on answering for the drain, then closes. Takes at most 10.5 s after the drain, or longer
   * while a refresh token is being exchanged or the new one is not kept. Never rejects.
   */
  stop(): Promise<void>;
  /** Whether a refresh token is being exchanged, or the new one is not kept yet: if the process ends now, only a person can get another. */
  readonly isExchangingToken: boolean;
}

const DAY_MS = 86_400_000;
/** How long the stop may take after the drain. */
const STOP_MS = 10_500;
const MIN_STEP_MS = 500;
/** How long a refresh token may take to be exchanged and kept. */
const EXCHANGE_STOP_MS = EXCHANGE_MS + STOP_MS;
const SCHEMA_FOLDER = fileURLToPath(new URL('../schema', import.meta.url));
const GRAPHIQL_FOLDER = fileURLToPath(new URL('../graphiql', import.meta.url));

/** Builds the whole service from its settings, without listening. Only this file and build/ construct its parts. */
export async function createApp(config: Config, parts: Parts): Promise<App> {
  const { log, now = Date.now, drainMs = 3_000, breakersAreOff, graphiqlFolder = GRAPHIQL_FOLDER } = parts;
  if (config.routerSecrets.length === 0 && !config.auth) {
    log.warn('Neither ROUTER_SECRET nor AUTH_JWKS_URL is set: everybody who reaches the port may read what needs no scope.');
  }
  for (const reason of config.warnings) log.warn('A setting is not used.', { reason });
  const metrics = new Metrics(config.telemetry?.traces !== undefined);
  const { tracing, metricsPush } = await startTelemetry(config, metrics, log);
  const redis = config.redisUrl === undefined ? undefined : await connectRedis(config.redisUrl, metrics, log);
  const upstreams = await createUpstreams(config, { log, metrics, redis, breakersAreOff, standIns: parts.standIns });
  const tools = { drift: metrics.drift, today: dayOf(now) };
  const sources = createSources(config, upstreams, { tools, metrics, redis });

  const server = createGraphqlServer({
    typeDefs: readTypeDefs(SCHEMA_FOLDER),
    introspection: config.graphiql,
    limits: config.limits,
    maxAnswerBytes: config.maxAnswerBytes,
    compile: config.jit,
    compilingShare: parts.compilingShare,
    maxAgeSeconds: config.maxAgeSeconds,
    plans: config.graphiql ? { resources: plannedResources(config) } : undefined,
    log,
    onOperation: metrics.operation,
  });
  await server.start();

  const turns = new Turns();
  let ready = true;
  const connections = new Connections(metrics.connectionEnded);
  const web = await createWebServer({ ...config, connections, patienceMs: parts.patienceMs, localOnly: parts.localOnly, metrics, isReady: () => ready, redis, refreshToken: upstreams.cas360?.refreshToken });
  const endOperations = operationRoutes(web, {
    server,
    callers: createCallers(config.auth, {
      now,
      dispatcher: keysDispatcher(config),
      onFailure: (error) => log.warn('The keys of callers could not be fetched.', { reason: error instanceof Error ? error.name : 'unknown' }),
    }),
    maxQueryCharacters: config.maxQueryCharacters,
    maxQueryLines: config.maxQueryLines,
    createContext: (scopes, deadline, headers) => {
      const inbound = validTraceparent(headers.traceparent);
      const shows = config.graphiql ? headers['x-upstream-calls'] : undefined;
      const isPlanned = shows === 'plan';
      const showsCalls = shows === 'true';
      const trace = isPlanned ? undefined : tracing?.begin(inbound);
      const traceparent = trace?.traceparent ?? inbound;
      const observers = trace || showsCalls || isPlanned ? { trace, showsCalls, isPlanned, waits: [] } : undefined;
      const traced = traceparent === undefined ? deadline : { ...deadline, traceparent };
      return new Context(sources, scopes, traced, new AnswerBudget(config.limits, turns), observers);
    },
    timeoutMs: config.requestTimeoutMs,
    onOverrun: () => log.error('An operation was aborted: it was still running long after its deadline.'),
  });
  if (config.graphiql) await graphiqlRoutes(web, { assetsDir: graphiqlFolder, tabs: parts.tabs ?? exampleTabs() });

  return {
    get isExchangingToken() {
      const refreshToken = upstreams.cas360?.refreshToken;
      return refreshToken !== undefined && (refreshToken.isExchanging || refreshToken.isUnkept);
    },
    listen: () => listenAt(web, config),
    stop: async () => {
      ready = false;
      const endsAtMs = performance.now() + drainMs + STOP_MS;
      // Waiting for a refresh token may have used up the time.
      const step = (name: string, work: () => unknown): Promise<void> => stopStep(log, name, Math.max(MIN_STEP_MS, endsAtMs - performance.now()), work);
      await sleep(drainMs);
      await step('end connections', () => closeInOrder(web, { connections, endOperations }));
      // Only now: until then callers may wait for the token that another replica is getting.
      const keepTokens = stopStep(log, 'keep tokens', EXCHANGE_STOP_MS, async () => upstreams.cas360?.keepTokens());
      await Promise.all([keepTokens, step('close the web server', () => web.close()), step('stop Apollo Server', () => server.stop())]);
      await Promise.all([
        step('close the PMS', () => upstreams.pms?.close()),
        step('close CAS 360', () => upstreams.cas360?.close()),
        step('close Redis', () => redis?.close()),
        step('send traces', () => tracing?.shutdown()),
        step('send metrics', () => metricsPush?.shutdown()),
      ]);
    },
  };
}

/** The day in UTC, computed once a day: every relationship is compared with it. */
function dayOf(now: () => number): () => string {
  let day = '';
  let number = NaN;
  return () => {
    const today = Math.floor(now() / DAY_MS);
    if (today !== number) day = new Date(today * DAY_MS).toISOString().slice(0, 10);
    number = today;
    return day;
  };
}

// OpenTelemetry and Redis are loaded only if they are configured (docs/performance.md).
async function startTelemetry(config: Config, metrics: Metrics, log: Log): Promise<Telemetry> {
  if (!config.telemetry) return {};
  const { createTelemetry } = await import('./build/telemetry.js');
  return createTelemetry(config, config.telemetry, metrics, log);
}

async function connectRedis(url: string, metrics: Metrics, log: Log): Promise<Redis> {
  const { Redis } = await import('./shared/redis.js');
  const redis = new Redis({
    url,
    onHealth: (problem) => {
      if (problem === undefined) log.info('Redis answers.');
      else log.warn('Redis cannot be used as it should: this replica works without what is missing.', { reason: problem });
    },
  });
  metrics.watchRedis(redis, REDIS_PROBLEMS);
  return redis;
}
