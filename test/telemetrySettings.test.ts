import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { inspectConfig, readConfig, type Config } from '../src/config.js';

const PMS = { PMS_BASE_URL: 'https://pms.test', PMS_TOKEN_URL: 'https://auth.test/token', PMS_CLIENT_ID: 'id', PMS_CLIENT_SECRET: 'secret' };
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otlp.test:4318' };

const read = (env: Record<string, string>): Config => readConfig({ ...PMS, ...env });
const telemetry = (env: Record<string, string> = {}): NonNullable<Config['telemetry']> => read({ ...ENDPOINT, ...env }).telemetry!;
const faults = (env: Record<string, string>): readonly string[] => inspectConfig({ ...PMS, ...ENDPOINT, ...env }).faults;
/** Where each signal goes. */
const urls = (env: Record<string, string>): (string | undefined)[] => {
  const { traces, metrics } = read(env).telemetry ?? {};
  return [traces?.url.href, metrics?.url.href];
};

describe('Telemetry', () => {
  test('is not sent where no address is set, whatever else is', () => {
    expect(read({}).telemetry).toBeUndefined();
    expect(read({ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on', OTEL_EXPORTER_OTLP_HEADERS: 'key=1', OTEL_TRACES_EXPORTER: 'otlp' }).telemetry).toBeUndefined();
  });

  test('goes with one address to the paths of both signals below it', () => {
    for (const OTEL_EXPORTER_OTLP_ENDPOINT of ['http://otlp.test:4318/all', 'http://otlp.test:4318/all/']) {
      expect(urls({ OTEL_EXPORTER_OTLP_ENDPOINT })).toEqual(['http://otlp.test:4318/all/v1/traces', 'http://otlp.test:4318/all/v1/metrics']);
    }
    expect(telemetry()).toEqual({
      resource: { 'service.name': 'contacts' },
      traces: { setting: 'OTEL_EXPORTER_OTLP_ENDPOINT', url: expect.any(URL), headers: {}, timeoutMs: 10_000, compresses: false, sampler: { followsCaller: true, ratio: 1 } },
      metrics: { setting: 'OTEL_EXPORTER_OTLP_ENDPOINT', url: expect.any(URL), headers: {}, timeoutMs: 10_000, compresses: false, intervalMs: 60_000 },
    });
  });

  test('goes to the address of its signal as it is', () => {
    const OWN = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.test', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://metrics.test/in' };
    expect(urls({ ...ENDPOINT, ...OWN })).toEqual(['https://traces.test/', 'https://metrics.test/in']);
    expect(urls({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.test/' })).toEqual(['https://traces.test/', undefined]);
    expect(urls({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'https://metrics.test/' })).toEqual([undefined, 'https://metrics.test/']);
  });

  test.each([
    [{ OTEL_TRACES_EXPORTER: 'none' }, [false, true]],
    [{ OTEL_METRICS_EXPORTER: 'none' }, [true, false]],
    [{ OTEL_METRICS_EXPORTER: 'prometheus' }, [true, false]],
    [{ OTEL_METRICS_EXPORTER: 'prometheus, otlp' }, [true, true]],
    [{ OTEL_TRACES_EXPORTER: 'OTLP' }, [true, true]],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }, [false, false]],
    [{ OTEL_SDK_DISABLED: 'true' }, [false, false]],
    [{ OTEL_SDK_DISABLED: 'TRUE' }, [false, false]],
    [{ OTEL_SDK_DISABLED: 'false' }, [true, true]],
    [{ OTEL_SDK_DISABLED: '' }, [true, true]],
  ])('is switched by %p', (env, sent) => {
    expect(urls({ ...ENDPOINT, ...env }).map((url) => url !== undefined)).toEqual(sent);
    expect(read({ ...ENDPOINT, ...env }).warnings).toEqual([]);
  });

  test('says who sends it', () => {
    expect(telemetry({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test, note=a%2Cb%3D1' }).resource).toEqual({ 'service.name': 'contacts', 'deployment.environment': 'test', note: 'a,b=1' });
    expect(telemetry({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=attribute' }).resource).toEqual({ 'service.name': 'attribute' });
    expect(telemetry({ OTEL_RESOURCE_ATTRIBUTES: 'service.name=attribute', OTEL_SERVICE_NAME: 'name' }).resource).toEqual({ 'service.name': 'name' });
  });

  test('carries headers: those of its signal, else the common ones', () => {
    const both = telemetry({ OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20x, api-key=a=b', OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'other=1' });
    expect(both.traces?.headers).toEqual({ authorization: 'Bearer x', 'api-key': 'a=b' });
    // The key of one receiver must not reach another.
    expect(both.metrics?.headers).toEqual({ other: '1' });
  });

  test.each(['key', '=value', 'key=%zz', 'a b=1', 'key=line%0Abreak', 'content-type=text/html', 'Host=other.test', 'content-length=3'])('refuses %s as headers, once and without the value', (wrong) => {
    expect(faults({ OTEL_EXPORTER_OTLP_HEADERS: wrong })).toEqual([
      'OTEL_EXPORTER_OTLP_HEADERS must be headers as name=value, separated by commas and percent-encoded, other than those that HTTP itself sets',
    ]);
  });

  test('refuses malformed addresses', () => {
    for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']) {
      for (const wrong of ['otel', 'grpc://otel.test', 'http://user:hunter2@otel.test']) {
        expect(faults({ [name]: wrong })).toEqual([`${name} must be an http or https address, without user, query or fragment`]);
      }
    }
  });

  test('names all faults at once', () => {
    expect(faults({ OTEL_EXPORTER_OTLP_ENDPOINT: 'otel', OTEL_EXPORTER_OTLP_HEADERS: 'key', OTEL_EXPORTER_OTLP_METRICS_HEADERS: '' }).map((fault) => fault.split(' ', 1)[0])).toEqual([
      'OTEL_EXPORTER_OTLP_HEADERS',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_METRICS_HEADERS',
    ]);
  });

  test.each([
    ['always_on', undefined, false, 1],
    ['always_off', undefined, false, 0],
    ['traceidratio', '0.25', false, 0.25],
    ['parentbased_always_on', '0.5', true, 1],
    ['parentbased_always_off', undefined, true, 0],
    ['parentbased_traceidratio', '0', true, 0],
    ['parentbased_traceidratio', undefined, true, 1],
    ['PARENTBASED_TRACEIDRATIO', '1', true, 1],
  ])('is sampled by %s %s', (OTEL_TRACES_SAMPLER, argument, followsCaller, ratio) => {
    expect(telemetry({ OTEL_TRACES_SAMPLER, ...(argument !== undefined && { OTEL_TRACES_SAMPLER_ARG: argument }) }).traces?.sampler).toEqual({ followsCaller, ratio });
  });

  test('takes times and compression', () => {
    const { traces, metrics } = telemetry({ OTEL_METRIC_EXPORT_INTERVAL: '500', OTEL_EXPORTER_OTLP_TIMEOUT: '2000', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' });
    expect(metrics).toMatchObject({ intervalMs: 500, timeoutMs: 2_000, compresses: true });
    expect(traces).toMatchObject({ timeoutMs: 2_000, compresses: true });
  });
});

describe('Values that OpenTelemetry has ignored', () => {
  test.each([
    ['OTEL_SDK_DISABLED', 'yes', 'must be true or false'],
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'only otlp, none are known'],
    ['OTEL_METRICS_EXPORTER', 'otlp,console', 'only otlp, none, prometheus are known'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be http/protobuf'],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'zstd', 'must be none or gzip'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '-1', 'must be milliseconds'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '0', 'must be milliseconds'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '60s', 'must be milliseconds'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'must be always_on or'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=1,b', 'must be attributes as name=value'],
  ])('have no effect but a warning: %s=%s', (name, value, what) => {
    const { telemetry: given, warnings } = read({ ...ENDPOINT, [name]: value });
    expect(given).toEqual(telemetry());
    expect(warnings).toEqual([expect.stringContaining(`${name} is ignored: `)]);
    expect(warnings[0]).toContain(what);
  });

  test('are ratios outside 0 to 1 too', () => {
    for (const wrong of ['1.1', '-0.1', 'half', 'NaN']) {
      const { telemetry: given, warnings } = read({ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: wrong });
      expect(given?.traces?.sampler.ratio).toBe(1);
      expect(warnings).toEqual(['OTEL_TRACES_SAMPLER_ARG is ignored: it must be a number from 0 to 1']);
    }
  });

  test('never stand in a warning or a fault, whatever they are', () => {
    const names = ['OTEL_SDK_DISABLED', 'OTEL_TRACES_EXPORTER', 'OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_TRACES_SAMPLER_ARG', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_METRIC_EXPORT_INTERVAL'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string().map((text) => `${text}Q7w${text}`)), (env) => {
        const { faults: found, config } = inspectConfig({ ...PMS, ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', ...env });
        expect([...found, ...config.warnings].filter((line) => line.includes('Q7w'))).toEqual([]);
      }),
    );
  });
});
