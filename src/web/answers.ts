import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Registry, type Entry } from './registry.js';

export interface AnswersOptions {
  /** How many bytes may wait to be sent, over all connections. */
  readonly maxBytes: number;
  /** How long a caller may take to read an answer. */
  readonly timeoutMs: number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Called for each connection that is ended. */
  readonly onEnded?: (reason: 'unread' | 'memory') => void;
}

/** A caller who has not read an answer after this time is cut off if other answers need the memory. */
const SLOW_MS = 5_000;

interface Answer extends Entry {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly bytes: number;
  sinceMs: number;
}

/**
 * The answers that are ready, but not yet written to the kernel's socket buffers. An answer stays while its caller does not
 * read. The connection is ended after `timeoutMs`, or earlier if other answers need the memory.
 */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #waiting = new Registry<Answer>();
  #bytes = 0;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Call it before an answer is sent. Makes room by ending the connections that have waited longest, but at least SLOW_MS.
   * False if the answer still does not fit: it must not be sent.
   */
  add(response: ServerResponse, socket: Socket, bytes: number): boolean {
    const sinceMs = this.#options.now();
    if (!this.#fits(bytes)) {
      const slow = this.#waiting.all().filter((answer) => sinceMs - answer.sinceMs >= SLOW_MS);
      slow.sort((one, other) => one.sinceMs - other.sinceMs);
      for (const answer of slow) if (!this.#fits(bytes)) this.#cut(answer.socket, 'memory');
      if (this.#bytes > 0 && !this.#fits(bytes)) return false;
    }
    // The caller has left, or its connection was just ended to make room.
    if (socket.destroyed) return true;
    const answer: Answer = { response, socket, bytes, sinceMs, place: 0 };
    this.#waiting.add(answer);
    this.#bytes += bytes;
    // Written to the kernel, or the connection is closed. If an error replaced the answer, both count until then.
    response.once('close', () => this.#forget(answer));
    return true;
  }

  /** Ends the connections whose time for reading is up. Call it regularly. */
  endLate(): void {
    const now = this.#options.now();
    const waiting = this.#waiting.all();
    const readable = new Set<Socket>();
    for (const { response, socket } of waiting) if (response.socket !== null) readable.add(socket);
    for (const answer of waiting) {
      // A pipelined answer behind one that is not ready: the caller has nothing to read yet.
      if (!readable.has(answer.socket)) answer.sinceMs = now;
      else if (now - answer.sinceMs >= this.#options.timeoutMs) this.#cut(answer.socket, 'unread');
    }
  }

  #fits(bytes: number): boolean {
    return this.#bytes + bytes <= this.#options.maxBytes;
  }

  #cut(socket: Socket, reason: 'unread' | 'memory'): void {
    if (socket.destroyed) return;
    this.#options.onEnded?.(reason);
    // Without a reset, the kernel would keep the unread bytes.
    socket.resetAndDestroy();
    for (const answer of this.#waiting.all()) if (answer.socket === socket) this.#forget(answer);
  }

  #forget(answer: Answer): void {
    if (this.#waiting.delete(answer)) this.#bytes -= answer.bytes;
  }
}
