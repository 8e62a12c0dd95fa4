import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a sandbox server is about to send. A string body goes out as it is, anything else as JSON. */
export interface Answer {
  status: number;
  body: unknown;
  /** Lower-case names; `content-type` is `application/json` unless given. */
  headers?: Record<string, string>;
}

export interface RunningServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  /** Cuts every connection, answered or not. */
  stop(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/**
 * Starts an HTTP server on 127.0.0.1. Port 0 takes any free port; a port in use rejects.
 * A handler that throws is answered with 500 and the message, since here it can only be a fault of the sandbox.
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

/** The address of a request. Only its path and query mean anything. */
export function addressOf(request: IncomingMessage): URL {
  return new URL(`http://sandbox${request.url ?? '/'}`);
}

export function bytesOf(answer: Answer): Buffer {
  if (answer.status === 204 || answer.status === 304) return Buffer.alloc(0);
  return Buffer.from(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
}

/** Writes status and headers, with the length of the whole body, and leaves the body to the caller. */
export function sendHead(response: ServerResponse, answer: Answer, length: number): void {
  response.writeHead(answer.status, {
    'content-type': 'application/json',
    'content-length': length,
    ...answer.headers,
  });
}

export function send(response: ServerResponse, answer: Answer): void {
  const bytes = bytesOf(answer);
  sendHead(response, answer, bytes.length);
  response.end(bytes);
}
