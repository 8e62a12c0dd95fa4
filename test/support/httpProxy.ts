import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Pair } from './certificates.js';

/** One request to the proxy: `CONNECT pms.test:443` or `GET http://pms.test/x`. */
export interface Proxied {
  readonly asked: string;
  readonly authorization: string | undefined;
}

/** A forward proxy on 127.0.0.1, which finds hosts in `hosts` and nowhere else. */
export class HttpProxy {
  readonly calls: Proxied[] = [];
  /** Where hosts are; `pms.test:443` or `pms.test:80`. */
  readonly hosts = new Map<string, URL>();
  /** Answers every request with this status; `hang`: does not answer. */
  refusal: number | 'hang' | undefined;
  /** Open connections to the proxy. */
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(tls: Pair | undefined) {
    this.#server = tls ? createTlsServer({ key: tls.key, cert: tls.cert }) : createServer();
    this.#server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
    });
    this.#server.on('connect', (asking: IncomingMessage, socket: Socket) => this.#tunnel(asking, socket));
    this.#server.on('request', (asking, response) => {
      const target = this.#target(asking, new URL(asking.url!).host);
      if (this.refusal === 'hang') return;
      if (!target) return void response.writeHead(this.refusal ?? 502).end('<html>The proxy</html>');
      const { pathname, search } = new URL(asking.url!);
      const { 'proxy-authorization': _, ...headers } = asking.headers;
      const forwarded = request({ host: target.hostname, port: target.port, method: asking.method!, path: pathname + search, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      forwarded.on('error', () => response.destroy());
      asking.pipe(forwarded);
    });
  }

  static async start(tls?: Pair): Promise<HttpProxy> {
    const proxy = new HttpProxy(tls);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }

  #tunnel(asking: IncomingMessage, socket: Socket): void {
    socket.on('error', () => {});
    const target = this.#target(asking, asking.url!);
    // Reads on, to see when the other side leaves.
    if (!target) socket.on('end', () => socket.destroy()).resume();
    if (this.refusal === 'hang') return;
    if (!target) return void socket.write(`HTTP/1.1 ${this.refusal ?? 502} No\r\ncontent-length: 4\r\n\r\nhtml`);
    const to = connect(Number(target.port), target.hostname, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    to.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.on('close', () => to.destroy());
    to.pipe(socket);
    socket.pipe(to);
  }

  #target(asking: IncomingMessage, host: string): URL | undefined {
    this.calls.push({ asked: `${asking.method} ${asking.url}`, authorization: asking.headers['proxy-authorization'] });
    return this.refusal === undefined ? this.hosts.get(host) : undefined;
  }
}
