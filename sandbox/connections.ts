import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * The connections of one server, and how idle ones end: not at all, unless a test says so. The server tells clients nothing
 * about that (no `Keep-Alive: timeout=`), like most gateways.
 */
export class Connections {
  /** How many connections there have been. */
  opened = 0;
  readonly #open = new Set<Socket>();
  /** With the timers that close them, if any. */
  readonly #idle = new Map<Socket, NodeJS.Timeout | undefined>();
  #idleMs = Infinity;

  constructor(server: Server, event: 'connection' | 'secureConnection') {
    // 0: never closed, and no header.
    server.keepAliveTimeout = 0;
    server.on(event, (socket: Socket) => {
      this.opened++;
      this.#open.add(socket);
      this.#rest(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#wake(socket);
      });
    });
    server.on('request', ({ socket }, response) => {
      this.#wake(socket);
      response.once('close', () => this.#rest(socket));
    });
  }

  /** The connections that are open, and those of them on which no request is under way. */
  get counts(): { opened: number; open: number; idle: number } {
    return { opened: this.opened, open: this.#open.size, idle: this.#idle.size };
  }

  /** Connections are closed once they have been idle for so long. Infinity: none are. */
  get idleMs(): number {
    return this.#idleMs;
  }

  set idleMs(ms: number) {
    this.#idleMs = ms;
    for (const socket of [...this.#idle.keys()]) {
      this.#wake(socket);
      this.#rest(socket);
    }
  }

  resetIdle(): void {
    for (const socket of [...this.#idle.keys()]) reset(socket);
  }

  #rest(socket: Socket): void {
    if (socket.destroyed) return;
    this.#idle.set(socket, this.#idleMs === Infinity ? undefined : setTimeout(() => socket.destroy(), this.#idleMs));
  }

  #wake(socket: Socket): void {
    clearTimeout(this.#idle.get(socket));
    this.#idle.delete(socket);
  }
}

/** Ends a connection with a TCP reset. Node cannot do that below TLS: there the connection is closed without a word. */
export function reset(socket: Socket | null): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket?.resetAndDestroy();
}
