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
  /** How long a renewal may take. A replica that has not said by then what became of it is taken for dead. */
  readonly useMs: number;
  /** How long the very first token is left alone, until other replicas, if there are any, have said that they know a later one. */
  readonly firstRestMs?: number;
  /** How long a renewal waits for a Redis that is away. */
  readonly waitMs?: number;
}

/** The state of the chain of refresh tokens. Texts as Redis keeps them: empty is none. */
interface State {
  /** Hashes of the tokens of the environment, the latest first. */
  readonly began: string;
  readonly count: number;
  readonly token: string;
  readonly accessToken: string;
  readonly expiresAtMs: number;
}

/** What Redis answered. */
interface Told {
  readonly outcome: string;
  readonly state: State;
  /** The turn whose outcome is not known; empty if there is none. */
  readonly usedBy: string;
}

const ASK_AGAIN_MS = 50;
/** Several heartbeats of the other replicas. */
const FIRST_REST_MS = 2_000;
/** A hiccup, or another server that takes over, while somebody needs a token at once. */
const WAIT_MS = 2_000;

/**
 * The refresh token that several replicas share through Redis. One of them sends it, the others wait and adopt what came.
 * It is marked as being used in the same step that hands it out, and only to one: a replica that ended in between has left
 * it in doubt, and it is not sent again, since a spent one might void the whole connection. Without Redis it is not sent
 * at all, since another replica may have. What came for it is known to all replicas within a heartbeat, so that one of them
 * puts it back should Redis lose it.
 */
export class SharedRefreshToken {
  readonly #options: SharedRefreshTokenOptions;
  readonly #initialHash: string;
  readonly #replica = randomUUID();
  #turns = 0;
  /** The turn that we ask for, or have, or in which we sent the token and had no answer. */
  #turn: string | undefined;
  #known: State | undefined;
  /** The access token that we gave out last. */
  #given = '';

  constructor(options: SharedRefreshTokenOptions) {
    this.#options = options;
    this.#initialHash = createHash('sha256').update(options.initial).digest('hex');
    options.redis.onBeat(() => this.#look());
  }

  /**
   * The access token that another replica got since we last gave one out; else the one that `renew` gets, in its turn, for
   * the refresh token in the store that it is handed. Throws RedisUnavailable when nobody can say whose turn it is.
   */
  async grant(renew: (store: RefreshTokenStore) => Promise<Grant>): Promise<Grant> {
    for (;;) {
      const { outcome, state, turn } = await this.#patientlyTake();
      if (outcome === 'void') throw new Error('the refresh token is void: set another CAS360_REFRESH_TOKEN');
      if (outcome === 'doubt') throw new Error('a replica ended while it used the refresh token, which may be void: set another CAS360_REFRESH_TOKEN');
      if (outcome === 'grant') return this.#give({ accessToken: state.accessToken, lifetimeSeconds: (state.expiresAtMs - Date.now()) / 1_000 });
      if (outcome === 'turn') return this.#give(await renew(this.#storeFor(turn, state)));
      await sleep(ASK_AGAIN_MS);
    }
  }

  async #patientlyTake(): Promise<Told & { readonly turn: string }> {
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

  async #take(): Promise<Told & { readonly turn: string }> {
    const before = this.#turn;
    const turn = `${this.#replica}/${++this.#turns}`;
    this.#turn = turn;
    let told;
    try {
      told = await this.#tell('take', turn);
    } finally {
      if (told?.outcome !== 'turn') this.#turn = before;
    }
    return { ...told, turn };
  }

  #give(grant: Grant): Grant {
    this.#given = grant.accessToken;
    return grant;
  }

  /** The store as it is during our turn. */
  #storeFor(turn: string, taken: State): RefreshTokenStore {
    const follow = async (change: Partial<State>): Promise<void> => {
      this.#turn = undefined;
      // From now on each word to Redis carries it, so that what fails here comes right with a heartbeat.
      this.#known = { ...taken, ...change, count: taken.count + 1 };
      await this.#look();
    };
    return {
      current: () => taken.token,
      grant: () => undefined,
      // The turn was the mark.
      aboutToUse: async () => {},
      notUsed: async () => {
        this.#turn = undefined;
        await this.#tell('release', turn);
      },
      isVoid: () => follow({ token: '' }),
      replace: (token, grant) => follow({ token, ...grant }),
    };
  }

  /** Says what we know and hears what is kept. */
  async #look(): Promise<void> {
    const { usedBy } = await this.#tell('look');
    // Of a turn that Redis gave us too late, or whose end it did not hear of.
    if (usedBy.startsWith(`${this.#replica}/`) && this.#turn === undefined) await this.#tell('release', usedBy);
  }

  async #tell(act: 'look' | 'take' | 'release', turn = ''): Promise<Told> {
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

/** Whether we have learnt of something later while Redis was answering. */
function isBehind(state: State, known: State | undefined): boolean {
  if (known === undefined) return false;
  return latest(state) === latest(known) ? state.count < known.count : known.began.includes(latest(state));
}

const latest = ({ began }: State): string => began.split(' ', 1)[0]!;
