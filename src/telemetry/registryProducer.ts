import { ValueType, type HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type CollectionResult, type DataPoint, type Histogram, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics';

type Labels = Readonly<Record<string, string | number>>;

/** What prom-client says of one metric. */
export interface RegisteredMetric {
  readonly name: string;
  readonly help: string;
  readonly type: unknown;
  readonly values: readonly { readonly value: number; readonly labels: Labels; readonly metricName?: string }[];
}

/** Reads prom-client's registry for OTLP: the metrics of `/metrics`, under the same names, with the same values. */
export class RegistryProducer implements MetricProducer {
  readonly #read: () => Promise<readonly RegisteredMetric[]>;
  readonly #resource: Resource;
  /** Counters begin with the process. */
  readonly #startTime = hrTime(performance.timeOrigin);

  constructor(read: () => Promise<readonly RegisteredMetric[]>, resource: Resource) {
    this.#read = read;
    this.#resource = resource;
  }

  async collect(): Promise<CollectionResult> {
    const metrics = await this.#read();
    const times = { startTime: this.#startTime, endTime: hrTime(Date.now()) };
    return { resourceMetrics: { resource: this.#resource, scopeMetrics: [{ scope: { name: 'contacts' }, metrics: metrics.map((metric) => metricData(metric, times)) }] }, errors: [] };
  }
}

type Times = Pick<DataPoint<unknown>, 'startTime' | 'endTime'>;

function metricData(metric: RegisteredMetric, times: Times): MetricData {
  const base = { descriptor: { name: metric.name, description: metric.help, unit: '', valueType: ValueType.DOUBLE }, aggregationTemporality: AggregationTemporality.CUMULATIVE };
  if (metric.type === 'histogram') return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: histograms(metric, times) };
  const dataPoints = metric.values.map(({ labels, value }) => ({ ...times, attributes: labels, value }));
  if (metric.type === 'counter') return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  return { ...base, dataPointType: DataPointType.GAUGE, dataPoints };
}

/**
 * One data point for each set of labels, whose samples come together: the buckets in their order, the sum, the count.
 * Prometheus counts buckets cumulatively, OTLP does not.
 */
function histograms({ name, values }: RegisteredMetric, times: Times): DataPoint<Histogram>[] {
  const points: DataPoint<Histogram>[] = [];
  let buckets = { boundaries: [] as number[], counts: [] as number[] };
  let [below, sum] = [0, 0];
  for (const { metricName, labels, value } of values) {
    const { le, ...attributes } = labels;
    if (metricName === `${name}_sum`) sum = value;
    else if (metricName === `${name}_count`) {
      points.push({ ...times, attributes, value: { buckets, sum, count: value } });
      buckets = { boundaries: [], counts: [] };
      below = 0;
    } else {
      if (le !== '+Inf') buckets.boundaries.push(Number(le));
      buckets.counts.push(value - below);
      below = value;
    }
  }
  return points;
}

function hrTime(ms: number): HrTime {
  return [Math.trunc(ms / 1_000), Math.trunc((ms % 1_000) * 1e6)];
}
