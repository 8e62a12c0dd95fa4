import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Registry, type Entry } from './registry.js';

export interface AnswersOptions {
  /** How many bytes may wait to be sent, over all connections. */
  readonly maxBytes: number;
  /** How long a caller may take to read an answer. */
  readonly timeoutMs: number;
  /** Milliseconds on any clock that only goes forward. */
  readonly now: () => number;
  /** Hears of each connection that is ended. */
  readonly onEnded?: (reason: 'unread' | 'memory') => void;
}

/** A caller who has not read an answer for so long does not read, or reads too slowly when others need the memory. */
const SLOW_MS = 5_000;

interface Answer extends Entry {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly bytes: number;
  sinceMs: number;
}

/**
 * The answers that are ready and not yet written to the sockets' buffers in the kernel. A caller who does not read keeps an answer here. Its
 * connection ends when the time for reading is up, or earlier when other answers need the memory.
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
   * To be called when an answer is ready, before it is sent. Until it fits, ends the connections that have waited longest, but
   * none that may still be reading. False if it does not fit then: it must not be sent.
   */
  add(response: ServerResponse, socket: Socket, bytes: number): boolean {
    const sinceMs = this.#options.now();
    if (!this.#fits(bytes)) {
      const slow = this.#waiting.all().filter((answer) => sinceMs - answer.sinceMs >= SLOW_MS);
      slow.sort((one, other) => one.sinceMs - other.sinceMs);
      for (const answer of slow) if (!this.#fits(bytes)) this.#cut(answer.socket, 'memory');
      if (this.#bytes > 0 && !this.#fits(bytes)) return false;
    }
    // Its caller has left, or was the one who has waited longest.
    if (socket.destroyed) return true;
    const answer: Answer = { response, socket, bytes, sinceMs, place: 0 };
    this.#waiting.add(answer);
    this.#bytes += bytes;
    // Handed to the system, or the connection is closed. Where an error took the place of an answer, both count until then.
    response.once('close', () => this.#forget(answer));
    return true;
  }

  /** Ends the connections whose time for reading is up. To be called now and then. */
  endLate(): void {
    const now = this.#options.now();
    const waiting = this.#waiting.all();
    const readable = new Set<Socket>();
    for (const { response, socket } of waiting) if (response.socket !== null) readable.add(socket);
    for (const answer of waiting) {
      // A pipelined answer behind one that is not ready: its caller cannot read anything yet.
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
    // Without a reset, the system would keep what the caller has not read.
    socket.resetAndDestroy();
    for (const answer of this.#waiting.all()) if (answer.socket === socket) this.#forget(answer);
  }

  #forget(answer: Answer): void {
    if (this.#waiting.delete(answer)) this.#bytes -= answer.bytes;
  }
}
