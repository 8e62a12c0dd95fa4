import type { Cas360Config, Config, PmsConfig } from '../config.js';
import type { Source } from '../model.js';
import type { Redis } from '../shared/redis.js';
import { tokenFailure, type Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Endpoint } from '../upstream/endpoint.js';
import type { RefreshToken } from '../upstream/oauth2/refreshToken/refreshToken.js';
import { TokenSource, type TokenSourceOptions } from '../upstream/oauth2/tokenSource.js';
import { pmsGrant } from '../upstream/pms/token.js';
import { Breaker } from '../upstream/policies/breaker.js';
import { Pace } from '../upstream/policies/pace.js';
import { Pause, type PausingStatus } from '../upstream/policies/pause.js';
import { Rate } from '../upstream/policies/rate.js';
import { Retry } from '../upstream/policies/retry.js';
import { joinPauses, sharePause } from '../upstream/policies/sharedPause.js';
import { Wire } from '../upstream/wire.js';
import { createCas360Tokens, type Cas360Tokens } from './cas360Tokens.js';
import { networkOf, tokenDispatcher } from './network.js';

/** One of the two systems. */
interface Upstream {
  readonly contacts: Endpoint;
  /** Ends all connections at once. */
  close(): Promise<void>;
}

interface Cas360Upstream extends Upstream {
  readonly addresses: Endpoint;
  readonly refreshToken: RefreshToken;
  /** Resolves when what came of a renewal under way is kept, however long that takes. */
  keepTokens(): Promise<void>;
}

/** The two systems; undefined: not configured. */
export interface Upstreams {
  readonly pms: Upstream | undefined;
  readonly cas360: Cas360Upstream | undefined;
}

export interface UpstreamsOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly redis: Redis | undefined;
  /** Whether no breaker opens. */
  readonly breakersAreOff: boolean | undefined;
  /** Stand-ins for systems: their tokens and pauses stay in this process. */
  readonly standIns?: readonly Source[] | undefined;
}

/** How many calls to one endpoint may be under way at most. The PMS gets 32 at once, and more only if it has room. */
export const PMS_CALLS_AT_ONCE = 40;
export const CAS360_CALLS_AT_ONCE = 4;

/** Long, as callers leave at their own deadlines. */
const PMS_TOKEN_MS = 30_000;

/** How often the log repeats why there is no access token. */
const SAY_AGAIN_MS = 60_000;

const MAX_BODY_BYTES = { PMS: 1_048_576, CAS360: 8_388_608 };

const CLOCK_AND_RANDOM = { now: () => performance.now(), random: Math.random };

/** Builds the client of each system that is configured. */
export async function createUpstreams(config: Config, options: UpstreamsOptions): Promise<Upstreams> {
  const { pms, cas360 } = config;
  const isStandIn = (source: Source): boolean => options.standIns?.includes(source) ?? false;
  const forPms = isStandIn('PMS') ? { ...options, redis: undefined } : options;
  const forCas360 = isStandIn('CAS360') ? { ...options, redis: undefined, mayLoseTokens: true } : options;
  return {
    pms: pms && createPms(config, pms, forPms),
    cas360: cas360 && createCas360(config, cas360, await createCas360Tokens(cas360, { ...forCas360, dispatcher: tokenDispatcher(config, cas360) }), forCas360),
  };
}

function createPms(config: Config, pms: PmsConfig, options: UpstreamsOptions): Upstream {
  const wire = new Wire({ baseUrl: pms.baseUrl, connections: PMS_CALLS_AT_ONCE, maxBodyBytes: MAX_BODY_BYTES.PMS, network: networkOf(config, pms) });
  const token = createTokenSource('PMS', { request: pmsGrant({ ...pms, dispatcher: tokenDispatcher(config, pms) }, PMS_TOKEN_MS) }, options);
  const contacts = createEndpoint(config, options, { source: 'PMS', resource: 'contacts', maxCalls: PMS_CALLS_AT_ONCE, maxRate: createRate(pms), token, wire });
  return { contacts, close: () => close(wire, contacts) };
}

