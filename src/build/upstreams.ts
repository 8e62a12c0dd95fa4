import type { Cas360Config, Config, PmsConfig } from '../config.js';
import type { Source } from '../model.js';
import type { Redis } from '../shared/redis.js';
import { tokenFailure, type Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Breaker } from '../upstream/breaker.js';
import { Wire } from '../upstream/wire.js';
import type { Network } from '../upstream/network.js';
import { Upstream } from '../upstream/http.js';
import { TokenSource, type TokenSourceOptions } from '../upstream/oauth2/tokenSource.js';
import { Pause } from '../upstream/pause.js';
import { pmsGrant } from '../upstream/pms/token.js';
import { Retry } from '../upstream/retry.js';
import { joinPauses, sharePause } from '../upstream/sharedPause.js';
import { createCas360Tokens } from './cas360Tokens.js';
import { networkOf, tokenDispatcher } from './network.js';

/** The two systems; undefined: not configured. */
export interface Upstreams {
  readonly pms: Upstream | undefined;
  readonly cas360: Upstream | undefined;
}

export interface UpstreamsOptions {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly redis: Redis | undefined;
  /** How many calls to an upstream must have been made before its breaker may open. */
  readonly callsToTrip: number | undefined;
  /** How long one call may take. */
  readonly callTimeoutMs: number;
}

export const PMS_CALLS_AT_ONCE = 32;
export const CAS360_CALLS_AT_ONCE = 4;

const MAX_BODY_BYTES = { PMS: 1_048_576, CAS360: 8_388_608 };

/** Builds the client of each system that is configured. */
export async function createUpstreams(config: Config, options: UpstreamsOptions): Promise<Upstreams> {
  const { pms, cas360 } = config;
  // Less than a call's time, so that a call that waits for a token fails with the token's error.
  const tokenTimeoutMs = Math.ceil(options.callTimeoutMs * 0.9);
  return {
    pms: pms && createUpstream('PMS', pms, PMS_CALLS_AT_ONCE, { request: pmsGrant({ ...pms, dispatcher: tokenDispatcher(config, pms) }, tokenTimeoutMs) }, networkOf(config, pms), options),
    // Contacts and addresses each have their own calls.
    cas360: cas360 && createUpstream('CAS360', cas360, 2 * CAS360_CALLS_AT_ONCE, await createCas360Tokens(cas360, tokenTimeoutMs, { ...options, dispatcher: tokenDispatcher(config, cas360) }), networkOf(config, cas360), options),
  };
}

type Tokens = Pick<TokenSourceOptions, 'request' | 'initial'>;

function createUpstream(source: Source, { baseUrl }: PmsConfig | Cas360Config, connections: number, tokens: Tokens, network: Network, options: UpstreamsOptions): Upstream {
  const { log, metrics, redis, callsToTrip } = options;
  const clockAndRandom = { now: () => performance.now(), random: Math.random };
  const pauseKey = `contacts:{${source.toLowerCase()}}:pause`;
  const pause = new Pause({ source, ...clockAndRandom, ...(redis && { onBegin: (forMs: number) => sharePause(redis, pauseKey, forMs) }) });
  if (redis) joinPauses(redis, pauseKey, pause);
  const breaker = new Breaker({ source, callsToTrip, now: clockAndRandom.now });
  const token = new TokenSource({
    source,
    ...tokens,
    ...clockAndRandom,
    onGrant: () => metrics.tokenRequest(source, 'granted'),
    onFailure: (error) => {
      metrics.tokenRequest(source, 'failed');
      log.warn('No access token could be obtained.', { source, reason: tokenFailure(error) });
    },
  });
  const wire = new Wire({ baseUrl, connections, maxBodyBytes: MAX_BODY_BYTES[source], network });
  metrics.watchUpstream(source, () => ({ breaker: breaker.openness, pauseSeconds: pause.leftMs / 1_000, tokenAgeSeconds: token.ageMs && token.ageMs / 1_000 }));
  return new Upstream({ source, retry: new Retry(clockAndRandom), pause, breaker, token, wire, onCall: metrics.upstreamCall });
}
