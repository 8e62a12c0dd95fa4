import { collectDefaultMetrics, Counter, Gauge, Registry, type Histogram as PromHistogram, type Metric } from 'prom-client';
import { getOrAdd } from '../getOrAdd.js';
import type { Source } from '../model.js';
import type { UpstreamCall } from '../recording.js';
import { OPEN_METRICS, openMetricsText, prefersOpenMetrics } from './exposition.js';
import { Histogram, type Observations } from './histogram.js';
import { OperationNames } from './operationNames.js';
import type { RegisteredMetric } from './registryProducer.js';

/** The state of one endpoint of an upstream. */
export interface EndpointState {
  /** 0: calls pass. 1: none does. 0.5: one trial call is under way. */
  readonly breaker: number;
  readonly pauseSeconds: number;
}

/** The load on one resource. */
export interface ResourceLoad {
  readonly waitingIds: number;
  readonly callsUnderWay: number;
}

/** How an operation ended: answered in full, answered in part, failed, or refused. */
export type OperationOutcome = 'ok' | 'partial' | 'failed' | 'refused';

/** Why the service ends a connection: the answer is not read, others need the memory, too many requests are pipelined, or too many connections are idle. */
export type EndedConnection = 'unread' | 'memory' | 'pipelined' | 'idle';

/** The histograms of the calls for one resource. */
interface CallObservers {
  /** By outcome. */
  readonly seconds: Map<string, Observations>;
  readonly ids: Observations;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The Prometheus metrics. Label values are constants of this program and names of operations, never data of a contact or
 * an upstream.
 */
export class Metrics {
  readonly #all = new Registry();
  readonly #operations = this.#histogram('contacts_operation_seconds', 'Operations, by name and outcome.', SECONDS);
  readonly #calls = this.#histogram('contacts_upstream_call_seconds', 'Calls to the upstreams, by resource and outcome.', SECONDS);
  readonly #callIds = this.#histogram('contacts_upstream_call_ids', 'How many ids a call to an upstream requests.', [1, 2, 5, 10, 25, 50, 100, 250, 500]);
  readonly #retries = this.#counter('contacts_upstream_retries_total', 'Calls to the upstreams that were sent again, after a failure or with a new token.', ['source']);
  readonly #tokens = this.#counter('contacts_token_requests_total', 'Requests for access tokens, by outcome.', ['source', 'outcome']);
  readonly #drift = this.#counter('contacts_upstream_drift_total', 'Values of upstream records that could not be used and were served as null.', ['source', 'field']);
  readonly #answerDrift = this.#counter('contacts_upstream_answer_drift_total', 'Answers of the upstreams that are not as documented, by the kind of difference.', ['source', 'resource', 'kind']);
  readonly #endedConnections = this.#counter('contacts_connections_ended_total', 'Connections of callers that the service ended, by reason.', ['reason']);
  readonly #lookups = this.#counter('contacts_cache_lookups_total', 'Ids that were looked up in the cache, by outcome.', ['source', 'resource', 'outcome']);
  readonly #telemetryExports = this.#counter('contacts_telemetry_exports_total', 'Exports of traces and metrics over OTLP, by outcome.', ['signal', 'outcome']);
  readonly #operationsBy = new OperationNames<Map<OperationOutcome, Observations>>({
    make: () => new Map(),
    forget: (byOutcome) => byOutcome.forEach((observations) => this.#operations.remove(observations)),
  });
  readonly #callsBy = { PMS: new Map<string, CallObservers>(), CAS360: new Map<string, CallObservers>() };

