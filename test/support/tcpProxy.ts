import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './freePort.js';

/** What becomes of a request, or of its answer, that goes through the proxy. */
export type TcpFault =
  /** Nobody listens. */
  | 'refuse'
  /** Accepted, and never answered. */
  | 'blackhole'
  /** Our side of the connection is closed in good order once the request is there; the other stays open. */
  | 'half-close'
  /** A TCP reset after so many bytes of the answer. 0: before anything is sent. With `of`, other requests pass. */
  | { readonly resetAfterBytes: number; readonly of?: (request: string) => boolean }
  /** Closed in good order after so many bytes of the answer. */
  | { readonly cutAfterBytes: number }
  /** Slowly, from the first byte of the status line on. */
  | { readonly drip: { readonly bytes: number; readonly everyMs: number } }
  /** Each piece of the answer waits for a time between 0 and this. */
  | { readonly jitterMs: number }
  /** Sent as it is in place of the answer to this request, then closed if `end`; undefined lets the request through. */
  | { readonly say: (request: string) => Buffer | undefined; readonly end?: boolean };

/** Stands in front of a server on 127.0.0.1, for what goes wrong below HTTP. */
export class TcpProxy {
  /** Where connections go. */
  target: URL | undefined;
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  readonly #doomed = new WeakSet<Socket>();
  #fault: TcpFault | undefined;
  #left = Infinity;
  #isHeld = false;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (client) => this.#serve(client));
  }

  static async start(): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    // One that the system gives to anybody could be gone when this listens there again.
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new TcpProxy(server);
  }

  /** From now on requests meet this fault, `times` of them. Without one, everything passes. */
  async set(fault?: TcpFault, times = Infinity): Promise<void> {
    this.#fault = fault;
    this.#left = times;
    if (fault === 'refuse') return this.stop();
    if (!this.#server.listening) await new Promise<void>((resolve) => this.#server.listen(Number(new URL(this.url).port), '127.0.0.1', resolve));
  }

  /** Cuts all connections, as when the server behind is restarted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Passes nothing on in either direction until the returned function is called. What arrives meanwhile is passed on then. */
  hold(): () => void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
    return () => {
      this.#isHeld = false;
      for (const socket of this.#sockets) socket.resume();
    };
  }

  /**
   * Every open connection is reset as soon as a request comes on it. An upstream that is far away and has closed its idle
   * connections looks like this: the request is on its way before the reset arrives.
   */
  resetWhenUsed(): void {
    for (const client of this.#clients) this.#doomed.add(client);
  }

  /** How many connections are open. */
  get open(): number {
    return this.#clients.size;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  /** One request at a time on a connection, each in one piece: as our service sends them. */
  #serve(client: Socket): void {
    const server = connect(Number(this.target?.port), '127.0.0.1');
    let answer = (_piece: Buffer): void => {};
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    // Whoever asked has gone: without this, half of the connection would stay.
    client.on('end', () => client.destroy());
    server.on('data', (piece) => answer(piece));
    client.on('data', (request) => {
      if (this.#doomed.has(client)) return void client.resetAndDestroy();
      const fault = this.#left-- > 0 ? this.#fault : undefined;
      if (fault === 'blackhole') return;
      const isOther = typeof fault === 'object' && 'of' in fault && !fault.of(request.toString('latin1'));
      const said = typeof fault === 'object' && 'say' in fault ? fault.say(request.toString('latin1')) : undefined;
      if (said) client.write(said);
      if (fault === 'half-close' || (said && typeof fault === 'object' && 'end' in fault && fault.end)) client.end();
      else if (!said) {
        answer = delivery(client, isOther ? undefined : fault);
        // Some need not wait for an answer.
        answer(Buffer.alloc(0));
        server.write(request);
      }
    });
    // Last, because a listener for data lets it flow.
    if (this.#isHeld) for (const socket of [client, server]) socket.pause();
  }
}

/** Takes the pieces of one answer and sends them on as the fault wants it. */
function delivery(client: Socket, fault: TcpFault | undefined): (piece: Buffer) => void {
  if (typeof fault !== 'object' || 'say' in fault) return (piece) => client.write(piece);
  if ('resetAfterBytes' in fault || 'cutAfterBytes' in fault) {
    let left = 'resetAfterBytes' in fault ? fault.resetAfterBytes : fault.cutAfterBytes;
    return (piece) => {
      const part = piece.subarray(0, left);
      left -= part.length;
      client.write(part, () => {
        if (left > 0) return;
        if ('resetAfterBytes' in fault) client.resetAndDestroy();
        else client.end();
      });
    };
  }
  let sent = Promise.resolve();
  return (piece) => (sent = sent.then(() => slowly(client, piece, fault)));
}

async function slowly(client: Socket, piece: Buffer, fault: Extract<TcpFault, { drip: unknown } | { jitterMs: number }>): Promise<void> {
  const { bytes, everyMs } = 'drip' in fault ? fault.drip : { bytes: piece.length || 1, everyMs: Math.random() * fault.jitterMs };
  for (let at = 0; at < piece.length && !client.destroyed; at += bytes) {
    await delay(everyMs);
    client.write(piece.subarray(at, at + bytes));
  }
}
