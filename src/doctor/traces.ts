import { request } from 'undici';
import { milliseconds, type Findings } from './findings.js';
import { reasonOf } from './reasons.js';

/** Sends an empty export, which has no bytes in protobuf. */
export async function checkTraces(url: URL, timeoutMs: number, found: Findings): Promise<void> {
  const startedAtMs = performance.now();
  try {
    const { statusCode: status, body } = await request(url, { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, signal: AbortSignal.timeout(timeoutMs) });
    await body.dump();
    if (status >= 200 && status < 300) found.ok(`OTEL_EXPORTER_OTLP_ENDPOINT takes traces, in ${milliseconds(startedAtMs)}`);
    else found.fault(`OTEL_EXPORTER_OTLP_ENDPOINT: its path for traces answered ${status}. Is it a receiver of OTLP over HTTP (often port 4318)?`);
  } catch (error) {
    found.fault(`OTEL_EXPORTER_OTLP_ENDPOINT: ${reasonOf(error)}`);
  }
}
