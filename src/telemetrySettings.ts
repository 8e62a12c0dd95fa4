import type { Settings } from './settings.js';

/** How one signal is sent over OTLP (protobuf over HTTP). */
export interface ExportConfig {
  /** The name of the setting that gives the address. */
  readonly setting: string;
  readonly url: URL;
  /** Sent with every export. May hold a key of the receiver. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long one export may take, with its retries. */
  readonly timeoutMs: number;
  readonly compresses: boolean;
}

export interface SamplerConfig {
  /** The share of traces that are kept, from 0 to 1. */
  readonly ratio: number;
  /** Whether the decision of a caller that traces wins. */
  readonly followsCaller: boolean;
}

export interface TelemetryConfig {
  /** What describes this process, in traces and metrics alike. */
  readonly resource: Readonly<Record<string, string>>;
  /** Undefined: not sent. */
  readonly traces: (ExportConfig & { readonly sampler: SamplerConfig }) | undefined;
  readonly metrics: (ExportConfig & { readonly intervalMs: number }) | undefined;
}

const COMMON = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const SERVICE_NAME = 'contacts';
const MAX_MS = 3_600_000;
/** What the HTTP client sets itself. */
const RESERVED_HEADERS = new Set(['connection', 'content-encoding', 'content-length', 'content-type', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);
const SAMPLERS = new Map([
  ['always_on', { followsCaller: false, ratio: 1 }],
  ['always_off', { followsCaller: false, ratio: 0 }],
  ['traceidratio', { followsCaller: false, ratio: undefined }],
  ['parentbased_always_on', { followsCaller: true, ratio: 1 }],
  ['parentbased_always_off', { followsCaller: true, ratio: 0 }],
  ['parentbased_traceidratio', { followsCaller: true, ratio: undefined }],
]);

/**
 * Reads the variables of OpenTelemetry. Undefined if nothing is to be sent. A wrong address or header is a fault. Any other
 * wrong value is ignored with a warning, as OpenTelemetry's specification requires.
 */
export function readTelemetry(settings: Settings): TelemetryConfig | undefined {
  if (oneOf(settings, 'OTEL_SDK_DISABLED', ['true', 'false']) === 'true') return undefined;
  const traces = readExport(settings, 'TRACES', ['none']);
  // Prometheus asks for them at /metrics.
  const metrics = readExport(settings, 'METRICS', ['none', 'prometheus']);
  if (!traces && !metrics) return undefined;
  return {
    resource: readResource(settings),
    traces: traces && { ...traces, sampler: readSampler(settings) },
    metrics: metrics && { ...metrics, intervalMs: milliseconds(settings, 'OTEL_METRIC_EXPORT_INTERVAL', 60_000) },
  };
}

/** Undefined if the signal has no address, or `OTEL_…_EXPORTER` has only words of `others`. */
function readExport(settings: Settings, signal: 'TRACES' | 'METRICS', others: readonly string[]): ExportConfig | undefined {
  const own = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const setting = [own, COMMON].find((name) => settings.text(name) !== undefined);
  if (setting === undefined) return undefined;
  const exporter = `OTEL_${signal}_EXPORTER`;
  const words = settings.text(exporter)?.toLowerCase().split(/\s*,\s*/) ?? ['otlp'];
  const isKnown = words.every((word) => word === 'otlp' || others.includes(word));
  if (!isKnown) settings.warn(exporter, `is ignored: only ${['otlp', ...others].join(', ')} are known`);
  if (isKnown && !words.includes('otlp')) return undefined;
  // With a malformed address too: all faults are told at once.
  oneOf(settings, 'OTEL_EXPORTER_OTLP_PROTOCOL', ['http/protobuf']);
  const commonHeaders = readHeaders(settings, 'OTEL_EXPORTER_OTLP_HEADERS');
  const headers = readHeaders(settings, `OTEL_EXPORTER_OTLP_${signal}_HEADERS`) ?? commonHeaders ?? {};
  const url = setting === own ? settings.url(own) : readCommonUrl(settings, signal);
  return url && {
    setting,
    url,
    headers,
    timeoutMs: milliseconds(settings, 'OTEL_EXPORTER_OTLP_TIMEOUT', 10_000),
    compresses: oneOf(settings, 'OTEL_EXPORTER_OTLP_COMPRESSION', ['none', 'gzip']) === 'gzip',
  };
}

/** The address of one signal is used as it is. The common one gets the signal's path. */
function readCommonUrl(settings: Settings, signal: string): URL | undefined {
  const common = settings.url(COMMON);
  return common && new URL(`${common.href.replace(/\/$/, '')}/v1/${signal.toLowerCase()}`);
}

function readHeaders(settings: Settings, name: string): Readonly<Record<string, string>> | undefined {
  const text = settings.secret(name);
  if (text === undefined) return undefined;
  const pairs = readPairs(text)?.map(([key, value]) => [key.toLowerCase(), value] as const);
  if (pairs?.every(([key, value]) => /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key) && /^[\x20-\x7e]*$/.test(value) && !RESERVED_HEADERS.has(key))) return Object.fromEntries(pairs);
  settings.fault(name, 'must be headers as name=value, separated by commas and percent-encoded, other than those that HTTP itself sets');
  return undefined;
}

function readResource(settings: Settings): Readonly<Record<string, string>> {
  const name = 'OTEL_RESOURCE_ATTRIBUTES';
  const pairs = readPairs(settings.text(name) ?? '');
  if (!pairs) settings.warn(name, 'is ignored: it must be attributes as name=value, separated by commas and percent-encoded');
  const attributes = Object.fromEntries(pairs ?? []);
  return { ...attributes, 'service.name': settings.text('OTEL_SERVICE_NAME') ?? attributes['service.name'] ?? SERVICE_NAME };
}

function readSampler(settings: Settings): SamplerConfig {
  const name = oneOf(settings, 'OTEL_TRACES_SAMPLER', [...SAMPLERS.keys()]) ?? 'parentbased_always_on';
  const { followsCaller, ratio } = SAMPLERS.get(name)!;
  return { followsCaller, ratio: ratio ?? readRatio(settings) };
}

function readRatio(settings: Settings): number {
  const name = 'OTEL_TRACES_SAMPLER_ARG';
  const text = settings.text(name);
  if (text === undefined) return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  settings.warn(name, 'is ignored: it must be a number from 0 to 1');
  return 1;
}

function milliseconds(settings: Settings, name: string, otherwise: number): number {
  const text = settings.text(name);
  if (text === undefined) return otherwise;
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_MS) return Number(text);
  settings.warn(name, `is ignored: it must be milliseconds from 1 to ${MAX_MS}`);
  return otherwise;
}

/** One of these words, in lower case. Undefined if it is not set, or another one, which is ignored. */
function oneOf(settings: Settings, name: string, words: readonly string[]): string | undefined {
  const word = settings.text(name)?.toLowerCase();
  if (word === undefined || words.includes(word)) return word;
  settings.warn(name, `is ignored: it must be ${words.join(' or ')}`);
  return undefined;
}

/** `name=value,name=value`, percent-encoded. Undefined if a part has another form. */
function readPairs(text: string): readonly (readonly [string, string])[] | undefined {
  try {
    return text.split(',').filter((part) => part.trim() !== '').map((part) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(part)!;
      return [decodeURIComponent(name!.trim()), decodeURIComponent(value!.trim())] as const;
    });
  } catch {
    return undefined;
  }
}
