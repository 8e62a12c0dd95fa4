import { channel } from 'node:diagnostics_channel';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { Gatherer } from '../../src/loaders/gatherer.js';
import { startTestApp } from '../support/testApp.js';
import { OtlpReceiver } from './support/otlpReceiver.js';

afterEach(() => {
  jest.restoreAllMocks();
});

const QUERY = '{ contacts(ids: ["cas360:54", "pms:4711"]) { name relationships { type } address { city } } }';

interface Heard {
  /** How often the parts of OpenTelemetry were called. */
  readonly sdkCalls: number;
  /** What each load was told of those who want to know. */
  readonly watching: readonly unknown[];
  readonly traceparents: readonly unknown[];
}

/** Runs operations, with and without the headers that ask for more. */
async function listened(settings: Record<string, string>): Promise<Heard> {
  const sdk = [
    jest.spyOn(TracerProvider.prototype, 'getTracer'),
    jest.spyOn(BatchSpanProcessor.prototype, 'onStart'),
    jest.spyOn(BatchSpanProcessor.prototype, 'onEnd'),
    jest.spyOn(BatchSpanProcessor.prototype, 'forceFlush'),
  ];
  const request = jest.spyOn(Gatherer.prototype, 'request');
  const app = await startTestApp(settings);
  try {
    for (const headers of [{}, { 'x-upstream-calls': 'true' }]) {
      expect((await app.query(QUERY, {}, headers)).errors).toBeUndefined();
    }
    expect((await app.query('{ nobody }')).status).toBe(400);
  } finally {
    await app.stop();
  }
  return {
    sdkCalls: sdk.reduce((sum, { mock }) => sum + mock.calls.length, 0),
    watching: request.mock.calls.map(([, , , watching]) => watching),
    traceparents: request.mock.calls.map(([, , deadline]) => deadline.traceparent),
  };
}

describe('where nobody listens', () => {
  test('nothing of OpenTelemetry runs, and nothing of an operation is taken down', async () => {
    const { sdkCalls, watching, traceparents } = await listened({});
    expect(sdkCalls).toBe(0);
    expect(watching.length).toBeGreaterThanOrEqual(6);
    expect(new Set(watching)).toEqual(new Set([undefined]));
    expect(new Set(traceparents)).toEqual(new Set([undefined]));
  });

  test('nobody hears of what the libraries below do', async () => {
    const app = await startTestApp();
    await app.query(QUERY);
    const channels = ['undici:request:create', 'undici:client:sendHeaders', 'http.server.request.start', 'http.client.request.start', 'tracing:fastify.request.handler:start'];
    expect(channels.filter((name) => channel(name).hasSubscribers)).toEqual([]);
    await app.stop();
  });
});

test('the same look sees it where somebody does', async () => {
  const receiver = await OtlpReceiver.start();
  const { sdkCalls, watching, traceparents } = await listened({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  await receiver.stop();
  expect(sdkCalls).toBeGreaterThan(10);
  for (const each of [...watching, ...traceparents]) expect(each).toBeDefined();
});
