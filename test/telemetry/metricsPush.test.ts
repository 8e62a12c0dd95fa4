import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { DataPointType, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { Histogram as PromHistogram, Registry } from 'prom-client';
import { Histogram } from '../../src/telemetry/histogram.js';
import { RegistryProducer } from '../../src/telemetry/registryProducer.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { Scrape } from './support/metrics.js';
import { OtlpReceiver, type ReceivedPoint } from './support/otlpReceiver.js';

jest.setTimeout(60_000);

const OPERATION = 'query Pushed { contacts(ids: ["cas360:54", "pms:4711"]) { name address { city } } }';
const isPushed = ({ attributes }: ReceivedPoint): boolean => attributes.operation === 'Pushed';

let receiver: OtlpReceiver;
let app: TestApp | undefined;
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
});
afterEach(async () => {
  await app?.stop();
  app = undefined;
  await receiver.stop();
});

const start = async (settings: Record<string, string> = {}): Promise<TestApp> =>
  (app = await startTestApp({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_METRIC_EXPORT_INTERVAL: '50', ...settings }));

/** Starts it so that an export has ten seconds, and comes when the returned function is called. */
async function startToFlush(settings: Record<string, string> = {}): Promise<() => Promise<void>> {
  const begins = jest.spyOn(PeriodicExportingMetricReader.prototype, 'setMetricProducer');
  await start({ OTEL_METRIC_EXPORT_INTERVAL: '60000', ...settings });
  const [reader] = begins.mock.contexts as PeriodicExportingMetricReader[];
  begins.mockRestore();
  return () => reader!.forceFlush();
}

/** Runs an operation, and stops. The last exports have a second: a stop that took longer may have lost one, and is repeated. */
async function endInTime(settings: Record<string, string>): Promise<void> {
  await until('it stops within a second', async () => {
    await receiver.stop();
    receiver = await OtlpReceiver.start();
    const { query, stop } = await start(settings);
    await query(OPERATION);
    app = undefined;
    const sinceMs = performance.now();
    await stop();
    return performance.now() - sinceMs < 1_000;
  }, 50_000);
}

const paths = (): Set<string> => new Set(receiver.requests.map(({ path }) => path));

/** A sample of `/metrics` and a data point, in one form. */
const series = (name: string, labels: object, value: number): string => JSON.stringify([name, Object.entries(labels).map(([label, text]) => [label, String(text)]).sort(), value]);

