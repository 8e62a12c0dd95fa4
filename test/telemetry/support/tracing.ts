import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { Agent } from 'undici';
import { OtlpExporter } from '../../../src/telemetry/otlpExporter.js';
import { Tracing } from '../../../src/telemetry/tracing.js';

/** Sends all traces to a receiver, without a service around it. */
export function createTracing(endpoint: string, sampler = { followsCaller: true, ratio: 1 }): Tracing {
  const config = { url: new URL('/v1/traces', endpoint), headers: {}, timeoutMs: 60_000, compresses: false };
  return new Tracing({
    exporter: new OtlpExporter({ config, serializer: ProtobufTraceSerializer, dispatcher: new Agent(), onExport: () => {} }),
    resource: resourceFromAttributes({}),
    sampler,
    targets: { PMS: {}, CAS360: {} },
  });
}
