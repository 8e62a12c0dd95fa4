import type { Config } from '../config.js';
import { openDispatcher } from '../upstream/network.js';
import { milliseconds, type Findings } from './findings.js';
import { whyNoAnswer, type Why } from './reasons.js';

type Telemetry = NonNullable<Config['telemetry']>;

/** Sends an empty export of each signal, which has no bytes in protobuf. */
export async function checkTelemetry({ proxies }: Config, { traces, metrics }: Telemetry, timeoutMs: number, found: Findings): Promise<void> {
  if (traces) await checkSignal('traces', traces, proxies, timeoutMs, found);
  if (metrics) await checkSignal('metrics', metrics, proxies, timeoutMs, found);
}

async function checkSignal(signal: 'traces' | 'metrics', { setting, url, headers: own }: NonNullable<Telemetry['traces' | 'metrics']>, proxies: Config['proxies'], timeoutMs: number, found: Findings): Promise<void> {
  const check = `telemetry.${signal}` as const;
  const startedAtMs = performance.now();
  const headers = { ...own, 'content-type': 'application/x-protobuf' };
  try {
    const { statusCode: status, body } = await openDispatcher(url, { proxies }).request({ method: 'POST', origin: url.origin, path: url.pathname, headers, signal: AbortSignal.timeout(timeoutMs) });
    await body.dump();
    if (status >= 200 && status < 300) found.ok(check, `${setting} takes ${signal}, in ${milliseconds(startedAtMs)}`);
    else {
      const { text, reason } = whyRefused(status);
      found.fault(check, `${setting}: its path for ${signal} answered ${status}: ${text}`, reason);
    }
  } catch (error) {
    const { text, reason } = whyNoAnswer(error);
    found.fault(check, `${setting}, ${signal}: ${text}`, reason);
  }
}

function whyRefused(status: number): Why {
  if (status >= 300 && status < 400) return { reason: 'redirect', text: 'it leads elsewhere, and the service does not follow. Give the address as it is in the end' };
  if (status === 401 || status === 403) return { reason: 'forbidden', text: 'it does not let this service in. Look at the key in OTEL_EXPORTER_OTLP_HEADERS' };
  if (status === 429) return { reason: 'rate-limit', text: 'its rate limit is reached. Try again later' };
  if (status >= 500) return { reason: 'unavailable', text: 'it is in trouble itself, or a proxy in front of it' };
  return { reason: status === 404 ? 'path' : 'status', text: 'is it a receiver of OTLP over HTTP (often port 4318)?' };
}
