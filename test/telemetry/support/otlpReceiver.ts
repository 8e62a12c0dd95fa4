import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
// OpenTelemetry's own definitions, of another version than those that the service encodes with.
import definitions from 'otlp-definitions/build/src/generated/root.js';
import { until } from '../../support/until.js';

type Value = string | number | boolean | Value[];

export interface ReceivedSpan {
  readonly name: string;
  /** 2: server, 3: client, 1: within. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where there is none. */
  readonly parentSpanId: string;
  /** Nanoseconds since 1970. */
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly isError: boolean;
}

interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string;
  doubleValue?: number;
  arrayValue?: { values?: AnyValue[] };
}

interface KeyValue {
  key: string;
  value: AnyValue;
}

interface OtlpSpan {
  name: string;
  kind: number;
  traceId: Uint8Array;
  spanId: Uint8Array;
  parentSpanId: Uint8Array;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: KeyValue[];
  status?: { code: number };
}

/** One data point of a metric, with what its metric says of it. */
export interface ReceivedPoint {
  readonly name: string;
  readonly description: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly attributes: Readonly<Record<string, Value>>;
  /** Of a counter or a gauge. */
  readonly value: number;
  /** Of a histogram. */
  readonly count: number;
  readonly sum: number;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  /** Nanoseconds since 1970. */
  readonly startedAt: bigint;
  readonly at: bigint;
}

interface OtlpPoint {
  attributes: KeyValue[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  asDouble?: number;
  count?: string;
  sum?: number;
  explicitBounds?: number[];
  bucketCounts?: string[];
}

interface OtlpMetric {
  name: string;
  description: string;
  sum?: { dataPoints: OtlpPoint[]; isMonotonic: boolean; aggregationTemporality: number };
  gauge?: { dataPoints: OtlpPoint[] };
  histogram?: { dataPoints: OtlpPoint[]; aggregationTemporality: number };
}

interface OtlpRequest {
  resourceMetrics: { resource: { attributes: KeyValue[] }; scopeMetrics: { metrics: OtlpMetric[] }[] }[];
  resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { scope: { name: string }; spans: OtlpSpan[] }[] }[];
}

interface MessageType {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): OtlpRequest;
  encode(message: object): { finish(): Uint8Array };
}

type Service = Record<'ExportTraceServiceRequest' | 'ExportTraceServiceResponse' | 'ExportMetricsServiceRequest' | 'ExportMetricsServiceResponse', MessageType>;
const { collector } = (definitions as unknown as { opentelemetry: { proto: { collector: { trace: { v1: Service }; metrics: { v1: Service } } } } }).opentelemetry.proto;
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = collector.trace.v1;
const { ExportMetricsServiceRequest, ExportMetricsServiceResponse } = collector.metrics.v1;
/** Cumulative. */
const CUMULATIVE = 2;

/** How the receiver answers: as it should, with a part rejected, with a body without end, with this status, or never. */
export type Manner = 'well' | 'rejecting' | 'endless' | 302 | 400 | 429 | 500 | 503 | 'never';

