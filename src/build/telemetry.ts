import { randomUUID } from 'node:crypto';
import { ProtobufMetricsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import type { Config } from '../config.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { MetricsPush } from '../telemetry/metricsPush.js';
import { OtlpExporter, type OnExport } from '../telemetry/otlpExporter.js';
import { Tracing, type Targets } from '../telemetry/tracing.js';
import { openDispatcher } from '../upstream/network.js';

/** What is sent over OTLP. Undefined: that signal is not configured. */
export interface Telemetry {
  readonly tracing?: Tracing | undefined;
  readonly metricsPush?: MetricsPush | undefined;
}

/** Call it only if telemetry is configured: this file loads OpenTelemetry. */
export function createTelemetry(config: Config, telemetry: NonNullable<Config['telemetry']>, metrics: Metrics, log: Log): Telemetry {
  const { traces } = telemetry;
  // An export must not outlast its interval.
  const pushed = telemetry.metrics && { ...telemetry.metrics, timeoutMs: Math.min(telemetry.metrics.timeoutMs, telemetry.metrics.intervalMs) };
  // Metrics of several replicas must not be taken for one series.
  const resource = defaultResource().merge(resourceFromAttributes({ 'service.instance.id': randomUUID(), ...telemetry.resource }));
  const dispatcherOf = (url: URL): ReturnType<typeof openDispatcher> => openDispatcher(url, { proxies: config.proxies });
  return {
    tracing:
      traces &&
      new Tracing({
        exporter: new OtlpExporter({ config: traces, serializer: ProtobufTraceSerializer, dispatcher: dispatcherOf(traces.url), onExport: reporter('traces', metrics, log) }),
        resource,
        sampler: traces.sampler,
        targets: targetsOf(config),
      }),
    metricsPush:
      pushed &&
      new MetricsPush({
        exporter: new OtlpExporter({ config: pushed, serializer: ProtobufMetricsSerializer, dispatcher: dispatcherOf(pushed.url), onExport: reporter('metrics', metrics, log) }),
        resource,
        read: metrics.read,
        intervalMs: pushed.intervalMs,
        timeoutMs: pushed.timeoutMs,
      }),
  };
}

/** Counts the exports, and logs when they begin to fail and when they succeed again. */
function reporter(signal: 'traces' | 'metrics', metrics: Metrics, log: Log): OnExport {
  let isFailing = false;
  return (problem) => {
    metrics.telemetryExport(signal, problem === undefined ? 'sent' : 'failed');
    if (problem !== undefined && !isFailing) log.warn('Telemetry could not be sent.', { reason: `${signal}: ${problem}` });
    if (problem === undefined && isFailing) log.info('Telemetry is sent again.', { reason: signal });
    isFailing = problem !== undefined;
  };
}

/** The addresses of the upstreams' endpoints, with placeholders for ids. */
function targetsOf({ pms, cas360 }: Config): Targets {
  return {
    PMS: pms ? { contacts: target(pms.baseUrl, '/api/v3/contacts/{id}'), token: target(pms.tokenUrl) } : {},
    CAS360: cas360 ? { contacts: target(cas360.baseUrl, '/contacts/{ids}'), addresses: target(cas360.baseUrl, '/addresses/{ids}'), token: target(cas360.tokenUrl) } : {},
  };
}

function target({ hostname, port, protocol, pathname }: URL, below = ''): Targets[keyof Targets][string] {
  return { address: hostname.replace(/^\[|\]$/g, ''), port: Number(port || (protocol === 'https:' ? 443 : 80)), path: pathname.replace(/\/$/, '') + below };
}
