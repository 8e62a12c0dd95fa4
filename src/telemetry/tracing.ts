import { createHmac, randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Span, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Watch, WatchedBatch } from '../watch.js';

/** The trace of one operation. */
export interface OperationTrace {
  /** For what is asked of others meanwhile (W3C Trace Context). */
  readonly traceparent: string;
  /** Ends it, with a span for each batch that the operation waited for, and for each of the calls below that. */
  end(name: string | null, outcome: string, watch: Watch): void;
}

/** So many ids are named, by their hashes. */
const MOST_IDS = 20;

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
      spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: url.href }), scheduledDelayMillis: 1_000 })],
    });
    this.#tracer = this.#provider.getTracer('contacts');
  }

  /** Begins an operation's trace, in that of its caller where a valid one is given. Undefined where it shall not be traced. */
  begin(traceparent: string | undefined): OperationTrace | undefined {
    const span = this.#tracer.startSpan('operation', { kind: SpanKind.SERVER }, parentOf(traceparent));
    if (!span.isRecording()) return undefined;
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      end: (name, outcome, watch) => {
        span.setAttributes({ 'graphql.operation.type': 'query', 'contacts.outcome': outcome, ...(name !== null && { 'graphql.operation.name': name }) });
        if (outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR });
        const within = trace.setSpan(ROOT_CONTEXT, span);
        for (const batch of watch.batches) this.#record(batch, within);
        span.end();
      },
    };
  }

  /** Sends what is left. */
  async shutdown(): Promise<void> {
    await this.#provider.shutdown().catch(() => {});
  }

  #record(batch: WatchedBatch, within: Context): void {
    const { source, resource, ids, full, kind, fields, calls, startedAtMs } = batch;
    const attributes = { 'contacts.source': source, 'contacts.resource': resource, 'contacts.relationships': full };
    const endedAtMs = Math.max(startedAtMs, ...calls.map((call) => call.endedAtMs));
    const span = this.#span(`load ${source} ${resource}`, within, startedAtMs, endedAtMs, SpanKind.INTERNAL, {
      ...attributes,
      'contacts.kind': kind,
      'contacts.fields': [...fields],
      'contacts.ids.count': ids.length,
      'contacts.ids.hashed': ids.slice(0, MOST_IDS).map((id) => this.#hash(id)),
    });
    // A call that another operation had asked for is in that one's trace.
    if (kind !== 'sent') return;
    const below = trace.setSpan(ROOT_CONTEXT, span);
    for (const { resource: of, ids: asked, attempt, outcome, ...call } of calls) {
      const made = this.#span(`${of === 'token' ? 'POST' : 'GET'} ${source} ${of}`, below, call.startedAtMs, call.endedAtMs, SpanKind.CLIENT, {
        ...attributes,
        'contacts.ids.count': asked.length,
        'contacts.attempt': attempt,
        'contacts.outcome': outcome,
      });
      if (outcome !== '200') made.setStatus({ code: SpanStatusCode.ERROR });
    }
  }

  #span(name: string, within: Context, startedAtMs: number, endedAtMs: number, kind: SpanKind, attributes: Attributes): Span {
    const span = this.#tracer.startSpan(name, { kind, attributes, startTime: performance.timeOrigin + startedAtMs }, within);
    span.end(performance.timeOrigin + endedAtMs);
    return span;
  }

  #hash(id: string): string {
    return createHmac('sha256', this.#hashKey).update(id).digest('hex').slice(0, 16);
  }
}

function parentOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, isRemote: true, traceFlags: parseInt(flags, 16) & TraceFlags.SAMPLED });
}
