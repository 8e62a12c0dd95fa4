import type { Resource } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { OtlpExporter } from './otlpExporter.js';
import { RegistryProducer, type RegisteredMetric } from './registryProducer.js';

export interface MetricsPushOptions {
  readonly exporter: OtlpExporter<ResourceMetrics>;
  readonly resource: Resource;
  readonly read: () => Promise<readonly RegisteredMetric[]>;
  readonly intervalMs: number;
  /** At most the interval. */
  readonly timeoutMs: number;
}

/** Sends the metrics at each interval, and once more at the end. */
export class MetricsPush {
  readonly #exporter: OtlpExporter<ResourceMetrics>;
  readonly #reader: PeriodicExportingMetricReader;

  constructor({ exporter, resource, read, intervalMs, timeoutMs }: MetricsPushOptions) {
    this.#exporter = exporter;
    this.#reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: intervalMs, exportTimeoutMillis: timeoutMs });
    // Begins the interval.
    this.#reader.setMetricProducer(new RegistryProducer(read, resource));
  }

  shutdown(): Promise<void> {
    return this.#exporter.finish(() => this.#reader.shutdown());
  }
}