function createCas360(config: Config, cas360: Cas360Config, tokens: Cas360Tokens, options: UpstreamsOptions): Cas360Upstream {
  // Contacts and addresses each have their own calls.
  const wire = new Wire({ baseUrl: cas360.baseUrl, connections: 2 * CAS360_CALLS_AT_ONCE, maxBodyBytes: MAX_BODY_BYTES.CAS360, network: networkOf(config, cas360) });
  const token = createTokenSource('CAS360', tokens, options);
  const shared = { source: 'CAS360', maxCalls: CAS360_CALLS_AT_ONCE, maxRate: createRate(cas360), token, wire } as const;
  const contacts = createEndpoint(config, options, { ...shared, resource: 'contacts' });
  const addresses = createEndpoint(config, options, { ...shared, resource: 'addresses' });
  const { refreshToken } = tokens;
  return {
    contacts,
    addresses,
    refreshToken,
    keepTokens: async () => {
      refreshToken.endWaiting();
      await token.settled();
      await refreshToken.close();
    },
    close: () => {
      tokens.stopBeats();
      return close(wire, contacts, addresses);
    },
  };
}

function createRate({ maxRate }: PmsConfig): Rate | undefined {
  return maxRate === undefined ? undefined : new Rate(() => maxRate);
}

function close(wire: Wire, ...endpoints: readonly Endpoint[]): Promise<void> {
  for (const endpoint of endpoints) endpoint.close();
  return wire.close();
}

interface EndpointPlan {
  readonly source: Source;
  readonly resource: 'contacts' | 'addresses';
  readonly maxCalls: number;
  readonly maxRate: Rate | undefined;
  readonly token: TokenSource;
  readonly wire: Wire;
}

function createEndpoint({ attemptTimeoutMs, maxPauseSeconds }: Config, { metrics, redis, breakersAreOff }: UpstreamsOptions, plan: EndpointPlan): Endpoint {
  const { source, resource, maxCalls, maxRate, token, wire } = plan;
  const { now } = CLOCK_AND_RANDOM;
  const key = `contacts:{${source.toLowerCase()}}:${resource}:pause`;
  const onBegin = redis && ((forMs: number, status: PausingStatus) => sharePause(redis, key, forMs, status));
  const pause = new Pause({ source, ...CLOCK_AND_RANDOM, maxMs: maxPauseSeconds * 1_000, ...(onBegin && { onBegin }) });
  if (redis) joinPauses(redis, key, pause);
  const breaker = new Breaker({ now, attemptTimeoutMs, isOff: breakersAreOff });
  const pace = new Pace({ now, maxCalls, maxRate });
  metrics.watchEndpoint(source, resource, () => ({ breaker: breaker.openness, pauseSeconds: pause.leftMs / 1_000 }));
  return new Endpoint({ source, attemptTimeoutMs, pause, pace, breaker, retry: new Retry(CLOCK_AND_RANDOM), token, wire, onCall: metrics.upstreamCall });
}

type Tokens = Pick<TokenSourceOptions, 'request' | 'hasOther' | 'initial'>;

function createTokenSource(source: Source, tokens: Tokens, { log, metrics }: UpstreamsOptions): TokenSource {
  let said = { reason: '', atMs: 0 };
  const token = new TokenSource({
    source,
    ...tokens,
    ...CLOCK_AND_RANDOM,
    onGrant: () => {
      metrics.tokenRequest(source, 'granted');
      said = { reason: '', atMs: 0 };
    },
    onFailure: (error) => {
      metrics.tokenRequest(source, 'failed');
      const [reason, atMs] = [tokenFailure(error), performance.now()];
      if (reason === said.reason && atMs - said.atMs < SAY_AGAIN_MS) return;
      said = { reason, atMs };
      log.warn('No access token could be obtained.', { source, reason });
    },
  });
  metrics.watchToken(source, token);
  return token;
}
