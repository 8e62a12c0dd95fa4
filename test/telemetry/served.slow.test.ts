import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePort } from '../support/freePort.js';
import { firstIds, startStand, type Stand } from '../support/stand.js';
import { NAMES } from '../support/caller.js';
import { OtlpReceiver, type Manner } from './support/otlpReceiver.js';

jest.setTimeout(60_000);

/** How long the service may take to stop. */
const LONGEST_STOP_MS = 15_000;

async function stopped(stand: Stand): Promise<{ code: number | string; withinMs: number }> {
  const toldAt = performance.now();
  const code = await stand.subgraph.end();
  return { code, withinMs: performance.now() - toldAt };
}

describe('the service as a process', () => {
  let receiver: OtlpReceiver;
  beforeAll(async () => {
    receiver = await OtlpReceiver.start();
  });
  afterAll(() => receiver.stop());

  test('sends its traces and metrics, the last ones before it ends', async () => {
    const stand = await startStand({ OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.endpoint}/` });
    try {
      const traceId = randomBytes(16).toString('hex');
      const asked = fetch(`${stand.subgraph.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` },
        body: '{"query":"query Last { contact(id: \\"cas360:54\\") { name } }"}',
      });
      expect((await asked).status).toBe(200);
      expect((await stopped(stand)).code).toBe(0);
      const spans = receiver.spans.filter((span) => span.traceId === traceId);
      expect(spans.map(({ name }) => name).sort()).toEqual(['GET /contacts/{ids}', 'POST /graphql', 'POST /oauth/token', 'load CAS360 contacts']);
      expect((await receiver.points('contacts_operation_seconds')).map(({ attributes, count }) => [attributes.operation, count])).toEqual([['Last', 1]]);
      expect(new Set(receiver.requests.map(({ path }) => path))).toEqual(new Set(['/v1/traces', '/v1/metrics']));
      // Whatever the machine knows of itself, it is not told.
      expect(Object.keys(receiver.resource).filter((key) => !/^(service|telemetry)\./.test(key))).toEqual([]);
    } finally {
      await stand.stop();
    }
  });
});

describe('a receiver in trouble', () => {
  const troubles: (Exclude<Manner, 'well'> | 'gone')[] = ['gone', 'never', 429, 500, 503];

  test.each(troubles)('(%s) disturbs neither answers nor the end', async (trouble) => {
    const receiver = await OtlpReceiver.start();
    receiver.manner = trouble === 'gone' ? 'never' : trouble;
    const endpoint = trouble === 'gone' ? `http://127.0.0.1:${await freePort()}` : receiver.endpoint;
    const stand = await startStand({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    try {
      const ids = firstIds(stand.sandbox, 'cas360', 20);
      const replies = await Promise.all(Array.from({ length: 100 }, () => stand.caller.ask(NAMES, { ids })));
      expect(new Set(replies.map(({ status, codes }) => `${status} ${codes.join()}`))).toEqual(new Set(['200 ']));
      if (trouble !== 'gone') await receiver.asked(1);
      expect((await stand.caller.ask(NAMES, { ids })).codes).toEqual([]);
      const { code, withinMs } = await stopped(stand);
      expect(code).toBe(0);
      expect(withinMs).toBeLessThan(LONGEST_STOP_MS);
      expect(stand.subgraph.output.text.trim().split('\n').filter((line) => !line.startsWith('{'))).toEqual([]);
    } finally {
      await stand.stop();
      await receiver.stop();
    }
  });
});
