import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '../../shared/redis.js';
import { RedisUnavailable } from '../../shared/redisUnavailable.js';
import type { RefreshTokenStore } from './refreshToken.js';
import { SHARED_REFRESH_TOKEN_SCRIPT } from './sharedRefreshTokenScript.js';
import type { Grant } from './tokenSource.js';

export interface SharedRefreshTokenOptions {
  readonly redis: Pick<Redis, 'run' | 'onBeat'>;
  readonly key: string;
  /** The refresh token of the environment. */
  readonly initial: string;
  /** How long a renewal may take. A replica that has not reported by then is considered dead. */
  readonly useMs: number;
  /** How long the very first token is not sent, so that other replicas can report a later one. */
  readonly firstRestMs?: number;
  /** How long a renewal waits for Redis to come back. */
  readonly waitMs?: number;
}

/** The state of the chain of refresh tokens, as in Redis. An empty text means none. */
interface State {
  /** Hashes of the environment's tokens, the latest first. */
  readonly began: string;
  readonly count: number;
  readonly token: string;
  readonly accessToken: string;
  readonly expiresAtMs: number;
}

interface ScriptAnswer {
  readonly outcome: string;
  readonly state: State;
  /** The turn whose outcome is unknown; empty if there is none. */
  readonly usedBy: string;
}

const ASK_AGAIN_MS = 50;
/** Several heartbeats of the other replicas. */
const FIRST_REST_MS = 2_000;
/** Long enough for a short outage or a failover. */
const WAIT_MS = 2_000;

/**
 * The refresh token that replicas share through Redis. One replica sends it, the others wait and use the result. The script
 * hands it to one replica and marks it as used in the same step. If that replica ends before it reports, the token may be
 * spent. It is not sent again, since a spent one might void the whole connection. While Redis is away it is not sent, since
 * another replica may have sent it. Each heartbeat shares the latest state, so that a replica restores what Redis has lost.
 */
export class SharedRefreshToken {
  readonly #options: SharedRefreshTokenOptions;
  readonly #initialHash: string;
  readonly #replica = randomUUID();
  #turns = 0;
  /** The turn that we request or hold, or in which we sent the token and got no answer. */
  #turn: string | undefined;
  #known: State | undefined;
  /** The access token that we returned last. */
  #given = '';

  constructor(options: SharedRefreshTokenOptions) {
    this.#options = options;
    this.#initialHash = createHash('sha256').update(options.initial).digest('hex');
    options.redis.onBeat(() => this.#exchangeState());
  }

  /**
   * Returns the access token if another replica has renewed it since the last call. Otherwise waits for its turn and calls
   * `renew` with a store of the refresh token. Throws RedisUnavailable without Redis, and an Error if the token is or may be void.
   */
  async grant(renew: (store: RefreshTokenStore) => Promise<Grant>): Promise<Grant> {
    for (;;) {
      const { outcome, state, turn } = await this.#takeWithRetries();
      if (outcome === 'void') throw new Error('the refresh token is void: set another CAS360_REFRESH_TOKEN');
      if (outcome === 'doubt') throw new Error('a replica ended while it used the refresh token, which may be void: set another CAS360_REFRESH_TOKEN');
      if (outcome === 'grant') return this.#give({ accessToken: state.accessToken, lifetimeSeconds: (state.expiresAtMs - Date.now()) / 1_000 });
      if (outcome === 'turn') return this.#give(await renew(this.#storeFor(turn, state)));
      await sleep(ASK_AGAIN_MS);
    }
  }

  async #takeWithRetries(): Promise<ScriptAnswer & { readonly turn: string }> {
    const endsAtMs = performance.now() + (this.#options.waitMs ?? WAIT_MS);
    for (;;) {
      try {
        return await this.#take();
      } catch (error) {
        if (!(error instanceof RedisUnavailable) || performance.now() >= endsAtMs) throw error;
        await sleep(ASK_AGAIN_MS);
      }
    }
  }

  async #take(): Promise<ScriptAnswer & { readonly turn: string }> {
    const before = this.#turn;
    const turn = `${this.#replica}/${++this.#turns}`;
    this.#turn = turn;
    let answer;
    try {
      answer = await this.#runScript('take', turn);
    } finally {
      if (answer?.outcome !== 'turn') this.#turn = before;
    }
    return { ...answer, turn };
  }

  #give(grant: Grant): Grant {
    this.#given = grant.accessToken;
    return grant;
  }

  /** The store during our turn. */
  #storeFor(turn: string, taken: State): RefreshTokenStore {
    const follow = async (change: Partial<State>): Promise<void> => {
      this.#turn = undefined;
      // Each heartbeat sends it again, in case this fails.
      this.#known = { ...taken, ...change, count: taken.count + 1 };
      await this.#exchangeState();
    };
    return {
      current: () => taken.token,
      grant: () => undefined,
      // Taking the turn marked the token.
      aboutToUse: async () => {},
      notUsed: async () => {
        this.#turn = undefined;
        await this.#runScript('release', turn);
      },
      isVoid: () => follow({ token: '' }),
      replace: (token, grant) => follow({ token, ...grant }),
    };
  }

  /** Sends our state to Redis and receives the latest one. */
  async #exchangeState(): Promise<void> {
    const { usedBy } = await this.#runScript('look');
    // A turn of ours that came too late, or whose release did not reach Redis.
    if (usedBy.startsWith(`${this.#replica}/`) && this.#turn === undefined) await this.#runScript('release', usedBy);
  }

  async #runScript(act: 'look' | 'take' | 'release', turn = ''): Promise<ScriptAnswer> {
    const { redis, key, initial, useMs, firstRestMs = FIRST_REST_MS } = this.#options;
    const { began = '', count = 0, token = '', accessToken = '', expiresAtMs = 0 } = this.#known ?? {};
    const known = [began, count, token, accessToken, expiresAtMs];
    const words = [this.#initialHash, initial, ...known, this.#replica, useMs, firstRestMs, act, turn, useMs, this.#given, Date.now()].map(String);
    const answer = (await redis.run((client) => client.eval(SHARED_REFRESH_TOKEN_SCRIPT, { keys: [key], arguments: words }))) as string[];
    const [outcome = '', keptBegan = '', keptCount, keptToken = '', keptAccessToken = '', expires, usedBy = ''] = answer;
    const state = { began: keptBegan, count: Number(keptCount), token: keptToken, accessToken: keptAccessToken, expiresAtMs: Number(expires) };
    if (!isBehind(state, this.#known)) this.#known = state;
    return { outcome, state, usedBy };
  }
}

/** Whether our state became later than Redis's while Redis was answering. */
function isBehind(state: State, known: State | undefined): boolean {
  if (known === undefined) return false;
  return latest(state) === latest(known) ? state.count < known.count : known.began.includes(latest(state));
}

const latest = ({ began }: State): string => began.split(' ', 1)[0]!;