describe('Metrics over OTLP', () => {
  test('are those of /metrics: names, descriptions, types, labels and values', async () => {
    const { query, url } = await start({ OTEL_TRACES_EXPORTER: 'none' });
    for (let n = 0; n < 3; n++) await query(OPERATION);
    await receiver.points('contacts_operation_seconds', (points) => points.some((point) => isPushed(point) && point.count === 3));
    const { families, samples } = await Scrape.of(url).then((scrape) => ({ families: scrape.families, samples: (name: string) => scrape.samples(name) }));
    const said = receiver.metrics.map(({ name, description, type }) => `${name} ${type} ${description}`);
    // Without series there is nothing to push. These two of Node's can get their first between the push and the scrape.
    const withSeries = families.filter(({ name, metrics }) => metrics.length > 0 && !/^(contacts_telemetry|nodejs_active_requests|nodejs_gc_duration)/.test(name));
    expect(withSeries.filter(({ name, type, help }) => !said.includes(`${name} ${type.toLowerCase()} ${help}`)).map(({ name }) => name)).toEqual([]);
    expect(receiver.metrics.filter(({ name }) => !families.some((family) => family.name === name)).map(({ name }) => name)).toEqual([]);

    const ours = receiver.metrics.filter(({ name }) => name.startsWith('contacts_') && !/_age_|telemetry/.test(name));
    expect(new Set(ours.map(({ type }) => type))).toEqual(new Set(['counter', 'gauge', 'histogram']));
    for (const { name, type, attributes, value, count, sum, bounds, counts } of ours) {
      const scraped = (suffix = ''): string[] => samples(name + suffix).map(({ value: found, ...labels }) => series(name, labels, found));
      if (type !== 'histogram') expect(scraped()).toContain(series(name, attributes, value));
      else {
        expect(scraped('_count')).toContain(series(name, attributes, count));
        expect(scraped('_sum')).toContain(series(name, attributes, sum));
        let below = 0;
        for (const [i, more] of counts.entries()) expect(scraped('_bucket')).toContain(series(name, { ...attributes, le: bounds[i] ?? '+Inf' }, (below += more)));
        expect(counts).toHaveLength(bounds.length + 1);
      }
    }
  });

  test('are of the same process as the traces, which the settings describe', async () => {
    const { query } = await start({ OTEL_SERVICE_NAME: 'people', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test,service.name=other' });
    await receiver.points('contacts_calls_under_way');
    const ofMetrics = receiver.resource;
    expect(ofMetrics).toMatchObject({ 'service.name': 'people', 'deployment.environment': 'test', 'service.instance.id': expect.any(String), 'telemetry.sdk.name': 'opentelemetry' });
    await query(OPERATION);
    await until('a trace is here', () => receiver.spans.length > 0);
    expect(receiver.resource).toEqual(ofMetrics);
  });

  test('begin with the process, and come at each interval', async () => {
    await start();
    const [first] = await receiver.points('contacts_calls_under_way');
    await until('the next ones are here', () => receiver.metrics.some(({ name, at }) => name === 'contacts_calls_under_way' && at > first!.at));
    expect(Number(first!.startedAt) / 1e6).toBeCloseTo(performance.timeOrigin, 2);
    expect(first!.at).toBeGreaterThan(first!.startedAt);
  });

  test('are sent once more at the end', async () => {
    await endInTime({ OTEL_METRIC_EXPORT_INTERVAL: '3600000' });
    expect(receiver.requests.filter(({ path }) => path === '/v1/metrics')).toHaveLength(1);
    expect((await receiver.points('contacts_operation_seconds')).filter(isPushed).map(({ count }) => count)).toEqual([1]);
  });

  test.each([
    [{ OTEL_METRICS_EXPORTER: 'none' }, ['/v1/traces']],
    [{ OTEL_TRACES_EXPORTER: 'none' }, ['/v1/metrics']],
    [{ OTEL_SDK_DISABLED: 'true' }, []],
  ])('and traces go where %p sends them', async (settings: Record<string, string>, expected) => {
    await endInTime(settings);
    expect([...paths()]).toEqual(expected);
  });
});

describe('A receiver that does not take them', () => {
  const lines = (): string[] => app!.logged.filter((line) => line.startsWith('Telemetry'));
  const exports = async (outcome: string): Promise<number> => (await Scrape.of(app!.url)).value('contacts_telemetry_exports_total', { signal: 'metrics', outcome });

  test.each([
    [400, 'HTTP 400'],
    ['rejecting', 'partly rejected'],
  ] as const)('is counted each time and logged once, without anything secret: %s', async (manner, problem) => {
    receiver.manner = manner;
    const flush = await startToFlush({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2', OTEL_TRACES_EXPORTER: 'none' });
    await flush();
    await flush();
    expect(await exports('failed')).toBe(2);
    expect(lines()).toEqual([`Telemetry could not be sent. {"reason":"metrics: ${problem}"}`]);
    receiver.manner = 'well';
    await flush();
    expect(await exports('sent')).toBe(1);
    expect(lines().slice(1)).toEqual(['Telemetry is sent again. {"reason":"metrics"}']);
    expect(receiver.requests[0]!.headers.authorization).toBe('Bearer hunter2');
    expect(JSON.stringify(app!.logged)).not.toMatch(/hunter2|private|127\.0\.0\.1/);
    expect((await app!.query(OPERATION)).errors).toBeUndefined();
  });
});

test('That traces do not arrive is logged beside that metrics do not', async () => {
  receiver.manner = 400;
  const flush = await startToFlush();
  await app!.query(OPERATION);
  await flush();
  const lines = (): string[] => app!.logged.filter((line) => line.startsWith('Telemetry')).sort();
  await until('both are logged', () => lines().length === 2);
  expect(lines()).toEqual(['metrics', 'traces'].map((signal) => `Telemetry could not be sent. {"reason":"${signal}: HTTP 400"}`));
});

test('Settings that are ignored are logged at the start, without their values', async () => {
  const { logged } = await start({ OTEL_TRACES_SAMPLER: 'hunter2' });
  expect(logged.filter((line) => line.startsWith('A setting is not used.'))).toEqual([expect.stringContaining('OTEL_TRACES_SAMPLER is ignored: it must be always_on or')]);
  expect(logged.join()).not.toContain('hunter2');
});

test('Histograms have the same buckets, whatever was observed', async () => {
  const bounds = [0.005, 0.1, 1, 10];
  const drawn = fc.array(fc.record({ outcome: fc.constantFrom('ok', 'failed'), value: fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(...bounds)) }), { maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(drawn, async (observed) => {
      const histogram = new Histogram('h', 'A histogram.', bounds);
      const theirs = new PromHistogram({ name: 'h', help: 'A histogram.', labelNames: ['outcome', 'operation'], buckets: bounds, registers: [new Registry()] });
      const children = new Map(['ok', 'failed'].map((outcome) => [outcome, histogram.child({ outcome, operation: 'a "b", {c}' })]));
      for (const { outcome, value } of observed) children.get(outcome)!.observe(value);
      // Node's own metrics are of prom-client's kind.
      for (const outcome of children.keys()) theirs.zero({ outcome, operation: 'a "b", {c}' });
      for (const { outcome, value } of observed) theirs.observe({ outcome, operation: 'a "b", {c}' }, value);
      const producer = new RegistryProducer(async () => [await histogram.get(), await theirs.get()], resourceFromAttributes({}));
      const [metric, other] = (await producer.collect()).resourceMetrics.scopeMetrics[0]!.metrics;
      if (metric?.dataPointType !== DataPointType.HISTOGRAM) throw new Error('no histogram');
      expect(other?.dataPoints).toEqual(metric.dataPoints);
      expect(metric.dataPoints).toHaveLength(2);
      for (const { attributes, value } of metric.dataPoints) {
        const values = observed.filter(({ outcome }) => outcome === attributes.outcome).map((each) => each.value);
        expect(attributes).toEqual({ outcome: attributes.outcome, operation: 'a "b", {c}' });
        expect(value.buckets.boundaries).toEqual(bounds);
        expect(value.buckets.counts).toEqual([...bounds, Infinity].map((bound, i) => values.filter((each) => each <= bound && each > (bounds[i - 1] ?? -1)).length));
        expect([value.count, value.sum]).toEqual([values.length, values.reduce((sum, each) => sum + each, 0)]);
      }
    }),
  );
});
