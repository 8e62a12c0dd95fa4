import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { constants, gzipSync } from 'node:zlib';
import type { Certificate } from './certificate.js';
import { Connections } from './connections.js';
import { startDistance, type Distance } from './distance.js';

/** An answer of a sandbox server. A string body is sent as it is, anything else as JSON. */
export interface Answer {
  status: number;
  body: unknown;
  /** Names in lower case. `content-type` is `application/json` unless given. */
  headers?: Record<string, string>;
}

export interface ServerOptions {
  /** How long a round trip to the server takes. Absent: there is no relay in front of it. */
  roundTripMs?: number;
  /** Absent: plain HTTP. */
  certificate?: Certificate;
  /** Whether it compresses what clients accept in gzip. True unless given. */
  gzip?: boolean;
}

export interface RunningServer {
  /** `http://127.0.0.1:<port>`, or with `https`, without a trailing slash. */
  url: string;
  connections: Connections;
  /** What has been sent over the distance, TLS included. */
  sent: Distance['sent'] | undefined;
  /** Cuts all connections, even unanswered ones. */
  stop(): Promise<void>;
}

/** Smaller bodies are not worth it, and larger ones would hold up the tests. */
const MIN_GZIP_BYTES = 1_024;
const MAX_GZIP_BYTES = 1_048_576;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * Starts an HTTP server on 127.0.0.1. Port 0 is any free port. Rejects if the port is in use. If the handler throws, the
 * sandbox has a bug, and the answer is 500 with the message.
 */
export async function listen(port: number, handler: Handler, { roundTripMs, certificate, gzip = true }: ServerOptions = {}): Promise<RunningServer> {
  const listener: RequestListener = (request, response) => {
    // `send` compresses for all who accept it.
    if (!gzip) delete request.headers['accept-encoding'];
    Promise.resolve(handler(request, response)).catch((error: unknown) => {
      if (!response.headersSent) send(response, { status: 500, body: { message: `sandbox: ${String(error)}` } });
      else response.destroy();
    });
  };
  const server = certificate ? createSecureServer(certificate, listener) : createServer(listener);
  const connections = new Connections(server, certificate ? 'secureConnection' : 'connection');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(roundTripMs === undefined ? port : 0, '127.0.0.1', resolve);
  });
  const stopServer = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const { port: serverPort } = server.address() as AddressInfo;
  const stopAndThrow = async (error: unknown): Promise<never> => {
    await stopServer();
    throw error;
  };
  const distance = roundTripMs === undefined ? undefined : await startDistance(port, serverPort, roundTripMs).catch(stopAndThrow);
  const stop = async () => {
    await Promise.all([stopServer(), distance?.stop()]);
  };
  return { url: `${certificate ? 'https' : 'http'}://127.0.0.1:${distance?.port ?? serverPort}`, connections, sent: distance?.sent, stop };
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

/** Sends the whole answer, compressed where the client accepts that and the server does it. */
export function send(response: ServerResponse, answer: Answer): void {
  const bytes = bytesOf(answer);
  const isAccepted = /\bgzip\b/.test(String(response.req.headers['accept-encoding'])) && !answer.headers?.['content-encoding'];
  if (!isAccepted || bytes.length < MIN_GZIP_BYTES || bytes.length > MAX_GZIP_BYTES) {
    sendHead(response, answer, bytes.length);
    return void response.end(bytes);
  }
  const compressed = gzipSync(bytes, { level: constants.Z_BEST_SPEED });
  sendHead(response, { ...answer, headers: { ...answer.headers, 'content-encoding': 'gzip', vary: 'accept-encoding' } }, compressed.length);
  response.end(compressed);
}
