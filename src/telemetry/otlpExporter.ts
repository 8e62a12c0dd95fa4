import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import type { ExportConfig } from '../telemetrySettings.js';
import { retryAfterMs } from '../upstream/retryAfter.js';

/** OpenTelemetry's serializer of a signal. */
interface Serializer<T> {
  serializeRequest(items: T): Uint8Array | undefined;
  deserializeResponse(body: Uint8Array): { readonly partialSuccess?: object };
}

/** Called after each export. `problem` is a status, a code or a word of ours, never text of the receiver. */
export type OnExport = (problem: string | undefined) => void;

interface Options<T> {
  readonly config: Pick<ExportConfig, 'url' | 'headers' | 'timeoutMs' | 'compresses'>;
  readonly serializer: Serializer<T>;
  readonly dispatcher: Dispatcher;
  readonly onExport: OnExport;
  /** Milliseconds before the first retry. They double with each further one. */
  readonly backoffMs?: number;
}

interface Result {
  readonly problem: string | undefined;
  /** Milliseconds that the receiver asks to wait. Undefined: a retry would not help. */
  readonly retryAfterMs?: number;
}

/** The codes of OpenTelemetry's `ExportResult`. */
const SENT = 0;
const FAILED = 1;
const RETRYABLE = new Set([429, 502, 503, 504]);
const MAX_ANSWER_BYTES = 65_536;
const FINISH_MS = 1_000;
const compress = promisify(gzip);

/**
 * Sends one signal over OTLP. Never throws. Retries as the protocol's specification says, within the timeout. OpenTelemetry's
 * own exporters are not used: they read the environment themselves, and know no proxy.
 */
export class OtlpExporter<T> {
  readonly #options: Options<T>;
  readonly #underWay = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: Options<T>) {
    this.#options = options;
  }

  export(items: T, done: (result: { code: typeof SENT | typeof FAILED }) => void): void {
    const sending = this.#send(items).then((problem) => {
      this.#underWay.delete(sending);
      if (!this.#closing.signal.aborted) this.#options.onExport(problem);
      done({ code: problem === undefined ? SENT : FAILED });
    });
    this.#underWay.add(sending);
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  shutdown(): Promise<void> {
    return this.forceFlush();
  }

  /** Waits for `flush`, the last exports, one second at most. Then ends what is under way. */
  async finish(flush: () => Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FINISH_MS)));
    await Promise.race([flush().catch(() => {}), late]);
    clearTimeout(timer);
    this.#closing.abort();
    await this.#options.dispatcher.destroy();
  }

  async #send(items: T): Promise<string | undefined> {
    const { serializer, config, backoffMs = 1_000 } = this.#options;
    try {
      const bytes = serializer.serializeRequest(items) ?? new Uint8Array();
      const body = config.compresses ? await compress(bytes) : bytes;
      const endsAtMs = performance.now() + config.timeoutMs;
      for (let wait = backoffMs; ; wait *= 2) {
        const { problem, retryAfterMs } = await this.#post(body, endsAtMs - performance.now());
        if (problem === undefined || retryAfterMs === undefined) return problem;
        const waitMs = Math.max(retryAfterMs, wait * (0.5 + Math.random()));
        if (performance.now() + waitMs >= endsAtMs) return problem;
        await sleep(waitMs, undefined, { signal: this.#closing.signal, ref: false });
      }
    } catch {
      return 'not sent';
    }
  }

  async #post(body: Uint8Array, withinMs: number): Promise<Result> {
    const { config, dispatcher } = this.#options;
    const headers = { ...config.headers, 'content-type': 'application/x-protobuf', ...(config.compresses && { 'content-encoding': 'gzip' }) };
    try {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(Math.max(1, Math.ceil(withinMs)))]);
      const answer = await dispatcher.request({ method: 'POST', origin: config.url.origin, path: config.url.pathname, headers, body, signal });
      const { statusCode: status } = answer;
      if (status >= 200 && status < 300) return { problem: await this.#rejection(answer.body) };
      // The status is known: what follows does not matter.
      await answer.body.dump({ limit: MAX_ANSWER_BYTES, signal }).catch(() => {});
      return { problem: `HTTP ${status}`, ...(RETRYABLE.has(status) && { retryAfterMs: retryAfterMs(answer.headers['retry-after']) }) };
    } catch (error) {
      return { problem: problemOf(error), retryAfterMs: 0 };
    }
  }

  /** A receiver can answer 200 and still reject a part. An answer that cannot be read rejects nothing. */
  async #rejection(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
    try {
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        if ((bytes += chunk.length) > MAX_ANSWER_BYTES) return undefined;
        chunks.push(chunk);
      }
      const { partialSuccess = {} } = this.#options.serializer.deserializeResponse(Buffer.concat(chunks));
      return Object.entries(partialSuccess).some(([name, count]) => name.startsWith('rejected') && Number(count) > 0) ? 'partly rejected' : undefined;
    } catch {
      return undefined;
    }
  }
}

function problemOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : name;
}
