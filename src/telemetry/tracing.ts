import { createHmac, randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Tracer } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Source } from '../model.js';
import type { RecordedIds, UpstreamCall } from '../recording.js';
import type { SamplerConfig } from '../telemetrySettings.js';
import type { OtlpExporter } from './otlpExporter.js';

/** How an operation ended. */
export interface OperationEnd {
  /** Null if it was refused or has none. */
  readonly name: string | null;
  readonly outcome: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The code of the first error. */
  readonly errorCode: string | undefined;
  /** Each gets a span, and each call below it. */
  readonly waits: readonly RecordedIds[];
}

/** The trace of one operation. */
export interface OperationTrace {
  /** The header for calls to upstreams (W3C Trace Context). */
  readonly traceparent: string;
  end(operation: OperationEnd): void;
}

/** Where the calls for one resource go. */
interface Target {
  readonly address: string;
  readonly port: number;
  /** With placeholders for ids. */
  readonly path: string;
}

/** By resource. */
export type Targets = Readonly<Record<Source, Readonly<Record<string, Target>>>>;

export interface TracingOptions {
  readonly exporter: OtlpExporter<ReadableSpan[]>;
  readonly resource: Resource;
  readonly sampler: SamplerConfig;
  readonly targets: Targets;
}

/** How many ids of a span are listed, as hashes. */
const MAX_IDS = 20;

/** One operation on 1,000 PMS contacts has 2,000 spans. */
const MAX_QUEUED_SPANS = 16_384;

/** Callers choose operation names, and may choose long ones. */
const MAX_VALUE_LENGTH = 100;

const SERVER_ATTRIBUTES = { 'http.request.method': 'POST', 'http.route': '/graphql', 'url.path': '/graphql', 'url.scheme': 'http' };

/**
 * Sends traces over OTLP (protobuf over HTTP). Spans are made from recordings when an operation ends, so operations that are
 * not traced cost nothing. Ids are hashed with a key of this process: a trace shows that two calls were about the same
 * contact, but not which. Names and attributes follow OpenTelemetry's conventions for HTTP. `url.full` and a call's `url.path`
 * are left out: they would hold ids.
 */
export class Tracing {
  readonly #exporter: OtlpExporter<ReadableSpan[]>;
  readonly #targets: Targets;
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #hashKey = randomBytes(32);

  constructor({ exporter, resource, sampler, targets }: TracingOptions) {
    this.#exporter = exporter;
    this.#targets = targets;
    const root = new TraceIdRatioBasedSampler(sampler.ratio);
    this.#provider = new TracerProvider({
      resource,
      sampler: sampler.followsCaller ? new ParentBasedSampler({ root }) : root,
      spanLimits: { attributeValueLengthLimit: MAX_VALUE_LENGTH },
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000, maxQueueSize: MAX_QUEUED_SPANS })],
    });
    this.#tracer = this.#provider.getTracer('contacts');
  }

  /** Begins an operation's trace, as part of the caller's if it has one. Undefined if the sampler drops it. */
  begin(traceparent: string | undefined): OperationTrace | undefined {
    // One monotonic clock for all spans of an operation: the system clock may be set meanwhile, and the two drift apart.
    const zeroMs = Date.now() - performance.now();
    const span = this.#tracer.startSpan('POST /graphql', { kind: SpanKind.SERVER, startTime: zeroMs + performance.now() }, parentOf(traceparent));
    if (!span.isRecording()) return undefined;
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      end: ({ name, outcome, status, errorCode, waits }) => {
        span.setAttributes({
          ...SERVER_ATTRIBUTES,
          'http.response.status_code': status,
          'graphql.operation.type': 'query',
          'contacts.outcome': outcome,
          ...(name !== null && { 'graphql.operation.name': name }),
          ...(errorCode !== undefined && { 'error.type': errorCode }),
        });
        // A refused operation is the caller's error: the conventions leave the status of such spans unset.
        if (outcome === 'partial' || outcome === 'failed' || status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        const within = trace.setSpan(ROOT_CONTEXT, span);
        const calls = new Set<UpstreamCall>();
        for (const wait of waits) this.#record(wait, calls, within, zeroMs);
        span.end(zeroMs + performance.now());
      },
    };
  }

  /** Sends the spans that are left. Takes about a second at most. */
  shutdown(): Promise<void> {
    return this.#exporter.finish(() => this.#provider.shutdown());
  }

  /** `recorded` are the calls that have a span: several waits can share a call. */
  #record({ source, resource, ids, relationships, kind, fields, calls, startedAtMs }: RecordedIds, recorded: Set<UpstreamCall>, within: Context, zeroMs: number): void {
    const endedAtMs = Math.max(startedAtMs, ...calls.map((call) => call.endedAtMs));
    const span = this.#tracer.startSpan(`load ${source} ${resource}`, {
      startTime: zeroMs + startedAtMs,
      attributes: {
        ...attributesOf(source, { resource, relationships, ids }),
        'contacts.kind': kind,
        'contacts.fields': [...fields].map(withoutAliases),
        'contacts.ids.hashed': ids.slice(0, MAX_IDS).map((id) => this.#hash(`${source} ${resource} ${id}`)),
      },
    }, within);
    // A joined call is in the trace of the operation that sent it.
    const own = kind === 'sent' ? calls.filter((call) => !recorded.has(call)) : [];
    for (const call of own) {
      recorded.add(call);
      this.#recordCall(source, call, trace.setSpan(ROOT_CONTEXT, span), zeroMs);
    }
    span.end(zeroMs + endedAtMs);
  }

  #recordCall(source: Source, call: UpstreamCall, within: Context, zeroMs: number): void {
    const { resource, attempt, outcome, startedAtMs, endedAtMs } = call;
    const method = resource === 'token' ? 'POST' : 'GET';
    const target = this.#targets[source][resource];
    const span = this.#tracer.startSpan(target ? `${method} ${target.path}` : method, {
      kind: SpanKind.CLIENT,
      startTime: zeroMs + startedAtMs,
      attributes: {
        'http.request.method': method,
        ...(target && { 'server.address': target.address, 'server.port': target.port, 'url.template': target.path }),
        ...(/^\d+$/.test(outcome) && { 'http.response.status_code': Number(outcome) }),
        ...(outcome !== '200' && { 'error.type': outcome }),
        ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
        ...attributesOf(source, call),
      },
    }, within);
    if (outcome !== '200') span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(zeroMs + endedAtMs);
  }

  #hash(text: string): string {
    return createHmac('sha256', this.#hashKey).update(text).digest('hex').slice(0, 16);
  }
}

/** The fields for which something is loaded. */
const LOADING_FIELDS = new Set(['contact', 'contacts', '_entities', 'address', 'representatives']);

/** A path of fields without callers' own names for them: some put an id there (`c4711: contact(...)`). */
function withoutAliases(path: string): string {
  return path.split('.').map((name) => (LOADING_FIELDS.has(name) ? name : '*')).join('.');
}

function attributesOf(source: Source, { resource, relationships, ids }: Pick<UpstreamCall, 'resource' | 'relationships' | 'ids'>): Attributes {
  return { 'contacts.source': source, 'contacts.resource': resource, 'contacts.relationships': relationships, 'contacts.ids.count': ids.length };
}

function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, isRemote: true, traceFlags: parseInt(flags, 16) & TraceFlags.SAMPLED });
}
