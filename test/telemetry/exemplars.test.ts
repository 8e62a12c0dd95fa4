import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { prefersOpenMetrics } from '../../src/telemetry/exposition.js';
import { startTestApp, type TestApp } from '../support/testApp.js';
import { Scrape } from './support/metrics.js';
import { OtlpReceiver } from './support/otlpReceiver.js';

/** What Prometheus sends. */
const PROMETHEUS = 'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const QUERY = 'query Linked { contact(id: "cas360:54") { name } }';
/** A bucket's labels, its count, and its exemplar. */
const EXEMPLAR = /^(\w+)_bucket\{(.*)\} (\d+) # \{trace_id="([0-9a-f]{32})",span_id="([0-9a-f]{16})"\} ([\d.e-]+) (\d+(?:\.\d+)?)$/;

let receiver: OtlpReceiver;
let app: TestApp;
beforeAll(async () => {
  receiver = await OtlpReceiver.start();
  app = await startTestApp({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.endpoint}/v1/traces` });
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});

async function scraped(url: string, accept = PROMETHEUS): Promise<{ type: string; lines: readonly string[] }> {
  const response = await fetch(`${url}/metrics`, { headers: { accept } });
  return { type: response.headers.get('content-type')!, lines: (await response.text()).split('\n') };
}

/** Runs the query in a trace of its own. */
async function ask(flags: string): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  await app.query(QUERY, {}, { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}` });
  return traceId;
}

describe('Exemplars', () => {
  const exemplarsOf = (lines: readonly string[], traceId: string): RegExpExecArray[] => lines.map((line) => EXEMPLAR.exec(line)).filter((match) => match?.[4] === traceId) as RegExpExecArray[];

  test('lead from an operation and its calls to their trace', async () => {
    const traceId = await ask('01');
    const found = exemplarsOf((await scraped(app.url)).lines, traceId);
    expect([...new Set(found.map(([, name]) => name))].sort()).toEqual(['contacts_operation_seconds', 'contacts_upstream_call_seconds']);
    const [operation] = await receiver.trace(traceId);
    for (const [, , labels, , , spanId, value, timestamp] of found) {
      expect(spanId).toBe(operation.spanId);
      // It lies in its bucket, and was seen just now.
      const le = /le="([^"]+)"/.exec(labels!)![1]!;
      expect(Number(value)).toBeLessThanOrEqual(le === '+Inf' ? Infinity : Number(le));
      expect(Math.abs(Date.now() / 1_000 - Number(timestamp))).toBeLessThan(3_600);
    }
  });

  test('are those of traces that are kept', async () => {
    const traceId = await ask('00');
    expect((await scraped(app.url)).lines.join('\n')).not.toContain(traceId);
  });

  test('are in the format of OpenMetrics alone', async () => {
    const traceId = await ask('01');
    const { type, lines } = await scraped(app.url);
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
    const text = await scraped(app.url, 'text/plain');
    expect(text.type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text.lines.join('\n')).not.toContain(traceId);
    expect(exemplarsOf(lines, traceId)).not.toEqual([]);
  });
});

test('The two formats have the same samples, in whatever order they are asked for', async () => {
  const samples = (lines: readonly string[]): string[] => lines.filter((line) => line.startsWith('contacts_')).map((line) => line.replace(/ [\d.e+-]+( # .*)?$/, '')).sort();
  const before = samples((await scraped(app.url, 'text/plain')).lines);
  expect(samples((await scraped(app.url)).lines)).toEqual(before);
  expect(samples((await scraped(app.url, 'text/plain')).lines)).toEqual(before);
  expect(before.filter((sample) => sample.startsWith('contacts_token_requests_total{'))).not.toEqual([]);
  expect((await scraped(app.url)).lines).toContain('# TYPE contacts_token_requests counter');
  expect((await Scrape.of(app.url)).families.find(({ name }) => name === 'contacts_token_requests_total')?.type).toBe('COUNTER');
});

test('Without traces there are no exemplars, and the format stays the same', async () => {
  const plain = await startTestApp();
  expect((await scraped(plain.url)).type).toBe('text/plain; version=0.0.4; charset=utf-8');
  await plain.stop();
});

test.each([
  [PROMETHEUS, true],
  ['application/openmetrics-text', true],
  ['application/OpenMetrics-Text; version=1.0.0, text/plain;q=0.5', true],
  ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5', false],
  ['application/openmetrics-text;q=0, */*', false],
  ['application/openmetrics-text;q=x', false],
  ['text/plain', false],
  ['*/*', false],
  ['', false],
  [undefined, false],
])('accept: %s', (accept, expected) => {
  expect(prefersOpenMetrics(accept)).toBe(expected);
});
