import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

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

interface Answer {
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
  /** The longest waiting first. */
  readonly #waiting = new Map<ServerResponse, Answer>();
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
    const { maxBytes, now } = this.#options;
    // An error while an answer is sent puts another in its place.
    this.#forget(response);
    for (const { socket: longest, sinceMs } of this.#waiting.values()) {
      if (this.#bytes + bytes <= maxBytes || now() - sinceMs < SLOW_MS) break;
      this.#cut(longest, 'memory');
    }
    if (this.#bytes > 0 && this.#bytes + bytes > maxBytes) return false;
    // Its caller has left, or was the one who has waited longest.
    if (socket.destroyed) return true;
    this.#waiting.set(response, { socket, bytes, sinceMs: now() });
    this.#bytes += bytes;
    // Handed to the system, or the connection is closed.
    response.once('close', () => this.#forget(response));
    return true;
  }

  /** Ends the connections whose time for reading is up. To be called now and then. */
  endLate(): void {
    const now = this.#options.now();
    const readable = new Set<Socket>();
    for (const [response, { socket }] of this.#waiting) if (response.socket !== null) readable.add(socket);
    for (const answer of this.#waiting.values()) {
      // A pipelined answer behind one that is not ready: its caller cannot read anything yet.
      if (!readable.has(answer.socket)) answer.sinceMs = now;
      else if (now - answer.sinceMs >= this.#options.timeoutMs) this.#cut(answer.socket, 'unread');
    }
  }

  #cut(socket: Socket, reason: 'unread' | 'memory'): void {
    this.#options.onEnded?.(reason);
    // Without a reset, the system would keep what the caller has not read.
    socket.resetAndDestroy();
    for (const [response, answer] of this.#waiting) if (answer.socket === socket) this.#forget(response);
  }

  #forget(response: ServerResponse): void {
    this.#bytes -= this.#waiting.get(response)?.bytes ?? 0;
    this.#waiting.delete(response);
  }
}
