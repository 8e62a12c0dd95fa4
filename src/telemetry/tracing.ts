import { createHmac, randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Source } from '../model.js';
import type { RecordedIds, UpstreamCall } from '../recording.js';

/** The trace of one operation. */
export interface OperationTrace {
  /** The header for calls to upstreams (W3C Trace Context). */
  readonly traceparent: string;
  /** Ends the trace, with a span for each of `waits` and for each call below it. */
  end(name: string | null, outcome: string, waits: readonly RecordedIds[]): void;
}

/** How many ids of a span are listed, as hashes. */
const MAX_IDS = 20;

/** One operation on 1,000 PMS contacts has 2,000 spans. */
const MAX_QUEUED_SPANS = 16_384;

/** Callers choose operation names, and may choose long ones. */
const MAX_VALUE_LENGTH = 100;

/** How long the end of the process waits for the receiver. */
const SHUTDOWN_MS = 1_000;

/**
 * Sends traces over OTLP (protobuf over HTTP). Spans are made from recordings when an operation ends, so operations that are
 * not traced cost nothing. Ids are hashed with a key of this process: a trace shows that two calls were about the same
 * contact, but not which.
 */
export class Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #hashKey = randomBytes(32);

  constructor(url: URL) {
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'contacts' })),
      // The caller's sampling decision wins.
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanLimits: { attributeValueLengthLimit: MAX_VALUE_LENGTH },
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: url.href }), scheduledDelayMillis: 1_000, maxQueueSize: MAX_QUEUED_SPANS })],
    });
    this.#tracer = this.#provider.getTracer('contacts');
  }

  /** Begins an operation's trace, as part of the caller's if it has one. Undefined if the caller does not sample. */
  begin(traceparent: string | undefined): OperationTrace | undefined {
    // One monotonic clock for all spans of an operation: the system clock may be set meanwhile, and the two drift apart.
    const zeroMs = Date.now() - performance.now();
    const span = this.#tracer.startSpan('operation', { kind: SpanKind.SERVER, startTime: zeroMs + performance.now() }, parentOf(traceparent));
    if (!span.isRecording()) return undefined;
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      end: (name, outcome, waits) => {
        span.setAttributes({ 'graphql.operation.type': 'query', 'contacts.outcome': outcome, ...(name !== null && { 'graphql.operation.name': name }) });
        if (outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR });
        const within = trace.setSpan(ROOT_CONTEXT, span);
        const calls = new Set<UpstreamCall>();
        for (const wait of waits) this.#record(wait, calls, within, zeroMs);
        span.end(zeroMs + performance.now());
      },
    };
  }

  /** Sends the spans that are left, within SHUTDOWN_MS. */
  async shutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, SHUTDOWN_MS)));
    await Promise.race([this.#provider.shutdown().catch(() => {}), late]);
    clearTimeout(timer);
  }

  /** `recorded` are the calls that have a span: several waits can share a call. */
  #record({ source, resource, ids, relationships, kind, fields, calls, startedAtMs }: RecordedIds, recorded: Set<UpstreamCall>, within: Context, zeroMs: number): void {
    const endedAtMs = Math.max(startedAtMs, ...calls.map((call) => call.endedAtMs));
    const span = this.#tracer.startSpan(`load ${source} ${resource}`, {
      startTime: zeroMs + startedAtMs,
      attributes: {
        ...attributesOf(source, { resource, relationships, ids }),
        'contacts.kind': kind,
        'contacts.fields': [...fields],
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
    const span = this.#tracer.startSpan(`${resource === 'token' ? 'POST' : 'GET'} ${source} ${resource}`, {
      kind: SpanKind.CLIENT,
      startTime: zeroMs + startedAtMs,
      attributes: { ...attributesOf(source, call), 'contacts.attempt': attempt, 'contacts.outcome': outcome },
    }, within);
    if (outcome !== '200') span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(zeroMs + endedAtMs);
  }

  #hash(text: string): string {
    return createHmac('sha256', this.#hashKey).update(text).digest('hex').slice(0, 16);
  }
}

function attributesOf(source: Source, { resource, relationships, ids }: Pick<UpstreamCall, 'resource' | 'relationships' | 'ids'>): Attributes {
  return { 'contacts.source': source, 'contacts.resource': resource, 'contacts.relationships': relationships, 'contacts.ids.count': ids.length };
}

function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, isRemote: true, traceFlags: parseInt(flags, 16) & TraceFlags.SAMPLED });
}