/** A collector: takes traces and metrics over OTLP (protobuf over HTTP), as any backend of OpenTelemetry does. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** All points of the latest export of metrics. */
  metrics: readonly ReceivedPoint[] = [];
  /** Each request's path and headers. */
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** The attributes of the process that sent last. */
  resource: Readonly<Record<string, Value>> = {};
  manner: Manner = 'well';
  /** Sent with every answer. */
  headers: Readonly<Record<string, string>> = {};
  readonly #server = createServer(async (request, response) => {
    const body = await buffer(request);
    this.requests.push({ path: request.url ?? '', headers: request.headers });
    if (this.manner === 'never') return;
    if (typeof this.manner === 'number') return response.writeHead(this.manner, this.headers).end('<html>Something private</html>');
    const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const areMetrics = request.url === '/v1/metrics';
    if (areMetrics) this.#takeMetrics(bytes);
    else this.#take(bytes);
    response.writeHead(200, { 'content-type': 'application/x-protobuf', ...this.headers });
    if (this.manner === 'endless') {
      const more = (): void => {
        if (response.destroyed) return;
        response.write(Buffer.alloc(65_536));
        setImmediate(more);
      };
      return more();
    }
    const rejected = { errorMessage: 'Something private', ...(areMetrics ? { rejectedDataPoints: 3 } : { rejectedSpans: 3 }) };
    const answer = this.manner === 'rejecting' ? { partialSuccess: rejected } : {};
    response.end((areMetrics ? ExportMetricsServiceResponse : ExportTraceServiceResponse).encode(answer).finish());
  });

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace, the operation's first, once it is here. Of a large trace, others may still be under way. */
  async trace(traceId: string): Promise<readonly [ReceivedSpan, ...ReceivedSpan[]]> {
    const ofTrace = (): ReceivedSpan[] => this.spans.filter((span) => span.traceId === traceId);
    const operation = await until('the trace of the operation is here', () => ofTrace().find(({ kind }) => kind === 2));
    return [operation, ...ofTrace().filter((span) => span !== operation)];
  }

  /** The points of one metric in the latest export, once `isSo` of them. */
  async points(name: string, isSo: (points: readonly ReceivedPoint[]) => boolean = (points) => points.length > 0): Promise<readonly ReceivedPoint[]> {
    const named = (): readonly ReceivedPoint[] => this.metrics.filter((point) => point.name === name);
    await until(`the metric ${name} is here`, () => isSo(named()));
    return named();
  }

  /** Resolves once this many requests came. */
  async asked(times: number): Promise<void> {
    await until(`the receiver has got ${times} requests`, () => this.requests.length >= times);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #takeMetrics(body: Uint8Array): void {
    const { resourceMetrics } = ExportMetricsServiceRequest.toObject(ExportMetricsServiceRequest.decode(body), { longs: String, arrays: true });
    this.resource = attributesOf(resourceMetrics[0]!.resource.attributes);
    this.metrics = resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(pointsOf)));
  }

  #take(body: Uint8Array): void {
    const { resourceSpans } = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(body), { longs: String, defaults: true, arrays: true });
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = attributesOf(resource.attributes);
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(received));
    }
  }
}

function pointsOf({ name, description, sum, gauge, histogram }: OtlpMetric): ReceivedPoint[] {
  if ((sum && !(sum.isMonotonic && sum.aggregationTemporality === CUMULATIVE)) || (histogram && histogram.aggregationTemporality !== CUMULATIVE)) throw new Error(`${name} is no cumulative metric`);
  const type = sum ? 'counter' : histogram ? 'histogram' : 'gauge';
  return (sum ?? histogram ?? gauge)!.dataPoints.map((point) => ({
    name,
    description,
    type,
    attributes: attributesOf(point.attributes),
    value: point.asDouble ?? NaN,
    count: Number(point.count),
    sum: point.sum ?? NaN,
    bounds: point.explicitBounds ?? [],
    counts: (point.bucketCounts ?? []).map(Number),
    startedAt: BigInt(point.startTimeUnixNano),
    at: BigInt(point.timeUnixNano),
  }));
}

function received({ name, kind, traceId, spanId, parentSpanId, startTimeUnixNano, endTimeUnixNano, attributes, status }: OtlpSpan): ReceivedSpan {
  return {
    name,
    kind,
    traceId: hex(traceId),
    spanId: hex(spanId),
    parentSpanId: hex(parentSpanId),
    startedAt: BigInt(startTimeUnixNano),
    endedAt: BigInt(endTimeUnixNano),
    attributes: attributesOf(attributes),
    isError: status?.code === 2,
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function attributesOf(pairs: readonly KeyValue[]): Record<string, Value> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf({ stringValue, boolValue, intValue, doubleValue, arrayValue }: AnyValue): Value {
  if (arrayValue) return (arrayValue.values ?? []).map(valueOf);
  return stringValue ?? boolValue ?? (intValue === undefined ? (doubleValue ?? '') : Number(intValue));
}
