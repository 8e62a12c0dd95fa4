import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { constants, gzipSync } from 'node:zlib';

/** An answer of a sandbox server. A string body is sent as it is, anything else as JSON. */
export interface Answer {
  status: number;
  body: unknown;
  /** Names in lower case. `content-type` is `application/json` unless given. */
  headers?: Record<string, string>;
}

export interface RunningServer {
  /** `http://127.0.0.1:<port>`, without a trailing slash. */
  url: string;
  /** Cuts all connections, even unanswered ones. */
  stop(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * Starts an HTTP server on 127.0.0.1. Port 0 is any free port. Rejects if the port is in use. If the handler throws, the
 * sandbox has a bug, and the answer is 500 with the message.
 */
export async function listen(port: number, handler: Handler): Promise<RunningServer> {
  const server = createServer((request, response) => {
    Promise.resolve(handler(request, response)).catch((error: unknown) => {
      if (!response.headersSent) send(response, { status: 500, body: { message: `sandbox: ${String(error)}` } });
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, stop };
}

/** The address of a request. Its host is made up; use path and query only. */
export function addressOf(request: IncomingMessage): URL {
  return new URL(`http://sandbox${request.url ?? '/'}`);
}

/** The body as it is sent; empty for 204 and 304. */
export function bytesOf(answer: Answer): Buffer {
  if (answer.status === 204 || answer.status === 304) return Buffer.alloc(0);
  return Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
}

/** Writes status and headers. `length` is that of the whole body, which the caller writes. */
export function sendHead(response: ServerResponse, answer: Answer, length: number): void {
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': length,
    ...answer.headers,
  });
}

/** Shorter bodies are not compressed. */
const MIN_GZIP_BYTES = 1_024;

/** Sends the whole answer, in gzip if the caller asks for it. */
export function send(response: ServerResponse, answer: Answer): void {
  const bytes = bytesOf(answer);
  const isGzip = bytes.length > MIN_GZIP_BYTES && /\bgzip\b/.test(String(response.req.headers['accept-encoding'])) && !answer.headers?.['content-encoding'];
  const sent = isGzip ? gzipSync(bytes, { level: constants.Z_BEST_SPEED }) : bytes;
  sendHead(response, isGzip ? { ...answer, headers: { 'content-encoding': 'gzip', ...answer.headers } } : answer, sent.length);
  response.end(sent);
}
