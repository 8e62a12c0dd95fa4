import { connect } from 'node:net';

const END_OF_CHUNKS = '\r\n0\r\n\r\n';
const TIMEOUT_MS = 20_000;

/**
 * One keep-alive HTTP/1.1 connection with one request at a time. It does as little as possible, so that the load generator
 * is not the bottleneck: it reads only both ends of an answer.
 */
export class Connection {
  #socket;
  #settle;
  #head = '';
  #status = 0;
  /** Bytes of the body that are missing; NaN if it is chunked. */
  #left = 0;
  #start = '';

  constructor(origin) {
    const { hostname, port } = new URL(origin);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true, timeout: TIMEOUT_MS });
    this.#socket.on('data', (bytes) => this.#read(bytes));
    this.#socket.on('timeout', () => this.#socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** Resolves when the answer is complete. Rejects if it contains errors; `code` has that of the first one. */
  ask(message) {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) reject(new Error('the connection was closed'));
      this.#settle = { resolve, reject };
      this.#head = '';
      this.#start = '';
      this.#socket.write(message);
    });
  }

  get isOpen() {
    return !this.#socket.destroyed;
  }

  close() {
    this.#socket.destroy();
  }

  #read(bytes) {
    const body = this.#start === '' ? this.#readHead(bytes) : bytes;
    if (!body || body.length === 0) return;
    if (this.#start === '') this.#start = body.toString('latin1', 0, 400);
    this.#left -= body.length;
    const end = body.toString('latin1', Math.max(0, body.length - 12));
    if (this.#left === 0 || end.endsWith(END_OF_CHUNKS)) this.#end(end.replace(END_OF_CHUNKS, '').trimEnd());
  }

  #readHead(bytes) {
    this.#head += bytes.toString('latin1');
    const end = this.#head.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const bodyBytes = this.#head.length - end - 4;
    this.#head = this.#head.slice(0, end);
    this.#status = Number(this.#head.slice(9, 12));
    this.#left = Number(/content-length: (\d+)/i.exec(this.#head)?.[1]);
    return bytes.subarray(bytes.length - bodyBytes);
  }

  #end(end) {
    // Errors come before the data, or after it in a list that ends with `}]}`.
    const isWhole = !this.#start.includes('{"errors"') && !end.endsWith('}]}');
    if (this.#status === 200 && isWhole) this.#settle.resolve();
    else this.#refused();
  }

  #refused() {
    const code = `${/"code":"(\w+)"/.exec(this.#start)?.[1] ?? 'error'} (HTTP ${this.#status})`;
    const retryAfterSeconds = Number(/^retry-after: (\d+)/im.exec(this.#head)?.[1] ?? 0);
    this.#fail(Object.assign(new Error(`an answer with status ${this.#status}: ${this.#start}`), { code, retryAfterSeconds }));
    if (/^connection: close/im.test(this.#head)) this.close();
  }

  #fail(error) {
    this.#settle?.reject(error);
  }
}

export function post(path, body) {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
}

export function get(path, token) {
  return `GET ${path} HTTP/1.1\r\nhost: bench\r\naccept: application/json\r\nauthorization: Bearer ${token}\r\n\r\n`;
}
