import { Registry, type Metric, type MetricObjectWithValues, type MetricValue, type OpenMetricsContentType } from 'prom-client';

export const OPEN_METRICS = Registry.OPENMETRICS_CONTENT_TYPE;

/** Whether an `accept` header asks for OpenMetrics at least as much as for Prometheus's text format. */
export function prefersOpenMetrics(accept = ''): boolean {
  const weights = new Map<string, number>();
  for (const range of accept.toLowerCase().split(',')) {
    const [type = '', ...parameters] = range.split(';').map((text) => text.trim());
    const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
    weights.set(type, Math.max(weights.get(type) ?? 0, q));
  }
  const open = weights.get('application/openmetrics-text') ?? 0;
  return open > 0 && open >= (weights.get('text/plain') ?? 0);
}

/** The metrics in the format of OpenMetrics, which has exemplars. */
export function openMetricsText(metrics: readonly Metric[]): Promise<string> {
  const openMetrics = new Registry<OpenMetricsContentType>();
  openMetrics.setContentType(OPEN_METRICS);
  // Not the metrics themselves: prom-client would rename each counter for good.
  for (const metric of metrics) openMetrics.registerMetric(renamed(metric));
  return openMetrics.metrics();
}

/** A counter without `_total`, which prom-client adds to its samples in this format. */
function renamed(metric: Metric): Metric {
  const { name, type } = metric as unknown as { name: string; type: string | undefined };
  if (type !== 'counter') return metric;
  const get = async (): Promise<MetricObjectWithValues<MetricValue<string>>> => ({ ...(await metric.get()), name: name.replace(/_total$/, '') });
  return { name, get } as unknown as Metric;
}
