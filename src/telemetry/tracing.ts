import { createHmac, randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Source } from '../model.js';
import type { RecordedIds, UpstreamCall } from '../recording.js';

/** The trace of one operation. */
export interface OperationTrace {
  /** For what is asked of others meanwhile (W3C Trace Context). */
  readonly traceparent: string;
  /** Ends it, with a span for each batch that the operation waited for, and for each of the calls below that. */
  end(name: string | null, outcome: string, waits: readonly RecordedIds[]): void;
}

/** So many ids are named, by their hashes. */
const MOST_IDS = 20;

/** An operation that asks for a thousand contacts of the PMS has two thousand spans. */
const MOST_WAITING_SPANS = 16_384;

/** Callers choose the names of their operations, and may choose long ones. */
const LONGEST_VALUE = 100;

/** The longest that the end of the process waits for the receiver. */
const SHUTDOWN_MS = 1_000;

/**
 * Sends traces over OTLP (protobuf over HTTP). Spans are made when an operation ends, from what was taken down of it: an
 * operation that nobody traces pays nothing. An id is named by a hash with a key of this process, so that a trace shows
 * that two calls were about the same contact, and never which.
 */
export class Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #hashKey = randomBytes(32);

  constructor(url: URL) {
    this.#provider = new TracerProvider({
      resource: defaultResource().merge(resourceFromAttributes({ 'service.name': 'contacts' })),
      // A router that samples decides for us.
      sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
      spanLimits: { attributeValueLengthLimit: LONGEST_VALUE },
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: url.href }), scheduledDelayMillis: 1_000, maxQueueSize: MOST_WAITING_SPANS })],
    });
    this.#tracer = this.#provider.getTracer('contacts');
  }

  /** Begins an operation's trace, in that of its caller where a valid one is given. Undefined where it shall not be traced. */
  begin(traceparent: string | undefined): OperationTrace | undefined {
    // One clock for all spans of an operation: the system's may be set meanwhile, and differs from ours more each day.
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

  /** Sends what is left, if the receiver takes it soon. */
  async shutdown(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, SHUTDOWN_MS)));
    await Promise.race([this.#provider.shutdown().catch(() => {}), late]);
    clearTimeout(timer);
  }

  /** `recorded` are the calls that have their span already: several fields can wait for one call. */
  #record({ source, resource, ids, relationships, kind, fields, calls, startedAtMs }: RecordedIds, recorded: Set<UpstreamCall>, within: Context, zeroMs: number): void {
    const endedAtMs = Math.max(startedAtMs, ...calls.map((call) => call.endedAtMs));
    const span = this.#tracer.startSpan(`load ${source} ${resource}`, {
      startTime: zeroMs + startedAtMs,
      attributes: {
        ...attributesOf(source, { resource, relationships, ids }),
        'contacts.kind': kind,
        'contacts.fields': [...fields],
        'contacts.ids.hashed': ids.slice(0, MOST_IDS).map((id) => this.#hash(`${source} ${resource} ${id}`)),
      },
    }, within);
    // A call that another operation had asked for is in that one's trace.
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
