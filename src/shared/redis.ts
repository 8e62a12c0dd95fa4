import { createClient, type RedisClientType } from '@redis/client';
import { RedisUnavailable } from './redisUnavailable.js';

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database where they are needed. */
  readonly url: string;
  /** Hears how Redis is at first, and of each change. */
  readonly onHealth: (isUp: boolean) => void;
}

/** Longer than Redis needs, shorter than anybody notices. */
const COMMAND_TIMEOUT_MS = 250;
const BEAT_MS = 500;

/** Twice as long after each attempt that failed, up to a second, and drawn, so that replicas do not come all at once. */
export function reconnectDelayMs(retries: number): number {
  return Math.min(50 * 2 ** retries, 1_000) * (0.5 + 0.5 * Math.random());
}

/**
 * The connection to the Redis that several replicas share. Nobody waits for it: whoever asks while it is down hears so at
 * once, and a command that is not answered in time takes it for down until a heartbeat is answered again.
 */
export class Redis {
  readonly #client: RedisClientType;
  readonly #onHealth: (isUp: boolean) => void;
  readonly #listeners: (() => Promise<unknown>)[] = [];
  readonly #beats: NodeJS.Timeout;
  #isBeating = false;
  #isUp: boolean | undefined;

  /** Connects in the background, for as long as it takes. */
  constructor({ url, onHealth }: RedisOptions) {
    this.#onHealth = onHealth;
    this.#client = createClient({
      url,
      disableOfflineQueue: true,
      commandsQueueMaxLength: 10_000,
      socket: {
        connectTimeout: 1_000,
        // A connection to a machine that has vanished: the heartbeat alone would keep it for minutes.
        socketTimeout: 5_000,
        reconnectStrategy: reconnectDelayMs,
      },
    });
    // Whoever sent a command hears of it, and the heartbeat does.
    this.#client.on('error', () => {});
    this.#client.on('ready', () => void this.#beat());
    this.#client.connect().catch(() => {});
    this.#beats = setInterval(() => void this.#beat(), BEAT_MS).unref();
  }

  get isUp(): boolean {
    return this.#isUp === true;
  }

  /** Throws RedisUnavailable once `timeoutMs` are over, or at once while Redis is down; else whatever Redis refuses. */
  async run<T>(command: (client: RedisClientType) => Promise<T>, timeoutMs = COMMAND_TIMEOUT_MS): Promise<T> {
    if (!this.isUp) throw new RedisUnavailable();
    try {
      return await this.#timed(command, timeoutMs);
    } catch (error) {
      if (error instanceof RedisUnavailable && timeoutMs >= COMMAND_TIMEOUT_MS) this.#tell(false);
      throw error;
    }
  }

  /** Does something about twice a second while Redis is up, and as soon as it is up again. */
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
      // An answer that is there already, while we were too busy to read it, still counts.
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
