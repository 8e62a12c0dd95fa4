import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
// OpenTelemetry's own definitions, of another version than those that the service encodes with.
import definitions from '@opentelemetry/otlp-transformer/build/src/generated/root.js';
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

interface OtlpRequest {
  resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { scope: { name: string }; spans: OtlpSpan[] }[] }[];
}

interface MessageType {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): OtlpRequest;
  encode(message: object): { finish(): Uint8Array };
}

type Service = Record<'ExportTraceServiceRequest' | 'ExportTraceServiceResponse', MessageType>;
const { collector } = (definitions as unknown as { opentelemetry: { proto: { collector: { trace: { v1: Service } } } } }).opentelemetry.proto;
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = collector.trace.v1;

/** How the receiver answers: as it should, with this status, or never. */
export type Manner = 'well' | 429 | 500 | 503 | 'never';

/** A collector: takes traces over OTLP (protobuf over HTTP), as any backend of OpenTelemetry does. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** Each request's path and headers. */
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** The attributes of the process that sent last. */
  resource: Readonly<Record<string, Value>> = {};
  manner: Manner = 'well';
  readonly #server = createServer(async (request, response) => {
    const body = await buffer(request);
    this.requests.push({ path: request.url ?? '', headers: request.headers });
    if (this.manner === 'never') return;
    if (this.manner !== 'well') return response.writeHead(this.manner).end();
    this.#take(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(ExportTraceServiceResponse.encode({}).finish());
  });

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await once(receiver.#server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace, the operation's first, once it is here. Those below it were sent before it. */
  async trace(traceId: string): Promise<readonly [ReceivedSpan, ...ReceivedSpan[]]> {
    const ofTrace = (): ReceivedSpan[] => this.spans.filter((span) => span.traceId === traceId);
    const operation = await until('the trace of the operation is here', () => ofTrace().find(({ kind }) => kind === 2));
    return [operation!, ...ofTrace().filter((span) => span !== operation)];
  }

  /** Resolves once this many requests came. */
  async asked(times: number): Promise<void> {
    await until(`the receiver has got ${times} requests`, () => this.requests.length >= times);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(body: Uint8Array): void {
    const { resourceSpans } = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(body), { longs: String, defaults: true, arrays: true });
    for (const { resource, scopeSpans } of resourceSpans) {
      this.resource = attributesOf(resource.attributes);
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(received));
    }
  }
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
