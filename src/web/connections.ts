import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How many requests of one connection are worked on at a time. Routers send one, and wait for its answer. */
const MAX_AT_ONCE = 8;
/** How many more of them may wait: about one read of 64 KiB from the socket, of ordinary requests. */
const MAX_HELD = 100;
/**
 * How long a connection that pipelined stays open without a request. Its answers may fill the system's buffers while nobody
 * reads them. Routers do not pipeline, so they keep their connections for as long as the server allows.
 */
const PIPELINED_IDLE_MS = 20_000;

/**
 * With more idle connections than this, none of them stays open for longer than IDLE_MS: each may hold up to 3 MB of unread
 * answer in the kernel. Routers keep a few hundred at most.
 */
const MANY_IDLE = 1_000;
const IDLE_MS = 20_000;

/** One connection of a caller. */
class Connection {
  readonly underWay = new Set<ServerResponse>();
  readonly held: (() => void)[] = [];
  /** Whether its caller ever sent a request before it had the answer to the last one. */
  pipelines = false;
}

/**
 * The requests of each connection. Node begins every pipelined request at once; here at most eight of a connection are
 * under way, and its socket is not read while others are held. A connection that sends still more is ended.
 */
export class Connections {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #sockets = new WeakMap<ServerResponse, Socket>();
  /** Since when connections are idle, the longest first. */
  readonly #idle = new Map<Socket, number>();
  readonly #now: () => number;
  readonly #onEnded: (reason: 'pipelined' | 'idle') => void;
  #manyIdleUntilMs = -Infinity;
  #underWay = 0;

  /** `onEnded` hears of each connection that is ended; `now` gives milliseconds on any clock that only goes forward. */
  constructor(onEnded: (reason: 'pipelined' | 'idle') => void = () => {}, now = (): number => performance.now()) {
    this.#onEnded = onEnded;
    this.#now = now;
  }

  /** How many requests have begun, and are neither answered nor left by their callers. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Calls `start` when it is the request's turn: at once, later, or never if its caller leaves before. */
  begin(socket: Socket, response: ServerResponse, start: () => void): void {
    if (socket.destroyed) return;
    this.#sockets.set(response, socket);
    const connection = this.#connections.get(socket) ?? this.#open(socket);
    const go = (): void => {
      connection.underWay.add(response);
      this.#idle.delete(socket);
      this.#underWay++;
      response.once('close', () => this.#end(socket, connection, response));
      start();
    };
    if (connection.underWay.size > 0) connection.pipelines = true;
    if (connection.underWay.size < MAX_AT_ONCE) return go();
    if (connection.held.length >= MAX_HELD) {
      this.#onEnded('pipelined');
      socket.destroy();
      return;
    }
    connection.held.push(go);
    stopReading(socket);
  }

  /**
   * Ends connections that are idle for long while there are many of them. Callers who never read leave such connections: the
   * system holds what they do not read. To be called now and then.
   */
  endIdle(): void {
    const now = this.#now();
    if (this.#idle.size > MANY_IDLE) this.#manyIdleUntilMs = now + 2 * IDLE_MS;
    if (now >= this.#manyIdleUntilMs) return;
    for (const [socket, sinceMs] of this.#idle) {
      if (now - sinceMs < IDLE_MS) return;
      this.#onEnded('idle');
      socket.destroy();
      this.#idle.delete(socket);
    }
  }

  /** The connection of a response. Node forgets it where the request could not be read. */
  socketOf(response: ServerResponse): Socket | undefined {
    return this.#sockets.get(response);
  }

  /**
   * Whether a caller can be told to close the connection with this answer. Node closes it right after such an answer, and
   * drops what a caller has pipelined behind it.
   */
  mayCloseAfterAnswer(socket: Socket): boolean {
    return this.#connections.get(socket)?.pipelines === false;
  }

  #open(socket: Socket): Connection {
    const connection = new Connection();
    this.#connections.set(socket, connection);
    // Node resumes the socket after each request that it has read.
    socket.on('resume', () => connection.held.length > 0 && stopReading(socket));
    socket.once('close', () => {
      connection.held.length = 0;
      this.#idle.delete(socket);
    });
    return connection;
  }

  #end(socket: Socket, connection: Connection, response: ServerResponse): void {
    if (!connection.underWay.delete(response)) return;
    this.#underWay--;
    const next = connection.held.shift();
    if (next && connection.held.length === 0) socket.resume();
    next?.();
    if (connection.underWay.size > 0 || socket.destroyed) return;
    this.#idle.set(socket, this.#now());
    if (connection.pipelines) socket.setTimeout(PIPELINED_IDLE_MS);
  }
}

function stopReading(socket: Socket): void {
  socket.pause();
  // `pause()` does not stop a resume that is pending. Node's HTTP server stops reading on this event.
  socket.emit('pause');
}
