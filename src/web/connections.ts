import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Registry, type Entry } from './registry.js';

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
class Connection implements Entry {
  place = 0;
  /** How many of its requests have begun, and are not answered. */
  underWay = 0;
  /** Since when it has been without a request, if it is. */
  idleSinceMs: number | undefined;
  readonly held: (() => void)[] = [];
  /** Whether its caller ever sent a request before it had the answer to the last one. */
  pipelines = false;

  constructor(readonly socket: Socket) {}
}

/**
 * The requests of each connection. Node begins every pipelined request at once; here at most eight of a connection are
 * under way, and its socket is not read while others are held. A connection that sends still more is ended.
 */
export class Connections {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #open = new Registry<Connection>();
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
    const connection = this.#connections.get(socket) ?? this.#connect(socket);
    if (connection.underWay > 0) connection.pipelines = true;
    if (connection.underWay < MAX_AT_ONCE) return this.#start(connection, response, start);
    if (connection.held.length >= MAX_HELD) {
      this.#onEnded('pipelined');
      socket.destroy();
      return;
    }
    connection.held.push(() => this.#start(connection, response, start));
    stopReading(socket);
  }

  /**
   * Ends connections that are idle for long while there are many of them. Callers who never read leave such connections: the
   * system holds what they do not read. To be called now and then.
   */
  endIdle(): void {
    const now = this.#now();
    const idle = this.#open.all().filter(({ idleSinceMs, socket }) => idleSinceMs !== undefined && !socket.destroyed);
    if (idle.length > MANY_IDLE) this.#manyIdleUntilMs = now + 2 * IDLE_MS;
    if (now >= this.#manyIdleUntilMs) return;
    for (const { socket, idleSinceMs } of idle) {
      if (now - idleSinceMs! < IDLE_MS) continue;
      this.#onEnded('idle');
      socket.destroy();
    }
  }

  /**
   * Whether a caller can be told to close the connection with this answer. Node closes it right after such an answer, and
   * drops what a caller has pipelined behind it.
   */
  mayCloseAfterAnswer(socket: Socket): boolean {
    return this.#connections.get(socket)?.pipelines === false;
  }

  #connect(socket: Socket): Connection {
    const connection = new Connection(socket);
    this.#connections.set(socket, connection);
    this.#open.add(connection);
    // Node resumes the socket after each request that it has read.
    socket.on('resume', () => connection.held.length > 0 && stopReading(socket));
    socket.once('close', () => {
      connection.held.length = 0;
      this.#open.delete(connection);
    });
    return connection;
  }

  #start(connection: Connection, response: ServerResponse, start: () => void): void {
    connection.underWay++;
    connection.idleSinceMs = undefined;
    this.#underWay++;
    response.once('close', () => this.#end(connection));
    start();
  }

  #end(connection: Connection): void {
    const { socket, held } = connection;
    connection.underWay--;
    this.#underWay--;
    const next = held.shift();
    if (next && held.length === 0) socket.resume();
    next?.();
    if (connection.underWay > 0 || socket.destroyed) return;
    connection.idleSinceMs = this.#now();
    if (connection.pipelines) socket.setTimeout(PIPELINED_IDLE_MS);
  }
}

function stopReading(socket: Socket): void {
  socket.pause();
  // `pause()` does not stop a resume that is pending. Node's HTTP server stops reading on this event.
  socket.emit('pause');
}
