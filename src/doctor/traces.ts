import { milliseconds, type Findings } from './findings.js';
import { reasonOf } from './reasons.js';

/** Sends an empty export: in protobuf that is no byte at all. */
export async function checkTraces(url: URL, timeoutMs: number, found: Findings): Promise<void> {
  const startedAtMs = performance.now();
  try {
    const { status } = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array(), signal: AbortSignal.timeout(timeoutMs) });
    if (status >= 200 && status < 300) found.ok(`OTEL_EXPORTER_OTLP_ENDPOINT takes traces, in ${milliseconds(startedAtMs)}`);
    else found.fault(`OTEL_EXPORTER_OTLP_ENDPOINT: its path for traces answered ${status}. Is it a receiver of OTLP over HTTP (often port 4318)?`);
  } catch (error) {
    found.fault(`OTEL_EXPORTER_OTLP_ENDPOINT: ${reasonOf(error)}`);
  }
}
