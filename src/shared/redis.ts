import { createClient, ErrorReply, type RedisClientType } from '@redis/client';
import { setPatientTimeout } from '../deadline.js';
import { isReadable, refusal, type RedisProblem } from './redisProblem.js';
import { RedisUnavailable } from './redisUnavailable.js';

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user, password and database if needed. */
  readonly url: string;
  /** Called with the first state, and with each change. Undefined: nothing is wrong. */
  readonly onHealth: (problem: RedisProblem | undefined) => void;
  /** How long an answer may take. */
  readonly timeoutMs?: number;
}

/** Longer than Redis needs, too short for callers to notice. */
const TIMEOUT_MS = 250;
const BEAT_MS = 500;
/** How often the host is looked up again while it takes no writes. */
const FOLLOW_MS = 5_000;
/** No such key exists, so a `SET` with `XX` writes nothing. Redis refuses it like every other write. */
const PROBE_KEY = 'contacts:probe';

/** Exponential, up to a second, with jitter, so that replicas do not reconnect all at once. */
export function reconnectDelayMs(retries: number): number {
  return Math.min(50 * 2 ** retries, 1_000) * (0.5 + 0.5 * Math.random());
}

/**
 * The connection to the Redis that replicas share. While it is down, commands fail at once. A command that is not answered in
 * time marks it as down until a heartbeat is answered. A heartbeat is a write: it finds a Redis that is full or read-only.
 */
export class Redis {
  readonly #url: string;
  readonly #onHealth: (problem: RedisProblem | undefined) => void;
  readonly #timeoutMs: number;
  readonly #listeners: (() => Promise<unknown>)[] = [];
  readonly #beats: NodeJS.Timeout;
  #client: RedisClientType;
  /** The client that replaces it once it is connected. */
  #next: RedisClientType | undefined;
  #followedAtMs = -Infinity;
  #isBeating = false;
  /** Null: nothing has been found out. */
  #problem: RedisProblem | undefined | null = null;
  /** Why there is no connection. */
  #obstacle: RedisProblem = 'away';

  /** Connects in the background, and tries again until it succeeds. */
  constructor({ url, onHealth, timeoutMs = TIMEOUT_MS }: RedisOptions) {
    this.#url = url;
    this.#onHealth = onHealth;
    this.#timeoutMs = timeoutMs;
    this.#client = this.#connect();
    this.#beats = setInterval(() => void this.#beat(), BEAT_MS).unref();
  }

  /** Whether it answers, if only commands that read. */
  get isUp(): boolean {
    return this.#problem !== null && isReadable(this.#problem);
  }

  /** What is wrong with it. */
  get problem(): RedisProblem | undefined {
    return this.#problem === null ? 'away' : this.#problem;
  }

  /** Throws RedisUnavailable after `timeoutMs`, or at once while Redis is down. Passes on the errors of Redis itself. */
  async run<T>(command: (client: RedisClientType) => Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    if (!this.isUp) throw new RedisUnavailable(this.problem);
    try {
      return await this.#timed(command, timeoutMs);
    } catch (error) {
      if (error instanceof RedisUnavailable && timeoutMs >= this.#timeoutMs) this.#tell(error.problem);
      throw error;
    }
  }

  /** Calls `listener` about twice a second, and as soon as Redis is up again. It may reject. */
  onBeat(listener: () => Promise<unknown>): void {
    this.#listeners.push(listener);
  }

  /** Ends the connection at once. */
  close(): void {
    clearInterval(this.#beats);
    for (const client of [this.#client, this.#next]) if (client?.isOpen) client.destroy();
  }

  #connect(): RedisClientType {
    const client: RedisClientType = createClient({
      url: this.#url,
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
    client.on('error', (error) => {
      if (client === this.#client) this.#obstacle = error instanceof ErrorReply ? refusal(error) : 'away';
    });
    client.on('ready', () => this.#use(client));
    client.connect().catch(() => {});
    return client;
  }

  #use(client: RedisClientType): void {
    if (client === this.#next) {
      this.#next = undefined;
      // Waits for the answers to the commands that are under way.
      this.#client.close().catch(() => {});
      this.#client = client;
    }
    this.#obstacle = 'away';
    void this.#beat();
  }

  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      this.#tell(await this.#probe());
      await Promise.allSettled(this.#listeners.map((listener) => listener()));
    } finally {
      this.#isBeating = false;
    }
  }

  async #probe(): Promise<RedisProblem | undefined> {
    try {
      await this.#timed((client) => client.set(PROBE_KEY, '', { condition: 'XX', PX: 1 }), this.#timeoutMs);
      return undefined;
    } catch (error) {
      if (error instanceof RedisUnavailable) return error.problem;
      if (String(error).includes('READONLY')) this.#follow();
      return refusal(error);
    }
  }

  /** A primary that became a replica keeps its connections: connects anew, in case the host's name leads to another by now. */
  #follow(): void {
    if (performance.now() - this.#followedAtMs < FOLLOW_MS) return;
    this.#followedAtMs = performance.now();
    if (this.#next?.isOpen) this.#next.destroy();
    this.#next = this.#connect();
  }

  async #timed<T>(command: (client: RedisClientType) => Promise<T>, timeoutMs: number): Promise<T> {
    const client = this.#client;
    if (!isConnected(client)) throw new RedisUnavailable(this.#obstacle);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setPatientTimeout(() => reject(new RedisUnavailable('slow')), timeoutMs);
    });
    try {
      return await Promise.race([command(client), late]);
    } catch (error) {
      if (isConnected(client) || error instanceof RedisUnavailable || error instanceof ErrorReply) throw error;
      throw new RedisUnavailable(this.#obstacle);
    } finally {
      clearTimeout(timer);
    }
  }

  #tell(problem: RedisProblem | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onHealth(problem);
  }
}

const isConnected = (client: RedisClientType): boolean => client.isReady;
