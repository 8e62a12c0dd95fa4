import { randomBytes } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SpanKind } from '@opentelemetry/api';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import fc from 'fast-check';
import { Gatherer } from '../../src/loaders/gatherer.js';
import { BOTH_WAYS, everyField, idsFrom, startTestApp, type Answer, type TestApp } from '../support/testApp.js';
import { until } from '../support/until.js';
import { OtlpReceiver, type ReceivedSpan } from './support/otlpReceiver.js';
import { createTracing } from './support/tracing.js';

jest.setTimeout(60_000);

let receiver: OtlpReceiver;
let app: TestApp;
const settings = (): Record<string, string> => ({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_METRICS_EXPORTER: 'none' });
/** The headers of each call for contacts or addresses, as they arrived at the systems. */
let arrived: { readonly path: string; readonly traceparent: string | undefined }[] = [];

const note = (message: unknown): void => {
  const { url = '', headers } = (message as { request: IncomingMessage }).request;
  if (/^\/(api\/v3\/)?(contacts|addresses)\//.test(url)) arrived.push({ path: url, traceparent: headers.traceparent as string | undefined });
};

/** Exports under way or done. */
const flushes: Promise<unknown>[] = [];

/** Spans go out at once, not within a second. */
function sendAtOnce(): void {
  const onEnd = Reflect.get(BatchSpanProcessor.prototype, 'onEnd');
  jest.spyOn(BatchSpanProcessor.prototype, 'onEnd').mockImplementation(function (this: BatchSpanProcessor, span) {
    onEnd.call(this, span);
    if (span.kind === SpanKind.SERVER) flushes.push(this.forceFlush().catch(() => {}));
  });
}

beforeAll(async () => {
  sendAtOnce();
  receiver = await OtlpReceiver.start();
  app = await startTestApp(settings(), { compilingShare: Infinity });
  subscribe('http.server.request.start', note);
});
beforeEach(() => {
  app.reset();
  arrived = [];
});
afterAll(async () => {
  unsubscribe('http.server.request.start', note);
  await app.stop();
  await receiver.stop();
});

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

interface Traced {
  readonly answer: Answer;
  /** The inbound header's. */
  readonly parentSpanId: string;
  readonly operation: ReceivedSpan;
  readonly loads: readonly ReceivedSpan[];
  readonly calls: readonly ReceivedSpan[];
}

/** Runs an operation within a trace of its own, and waits for its spans. */
async function traced(query: string, variables?: Record<string, unknown>, asked = app): Promise<Traced> {
  const [traceId, parentSpanId] = [hex(16), hex(8)];
  const answer = await asked.query(query, variables, { traceparent: `00-${traceId}-${parentSpanId}-01` });
  await receiver.trace(traceId);
  // A trace of many spans goes out in several exports at once, in any order.
  await Promise.all(flushes);
  const [operation, ...below] = await receiver.trace(traceId);
  const loads = below.filter(({ kind }) => kind === 1);
  return { answer, parentSpanId, operation, loads, calls: below.filter(({ kind }) => kind === 3) };
}

/** What the conventions for HTTP say of every operation. */
const SERVED = { 'http.request.method': 'POST', 'http.route': '/graphql', 'url.path': '/graphql', 'url.scheme': 'http' };
const NAMES = 'query Names($ids: [ID!]!) { contacts(ids: $ids) { name } }';
const names = (spans: readonly ReceivedSpan[]): string[] => spans.map(({ name }) => name).sort();

test('A call that two loads share has one span', async () => {
  const tracing = createTracing(receiver.endpoint);
  const traceId = hex(16);
  const nowMs = performance.now();
  const call = { resource: 'contacts', ids: ['1', '2'], relationships: false, attempt: 1, startedAtMs: nowMs, endedAtMs: nowMs + 1, outcome: '200' };
  const waits = ['1', '2'].map((id) => ({ source: 'CAS360' as const, resource: 'contacts', ids: [id], relationships: false, kind: 'sent' as const, fields: new Set(['contacts']), calls: [call], startedAtMs: nowMs }));
  tracing.begin(`00-${traceId}-${hex(8)}-01`)!.end({ name: null, outcome: 'ok', status: 200, errorCode: undefined, waits });
  const [, ...below] = await receiver.trace(traceId);
  await tracing.shutdown();
  // Of an upstream whose address is not known, the method is all that is known.
  expect(names(below)).toEqual(['GET', 'load CAS360 contacts', 'load CAS360 contacts']);
});

describe.each(BOTH_WAYS)('the trace of an operation (%s)', () => {
  test('has a span for it, below it one for each load, and below that one for each call', async () => {
    await app.query(NAMES, { ids: ['pms:4711', 'cas360:54'] });
    const { answer, operation, loads, calls, parentSpanId } = await traced('query Both { contacts(ids: ["pms:4711", "cas360:54"]) { name address { city } } }');
    expect(answer.errors).toBeUndefined();
    expect(operation).toMatchObject({ name: 'POST /graphql', parentSpanId, isError: false });
    expect(operation.attributes).toEqual({ ...SERVED, 'http.response.status_code': 200, 'graphql.operation.type': 'query', 'graphql.operation.name': 'Both', 'contacts.outcome': 'ok' });
    expect(names(loads)).toEqual(['load CAS360 addresses', 'load CAS360 contacts', 'load PMS contacts']);
    expect(loads.every((load) => load.parentSpanId === operation.spanId)).toBe(true);
    expect(names(calls)).toEqual(['GET /addresses/{ids}', 'GET /api/v3/contacts/{id}', 'GET /contacts/{ids}']);
    for (const call of calls) expect(loads.find(({ spanId }) => spanId === call.parentSpanId)?.name).toBe(`load ${call.attributes['contacts.source']} ${call.attributes['contacts.resource']}`);
    expect(receiver.resource).toMatchObject({ 'service.name': 'contacts', 'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(receiver.requests.at(-1)).toMatchObject({ path: '/v1/traces', headers: { 'content-type': 'application/x-protobuf' } });
  });

  test('has no alias, since some hold an id', async () => {
    const { loads } = await traced('{ pms_4711: contact(id: "pms:4711") { name } contacts(ids: ["cas360:40001"]) { of40001: representatives { address { city } } } }');
    const fields = loads.flatMap(({ attributes }) => attributes['contacts.fields'] as string[]);
    expect(new Set(fields)).toEqual(new Set(['*', 'contacts', 'contacts.*', 'contacts.*.address']));
    expect(JSON.stringify(loads.map(({ attributes }) => attributes['contacts.fields']))).not.toMatch(/4711|40001/);
  });

  test('tells of a load and of a call what was asked and what became of it', async () => {
    const { loads, calls } = await traced('{ contacts(ids: ["cas360:1001", "cas360:1002", "cas360:1003"]) { relationships { type } } }');
    const asked = { 'contacts.source': 'CAS360', 'contacts.resource': 'contacts', 'contacts.relationships': true, 'contacts.ids.count': 3 };
    const hashes = expect.arrayContaining([expect.stringMatching(/^[0-9a-f]{16}$/)]);
    expect(loads.map(({ attributes }) => attributes)).toEqual([{ ...asked, 'contacts.kind': 'sent', 'contacts.fields': ['contacts'], 'contacts.ids.hashed': hashes }]);
    const { hostname, port } = new URL(app.sandbox.cas360.url);
    const http = { 'http.request.method': 'GET', 'http.response.status_code': 200, 'server.address': hostname, 'server.port': Number(port), 'url.template': '/contacts/{ids}' };
    expect(calls.map(({ attributes }) => attributes)).toEqual([{ ...asked, ...http }]);
  });

  test('is told in time: what is below another lies within it, and what comes after another begins later', async () => {
    app.sandbox.cas360.faults.set([{ latencyMs: 40 }]);
    const { operation, loads, calls } = await traced('{ contacts(ids: ["cas360:40005", "pms:4711"]) { representatives { name address { city } } address { city } } }');
    const spans = new Map([operation, ...loads].map((span) => [span.spanId, span]));
    expect(calls.length).toBeGreaterThanOrEqual(4);
    for (const span of [...loads, ...calls]) {
      const around = spans.get(span.parentSpanId)!;
      expect([around.startedAt <= span.startedAt, span.startedAt <= span.endedAt, span.endedAt <= around.endedAt]).toEqual([true, true, true]);
    }
    const [first, ...later] = calls.filter(({ attributes }) => attributes['contacts.source'] === 'CAS360').toSorted((a, b) => Number(a.startedAt - b.startedAt));
    expect(later.every(({ startedAt }) => startedAt >= first!.endedAt)).toBe(true);
    expect(first!.endedAt - first!.startedAt).toBeGreaterThanOrEqual(39_000_000n);
    expect(BigInt(Date.now()) * 1_000_000n - operation.endedAt).toBeLessThan(60_000_000_000n);
  });

  test('shows a retry beside the attempt that failed, which is marked', async () => {
    app.sandbox.cas360.faults.set([{ on: 'contacts', status: 503, times: 1 }]);
    const { operation, calls } = await traced('{ contact(id: "cas360:54") { name } }');
    const told = calls.map(({ attributes, isError }) => ({ resent: attributes['http.request.resend_count'], status: attributes['http.response.status_code'], error: attributes['error.type'], isError }));
    expect(told).toEqual([{ resent: undefined, status: 503, error: '503', isError: true }, { resent: 1, status: 200, error: undefined, isError: false }]);
    expect(operation.isError).toBe(false);
  });

  test('names each call by its path, with placeholders where the ids were', async () => {
    const { calls } = await traced('{ contacts(ids: ["pms:4711", "cas360:54"]) { name address { city } } }');
    const patterns = calls.map(({ attributes }) => new RegExp(`^${String(attributes['url.template']).replace(/\{ids?\}/, '[\\d,]+')}(\\?|$)`));
    expect(arrived.length).toBeGreaterThan(2);
    expect(arrived.filter(({ path }) => !patterns.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(patterns.filter((pattern) => !arrived.some(({ path }) => pattern.test(path)))).toEqual([]);
  });

  test('shows a request for a token where one was needed', async () => {
    app.sandbox.pms.revokeTokens();
    const { calls } = await traced('{ contact(id: "pms:4711") { name } }');
    expect(calls.map(({ name, attributes }) => `${name} ${attributes['http.response.status_code']}`).sort()).toEqual(['GET /api/v3/contacts/{id} 200', 'GET /api/v3/contacts/{id} 401', 'POST /oauth2/token 200']);
  });

  test('marks an operation that lost a part, and the call that lost it', async () => {
    app.sandbox.pms.faults.set([{ status: 500 }]);
    const { answer, operation, calls } = await traced(NAMES, { ids: ['pms:4711', 'cas360:54'] });
    expect(answer.errors).toHaveLength(1);
    expect(operation).toMatchObject({ isError: true, attributes: { 'contacts.outcome': 'partial', 'http.response.status_code': 200, 'error.type': 'UPSTREAM_UNAVAILABLE' } });
    expect(names(calls.filter(({ isError }) => isError))).toEqual(['GET /api/v3/contacts/{id}']);
  });

  test('is that of a refused operation too, without its name', async () => {
    const { operation, loads } = await traced('query Nobody { nobody }');
    // The caller's error, not ours.
    expect(operation).toMatchObject({ isError: false, attributes: { 'contacts.outcome': 'refused', 'http.response.status_code': 400, 'error.type': 'GRAPHQL_VALIDATION_FAILED' } });
    expect(operation.attributes).not.toHaveProperty('graphql.operation.name');
    expect(loads).toEqual([]);
  });

  test('names a call that another operation had asked for by its load alone', async () => {
    const letGo = app.sandbox.cas360.hold();
    const requests = jest.spyOn(Gatherer.prototype, 'request');
    const first = traced('{ contact(id: "cas360:54") { name } }');
    await app.underWay(1);
    const joining = traced('{ contact(id: "cas360:54") { name } }');
    await until('both want it', () => requests.mock.calls.length === 2);
    requests.mockRestore();
    letGo();
    const { calls, operation } = await first;
    const second = await joining;
    expect(app.calls().cas360).toBe(1);
    expect(second.loads.map(({ attributes }) => attributes['contacts.kind'])).toEqual(['joined']);
    expect(second.calls).toEqual([]);
    expect(calls).toHaveLength(1);
    expect(arrived.map(({ traceparent }) => traceparent)).toEqual([`00-${operation.traceId}-${operation.spanId}-01`]);
  });
});

describe('the trace of an operation', () => {
  test('is whole for a thousand contacts that each need a call', async () => {
    const { operation } = await traced(NAMES, { ids: idsFrom('pms', 1_000_000, 1_000) });
    const spans = (): Promise<readonly ReceivedSpan[]> => receiver.trace(operation.traceId);
    // The first 512 go out by themselves.
    await until('all are here', async () => (await spans()).length >= 1 + 2_000);
    const ofKind = Object.groupBy(await spans(), ({ kind }) => kind);
    expect([ofKind[1]?.length, ofKind[3]?.length]).toEqual([1_000, 1_000]);
  });

  test('is not longer for a long name', async () => {
    const { operation } = await traced(`query ${'Long'.repeat(5_000)} { contact(id: "cas360:54") { id } }`);
    expect(String(operation.attributes['graphql.operation.name']).length).toBeLessThanOrEqual(200);
  });

  test('shows a call that never came back before the time was over', async () => {
    const hurried = await startTestApp({ ...settings(), CAS360_TIMEOUT_MS: '300' });
    hurried.sandbox.cas360.faults.set([{ hang: true }]);
    // On a busy machine, the time may be over before there is a call.
    const { operation, calls } = await until('it is called in time', async () => {
      const { operation, calls } = await traced('{ contact(id: "cas360:54") { name } }', {}, hurried);
      const ofContacts = calls.filter(({ attributes }) => attributes['contacts.resource'] === 'contacts');
      return ofContacts.length > 0 && { operation, calls: ofContacts };
    });
    await hurried.stop();
    expect(calls.map(({ attributes }) => attributes['error.type'])).toEqual(['UPSTREAM_TIMEOUT']);
    expect(calls[0]!.attributes).not.toHaveProperty('http.response.status_code');
    expect(calls[0]!.endedAt - calls[0]!.startedAt).toBeGreaterThan(0n);
    expect(operation.isError).toBe(true);
  });
});

test('The end of tracing leaves no timer behind', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  for (let n = 0; n < 20; n++) await createTracing(receiver.endpoint).shutdown();
  expect(timers()).toBeLessThan(before + 10);
});

describe('ids', () => {
  const hashesOf = ({ loads }: Traced): unknown => loads.map(({ attributes }) => attributes['contacts.ids.hashed']);

  test('are named by hashes: the same for the same contact, another for every other', async () => {
    const [one, again, other, ofPms] = await Promise.all(['cas360:54', 'cas360:54', 'cas360:55', 'pms:54'].map((id) => traced(NAMES, { ids: [id] })));
    expect(hashesOf(again!)).toEqual(hashesOf(one!));
    expect(new Set([one, other, ofPms].map((each) => String(hashesOf(each!)))).size).toBe(3);
  });

  test('are named twenty at most, and counted', async () => {
    const { loads } = await traced(NAMES, { ids: idsFrom('cas360', 1_001, 100) });
    expect(loads).toHaveLength(1);
    expect(loads[0]!.attributes['contacts.ids.count']).toBe(100);
    expect(loads[0]!.attributes['contacts.ids.hashed']).toHaveLength(20);
  });

  test('stand in no span, whatever is asked for; nor does anything of a contact', async () => {
    const drawn = fc.array(fc.record({ system: fc.constantFrom('pms', 'cas360'), number: fc.integer({ min: 10_000_000_001, max: 99_999_999_999 }) }), { minLength: 1, maxLength: 30 });
    const query = `query Drawn($ids: [ID!]!) { contacts(ids: $ids) { ${everyField()} } }`;
    const told = await Promise.all(
      fc.sample(drawn, 20).map(async (ids) => {
        const { operation, loads, calls } = await traced(query, { ids: ['cas360:54', 'pms:4711', ...ids.map(({ system, number }) => `${system}:${number}`)] });
        return { ids, loads: loads.length, text: JSON.stringify([operation, ...loads, ...calls].map(({ name, attributes }) => ({ name, attributes }))) };
      }),
    );
    for (const { ids, loads, text } of told) {
      expect(loads).toBeGreaterThan(1);
      expect(ids.filter(({ number }) => text.includes(String(number)))).toEqual([]);
      expect(text).not.toMatch(/\b4711\b|Western Africa|https?:|Bearer/);
    }
  });
});

describe('the sampler', () => {
  const parent = (flags: string): string => `00-${hex(16)}-${hex(8)}-${flags}`;
  const keeps = (sampler: { followsCaller: boolean; ratio: number }, traceparent?: string): boolean => {
    const tracing = createTracing(receiver.endpoint, sampler);
    const isKept = tracing.begin(traceparent) !== undefined;
    void tracing.shutdown();
    return isKept;
  };

  test.each([
    [{ followsCaller: true, ratio: 1 }, { none: true, sampled: true, unsampled: false }],
    [{ followsCaller: true, ratio: 0 }, { none: false, sampled: true, unsampled: false }],
    [{ followsCaller: false, ratio: 1 }, { none: true, sampled: true, unsampled: true }],
    [{ followsCaller: false, ratio: 0 }, { none: false, sampled: false, unsampled: false }],
  ])('%p keeps %p', (sampler, kept) => {
    expect({ none: keeps(sampler), sampled: keeps(sampler, parent('01')), unsampled: keeps(sampler, parent('00')) }).toEqual(kept);
  });

  test('keeps the share of traces that it is given, by their ids', () => {
    const tracing = createTracing(receiver.endpoint, { followsCaller: true, ratio: 0.25 });
    const kept = Array.from({ length: 2_000 }, () => tracing.begin(undefined)).filter((trace) => trace !== undefined);
    void tracing.shutdown();
    // The chance of a wrong verdict is below one in a million.
    expect(kept.length).toBeGreaterThan(400);
    expect(kept.length).toBeLessThan(600);
  });
});

describe('the trace of the caller', () => {
  test('is continued, and goes on to the systems', async () => {
    const { operation, calls } = await traced(NAMES, { ids: ['pms:4711', 'cas360:54'] });
    expect(calls).toHaveLength(2);
    expect(arrived.map(({ traceparent }) => traceparent)).toEqual([0, 1].map(() => `00-${operation.traceId}-${operation.spanId}-01`));
  });

  test('is passed on and not told of where the caller does not sample it', async () => {
    const traceId = hex(16);
    const traceparent = `00-${traceId}-${hex(8)}-00`;
    const { errors } = await app.query(NAMES, { ids: ['pms:4711'] }, { traceparent });
    expect(errors).toBeUndefined();
    expect(arrived.map((call) => call.traceparent)).toEqual([traceparent]);
    // What was asked later is here: what was asked before would be.
    await traced(NAMES, { ids: ['pms:4711'] });
    expect(receiver.spans.filter((span) => span.traceId === traceId)).toEqual([]);
  });

  test('is another one where there is no valid header: ours', async () => {
    const own = `${hex(16)}-${hex(8)}`;
    const malformed = fc.oneof(
      fc.constantFrom(`00-${own}-1`, `00-${own}-01-more`, `00-${own.toUpperCase()}-01`, `ff-${own}-01`, `00-${'0'.repeat(32)}-${hex(8)}-01`, `00-${hex(16)}-${'0'.repeat(16)}-01`, `00-${own}-01, 00-${own}-01`, ''),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef-, ;'.split('')), maxLength: 60 }),
    );
    await fc.assert(
      fc.asyncProperty(malformed, async (traceparent) => {
        arrived = [];
        const { errors } = await app.query(NAMES, { ids: ['pms:4711'] }, { traceparent });
        expect(errors).toBeUndefined();
        const [, traceId, spanId, flags] = arrived[0]!.traceparent!.split('-');
        expect([arrived.length, flags]).toEqual([1, '01']);
        expect(own).not.toContain(traceId);
        expect(spanId).toMatch(/^[0-9a-f]{16}$/);
      }),
      { numRuns: 30 },
    );
    const [, traceId] = arrived[0]!.traceparent!.split('-');
    const [operation] = await receiver.trace(traceId!);
    expect(operation.parentSpanId).toBe('');
  });
});
