import { createClient, type RedisClientType } from '@redis/client';
import { RedisUnavailable } from './redisUnavailable.js';

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database if needed. */
  readonly url: string;
  /** Called with the first state, and with each change. */
  readonly onHealth: (isUp: boolean) => void;
}

/** Longer than Redis needs, too short for callers to notice. */
const COMMAND_TIMEOUT_MS = 250;
const BEAT_MS = 500;

/** Exponential, up to a second, with jitter, so that replicas do not reconnect all at once. */
export function reconnectDelayMs(retries: number): number {
  return Math.min(50 * 2 ** retries, 1_000) * (0.5 + 0.5 * Math.random());
}

/**
 * The connection to the Redis that replicas share. While it is down, commands fail at once. A command that is not answered in
 * time marks it as down until a heartbeat is answered.
 */
export class Redis {
  readonly #client: RedisClientType;
  readonly #onHealth: (isUp: boolean) => void;
  readonly #listeners: (() => Promise<unknown>)[] = [];
  readonly #beats: NodeJS.Timeout;
  #isBeating = false;
  #isUp: boolean | undefined;

  /** Connects in the background, and tries again until it succeeds. */
  constructor({ url, onHealth }: RedisOptions) {
    this.#onHealth = onHealth;
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: 10_000,
      socket: {
        connectTimeout: 1_000,
        // Ends a connection to a machine that has vanished. The heartbeat alone would keep it for minutes.
        socketTimeout: 5_000,
        reconnectStrategy: reconnectDelayMs,
      },
    });
    // Commands and the heartbeat report errors. Without a listener, an 'error' event ends the process.
    this.#client.on('error', () => {});
    this.#client.on('ready', () => void this.#beat());
    this.#client.connect().catch(() => {});
    this.#beats = setInterval(() => void this.#beat(), BEAT_MS).unref();
  }

  get isUp(): boolean {
    return this.#isUp === true;
  }

  /** Throws RedisUnavailable after `timeoutMs`, or at once while Redis is down. Passes on the errors of Redis itself. */
  async run<T>(command: (client: RedisClientType) => Promise<T>, timeoutMs = COMMAND_TIMEOUT_MS): Promise<T> {
    if (!this.isUp) throw new RedisUnavailable();
    try {
      return await this.#timed(command, timeoutMs);
    } catch (error) {
      if (error instanceof RedisUnavailable && timeoutMs >= COMMAND_TIMEOUT_MS) this.#tell(false);
      throw error;
    }
  }

  /** Calls `listener` about twice a second while Redis is up, and as soon as it is up again. */
  onBeat(listener: () => Promise<unknown>): void {
    this.#listeners.push(listener);
  }

  /** Ends the connection at once. */
  close(): void {
    clearInterval(this.#beats);
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      await this.#timed((client) => client.ping(), COMMAND_TIMEOUT_MS);
      this.#tell(true);
      await Promise.allSettled(this.#listeners.map((listener) => listener()));
    } catch {
      this.#tell(false);
    } finally {
      this.#isBeating = false;
    }
  }

  async #timed<T>(command: (client: RedisClientType) => Promise<T>, timeoutMs: number): Promise<T> {
    if (!this.#client.isReady) throw new RedisUnavailable();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      // Accepts an answer that arrived in time while the event loop was busy.
      timer = setTimeout(() => setImmediate(() => reject(new RedisUnavailable())), timeoutMs);
    });
    try {
      return await Promise.race([command(this.#client), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(isUp: boolean): void {
    if (isUp === this.#isUp) return;
    this.#isUp = isUp;
    this.#onHealth(isUp);
  }
}
