import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Agent } from 'undici';
import { OtlpExporter } from '../../src/telemetry/otlpExporter.js';
import { freePort } from '../support/freePort.js';
import { OtlpReceiver, type Manner } from './support/otlpReceiver.js';

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await OtlpReceiver.start();
});
afterEach(() => receiver.stop());

interface Sent {
  /** What the SDK is told: 0 sent, 1 failed. */
  readonly code: number;
  readonly problem: string | undefined;
}

interface Sending {
  readonly endpoint?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly compresses?: boolean;
  readonly serialize?: () => Uint8Array;
  readonly backoffMs?: number;
  /** Called once the export has begun. */
  readonly meanwhile?: () => Promise<void>;
}

/** Sends an empty export, or one of the given bytes. Unless told otherwise, retries come soon. */
async function send({ endpoint = receiver.endpoint, headers = {}, timeoutMs = 60_000, compresses = false, serialize = () => new Uint8Array(), backoffMs = 1, meanwhile }: Sending = {}): Promise<Sent> {
  let problem: string | undefined = 'no report';
  const exporter = new OtlpExporter<null>({
    config: { url: new URL('/v1/traces', endpoint), headers, timeoutMs, compresses },
    // What the receiver sends when it rejects a part: enough for a test of what is made of it.
    serializer: { serializeRequest: serialize, deserializeResponse: (body) => (body.length > 0 ? { partialSuccess: { rejectedSpans: 3 } } : {}) },
    dispatcher: new Agent(),
    onExport: (reported) => (problem = reported),
    backoffMs,
  });
  const sent = new Promise<number>((resolve) => exporter.export(null, ({ code }) => resolve(code)));
  await meanwhile?.();
  const code = await sent;
  await exporter.finish(() => exporter.shutdown());
  return { code, problem };
}

describe('An export', () => {
  test('carries its headers, and its own type', async () => {
    expect(await send({ headers: { 'api-key': 'k' } })).toEqual({ code: 0, problem: undefined });
    expect(receiver.requests).toEqual([{ path: '/v1/traces', headers: expect.objectContaining({ 'api-key': 'k', 'content-type': 'application/x-protobuf' }) }]);
    expect(receiver.requests[0]!.headers).not.toHaveProperty('content-encoding');
  });

  test('is forgotten once it is done: a later flush waits for none', async () => {
    const all = jest.spyOn(Promise, 'all');
    await send();
    const waitedFor = all.mock.calls.map(([promises]) => promises).filter((promises) => promises instanceof Set);
    all.mockRestore();
    expect(waitedFor).toEqual([new Set()]);
  });

  test('is compressed where that is asked for', async () => {
    expect(await send({ compresses: true })).toEqual({ code: 0, problem: undefined });
    expect(receiver.requests[0]!.headers).toMatchObject({ 'content-encoding': 'gzip' });
  });

  test.each([
    [302, 'HTTP 302'],
    [400, 'HTTP 400'],
    [500, 'HTTP 500'],
  ] as const)('that is answered with %i fails, and is sent once', async (manner, problem) => {
    receiver.manner = manner;
    receiver.headers = { location: receiver.endpoint };
    expect(await send()).toEqual({ code: 1, problem });
    expect(receiver.requests).toHaveLength(1);
  });

  test.each([429, 503] as const)('that is answered with %i is sent again, and arrives', async (manner) => {
    receiver.manner = manner;
    const meanwhile = async (): Promise<void> => {
      await receiver.asked(3);
      receiver.manner = 'well';
    };
    expect(await send({ meanwhile })).toEqual({ code: 0, problem: undefined });
  });

  test('is not sent again before the time that the receiver asks for, nor after its own', async () => {
    receiver.manner = 503;
    receiver.headers = { 'retry-after': '3600' };
    expect(await send()).toEqual({ code: 1, problem: 'HTTP 503' });
    expect(receiver.requests).toHaveLength(1);
  });

  test('ends in time where nobody answers', async () => {
    receiver.manner = 'never';
    expect(await send({ timeoutMs: 100 })).toEqual({ code: 1, problem: 'TimeoutError' });
  });

  test('fails where nobody listens, with the code of the system', async () => {
    // The time is over before a retry: otherwise the last one could run out of it.
    expect(await send({ endpoint: `http://127.0.0.1:${await freePort()}`, timeoutMs: 20_000, backoffMs: 60_000 })).toEqual({ code: 1, problem: 'ECONNREFUSED' });
  });

  test('fails where a part is rejected, without the text of the receiver', async () => {
    receiver.manner = 'rejecting';
    expect(await send()).toEqual({ code: 1, problem: 'partly rejected' });
    expect(receiver.requests).toHaveLength(1);
  });

  test('is done where the answer has no end', async () => {
    receiver.manner = 'endless';
    expect(await send()).toEqual({ code: 0, problem: undefined });
  });

  test('fails where it cannot be put into bytes', async () => {
    const serialize = (): Uint8Array => {
      throw new Error('no bytes');
    };
    expect(await send({ serialize })).toEqual({ code: 1, problem: 'not sent' });
  });
});

test.each<Manner>(['never', 503])('The end waits for no receiver that answers %s', async (manner) => {
  receiver.manner = manner;
  const exporter = new OtlpExporter<null>({
    config: { url: new URL('/v1/traces', receiver.endpoint), headers: {}, timeoutMs: 600_000, compresses: false },
    serializer: { serializeRequest: () => new Uint8Array(), deserializeResponse: () => ({}) },
    dispatcher: new Agent(),
    onExport: () => {},
    backoffMs: 300_000,
  });
  const sent = new Promise<number>((resolve) => exporter.export(null, ({ code }) => resolve(code)));
  await receiver.asked(1);
  await exporter.finish(() => exporter.shutdown());
  expect(await sent).toBe(1);
});
