import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Registry, type Entry } from './registry.js';

/** How many requests of one connection run at a time. Routers send one, and wait for its answer. */
const MAX_AT_ONCE = 8;
/** How many more may wait: about as many as one read of 64 KiB from the socket brings. */
const MAX_HELD = 100;
/**
 * How long an idle connection stays open after pipelining, since unread answers may fill the kernel's buffers. Routers do not
 * pipeline, so `keepAliveTimeout` applies to them.
 */
const PIPELINED_IDLE_MS = 20_000;

/**
 * With more idle connections than this, none stays open for longer than IDLE_MS: each may hold up to 3 MB of unread answer in
 * the kernel. Routers keep a few hundred at most.
 */
const MANY_IDLE = 1_000;
const IDLE_MS = 20_000;

class Connection implements Entry {
  place = 0;
  /** Requests that have started and are not answered. */
  underWay = 0;
  /** Undefined while a request is under way. */
  idleSinceMs: number | undefined;
  readonly held: (() => void)[] = [];
  /** Whether the caller ever sent a request before the answer to the last one. */
  pipelines = false;

  constructor(readonly socket: Socket) {}
}

/**
 * Limits the requests of each connection. Node starts every pipelined request at once. Here at most MAX_AT_ONCE run, and the
 * socket is not read while more are held. A connection that sends still more is ended.
 */
export class Connections {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #open = new Registry<Connection>();
  readonly #now: () => number;
  readonly #onEnded: (reason: 'pipelined' | 'idle') => void;
  #manyIdleUntilMs = -Infinity;
  #underWay = 0;

  /** `onEnded` is called for each connection that is ended. `now` gives milliseconds of a monotonic clock. */
  constructor(onEnded: (reason: 'pipelined' | 'idle') => void = () => {}, now = (): number => performance.now()) {
    this.#onEnded = onEnded;
    this.#now = now;
  }

  /** Requests that have started, and are neither answered nor abandoned by their callers. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Calls `start` when it is the request's turn: at once, later, or never if the caller leaves first. */
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
   * Ends connections that have long been idle, while there are many. Callers who never read leave such connections, whose
   * answers fill the kernel's buffers. Call it regularly.
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

  /** Whether an answer may carry `connection: close`. Node closes the connection right after it, and drops pipelined requests. */
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