  /** `hasExemplars`: whether traces are kept that exemplars can lead to. */
  constructor(readonly hasExemplars = false) {
    collectDefaultMetrics({ register: this.#all });
  }

  /** `traceparent` is that of the operation's trace, if it is sent. */
  readonly operation = (name: string | null, outcome: OperationOutcome, seconds: number, traceparent?: string): void => {
    const { label: operation, kept: byOutcome } = this.#operationsBy.find(name);
    getOrAdd(byOutcome, outcome, () => this.#operations.child({ operation, outcome })).observe(seconds, traceparent);
  };

  readonly upstreamCall = (source: Source, { resource, ids, attempt, outcome, startedAtMs, endedAtMs, traceparent }: UpstreamCall): void => {
    const observers = getOrAdd(this.#callsBy[source], resource, () => ({ seconds: new Map<string, Observations>(), ids: this.#callIds.child({ source, resource }) }));
    getOrAdd(observers.seconds, outcome, () => this.#calls.child({ source, resource, outcome })).observe((endedAtMs - startedAtMs) / 1_000, this.hasExemplars ? traceparent : undefined);
    observers.ids.observe(ids.length);
    if (attempt > 1) this.#retries.inc({ source });
  };

  readonly connectionEnded = (reason: EndedConnection): void => {
    this.#endedConnections.inc({ reason });
  };

  readonly tokenRequest = (source: Source, outcome: 'granted' | 'failed'): void => {
    this.#tokens.inc({ source, outcome });
  };

  readonly drift = (source: Source, field: string): void => {
    this.#drift.inc({ source, field });
  };

  readonly answerDrift = (source: Source, resource: string, kind: string): void => {
    this.#answerDrift.inc({ source, resource, kind });
  };

  readonly cacheLookups = (source: Source, resource: string, outcome: 'hit' | 'miss' | 'error', count: number): void => {
    if (count > 0) this.#lookups.inc({ source, resource, outcome }, count);
  };

  readonly telemetryExport = (signal: 'traces' | 'metrics', outcome: 'sent' | 'failed'): void => {
    this.#telemetryExports.inc({ signal, outcome });
  };

  /** Reads the state of an endpoint at each scrape. */
  watchEndpoint(source: Source, resource: string, state: () => EndpointState): void {
    this.#gauges.breaker.set(`${source} ${resource}`, () => state().breaker);
    this.#gauges.pause.set(`${source} ${resource}`, () => state().pauseSeconds);
  }

  /** `ageMs` is undefined until there is a token. */
  watchToken(source: Source, token: { readonly ageMs: number | undefined; readonly failures: number }): void {
    this.#gauges.tokenAge.set(source, () => token.ageMs && token.ageMs / 1_000);
    this.#gauges.tokenFailures.set(source, () => token.failures);
  }

  /** Call it only if CAS 360 is configured: otherwise 0 would raise an alarm. So would it before anything is known of the token. */
  watchRefreshToken(token: { readonly state: string | undefined; readonly storeProblem: string | undefined; readonly isUnkept: boolean }): void {
    this.#gauge('contacts_refresh_token_usable', 'Whether CAS 360 has not refused the refresh token, and it cannot be spent.', []).set('', () => (token.state === undefined ? undefined : Number(token.state === 'usable')));
    this.#gauge('contacts_refresh_token_store_up', 'Whether the store of the refresh token can be read and written.', []).set('', () => Number(token.storeProblem === undefined));
    this.#gauge('contacts_refresh_token_unkept', 'Whether the latest refresh token is in memory only.', []).set('', () => Number(token.isUnkept));
  }

  watchLargeRequests(requests: { readonly waiting: number }): void {
    this.#gauge('contacts_large_requests_waiting', 'Large requests that wait for their turn because the process is busy.', []).set('', () => requests.waiting);
  }

  watchResource(source: Source, resource: string, load: () => ResourceLoad): void {
    this.#gauges.queue.set(`${source} ${resource}`, () => load().waitingIds);
    this.#gauges.underWay.set(`${source} ${resource}`, () => load().callsUnderWay);
  }

  /** Call it only if Redis is configured: otherwise 0 would raise an alarm. */
  watchRedis(redis: { readonly isUp: boolean; readonly problem: string | undefined }, problems: readonly string[]): void {
    this.#gauge('contacts_redis_up', 'Whether the Redis that replicas share answers.', []).set('', () => Number(redis.isUp));
    const gauge = this.#gauge('contacts_redis_problem', 'What is wrong with the Redis that replicas share.', ['problem']);
    // A key's blanks separate labels.
    for (const problem of problems) gauge.set(problem.replaceAll(' ', '-'), () => Number(redis.problem === problem));
  }

  /** All metrics in Prometheus's text format, or in that of OpenMetrics if there are exemplars and `accept` prefers it. */
  async text(accept: string | undefined): Promise<{ readonly contentType: string; readonly body: string }> {
    if (this.hasExemplars && prefersOpenMetrics(accept)) return { contentType: OPEN_METRICS, body: await openMetricsText(this.#all.getMetricsAsArray() as unknown as Metric[]) };
    return { contentType: this.#all.contentType, body: await this.#all.metrics() };
  }

  /** The same metrics as objects. */
  readonly read = (): Promise<readonly RegisteredMetric[]> => this.#all.getMetricsAsJSON() as Promise<readonly unknown[]> as Promise<readonly RegisteredMetric[]>;

  readonly #gauges = {
    breaker: this.#gauge('contacts_breaker_open', 'The state of the breaker. 0: closed; 0.5: a trial call is under way; 1: open.', ['source', 'resource']),
    pause: this.#gauge('contacts_upstream_pause_seconds', 'How long the pause that an upstream requested still lasts.', ['source', 'resource']),
    tokenFailures: this.#gauge('contacts_token_failures', 'Requests for an access token that failed since the last one that did not.', ['source']),
    tokenAge: this.#gauge('contacts_token_age_seconds', 'How old the access token of an upstream is.', ['source']),
    queue: this.#gauge('contacts_queue_ids', 'Ids that wait for a call.', ['source', 'resource']),
    underWay: this.#gauge('contacts_calls_under_way', 'Calls that are under way.', ['source', 'resource']),
  };

  #histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(name, help, bounds);
    // The registry uses only its name and `get`.
    this.#all.registerMetric(histogram as unknown as PromHistogram);
    return histogram;
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#all] });
  }

  /** A gauge that is read at each scrape. The keys of the map are its label values, separated by blanks. */
  #gauge(name: string, help: string, labelNames: string[]): Map<string, () => number | undefined> {
    const readings = new Map<string, () => number | undefined>();
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#all],
      collect() {
        for (const [key, read] of readings) {
          const labels = Object.fromEntries(labelNames.map((label, i) => [label, key.split(' ')[i] ?? '']));
          const value = read();
          // A gauge without labels begins with 0.
          if (value === undefined) this.remove(labels);
          else this.set(labels, value);
        }
      },
    });
    return readings;
  }
}
