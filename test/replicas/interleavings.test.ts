/** @needs redis-server */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createClient, type RedisClientType } from '@redis/client';
import { RefreshTokens } from '../../sandbox/refreshTokens.js';
import { RedisUnavailable } from '../../src/shared/redisUnavailable.js';
import type { RefreshTokenStore } from '../../src/upstream/oauth2/refreshToken.js';
import { SharedRefreshToken } from '../../src/upstream/oauth2/sharedRefreshToken.js';
import type { Grant } from '../../src/upstream/oauth2/tokenSource.js';
import { LONG_RUN } from '../support/longRun.js';
import { RedisServer } from '../support/redisServer.js';
import { Stage } from './support/stage.js';

let server: RedisServer;
let client: RedisClientType;
beforeAll(async () => {
  server = await RedisServer.start();
  client = createClient({ url: server.url });
  await client.connect();
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

const RENEWALS = 3;
const KEY = 'contacts:{cas360}:token';

interface Fate {
  /** The step at which it is killed, if it comes that far. */
  readonly diesAt: number;
  /** What becomes of its words to Redis, one after the other; all later ones arrive and are answered. */
  readonly words: readonly ('answered' | 'request lost' | 'answer lost')[];
}

/** Four replicas that renew as fast as they can. A turn is over as soon as it has begun: any of them may be held up for longer. */
class Replica {
  readonly #stage: Stage;
  readonly #endpoint: RefreshTokens;
  readonly #fate: Fate;
  readonly #token: SharedRefreshToken;
  #look!: () => Promise<unknown>;
  #steps = 0;
  #words = 0;
  #isRenewing = false;
  /** A word was lost: it has a turn that it does not know of, or a token that Redis does not, until a heartbeat puts that right. */
  #isOwing = false;

  constructor(stage: Stage, endpoint: RefreshTokens, initial: string, fate: Fate) {
    this.#stage = stage;
    this.#endpoint = endpoint;
    this.#fate = fate;
    const redis = { run: <T>(command: (to: RedisClientType) => Promise<T>) => this.#say(command), onBeat: (listener: () => Promise<unknown>) => void (this.#look = listener) };
    this.#token = new SharedRefreshToken({ redis, key: KEY, initial, useMs: 0, firstRestMs: 0, waitMs: 0 });
  }

  get diedOwing(): boolean {
    return this.#steps >= this.#fate.diesAt && (this.#isRenewing || this.#isOwing);
  }

  /** How many of its renewals brought an access token. */
  async renew(times = RENEWALS): Promise<number> {
    let brought = 0;
    for (let n = 0; n < times; n++) {
      this.#isRenewing = true;
      brought += await this.#token.grant((store) => this.#exchange(store)).then(() => 1, () => 0);
      this.#isRenewing = false;
    }
    return brought;
  }

  async beat(times = RENEWALS): Promise<void> {
    for (let n = 0; n < times; n++) {
      // While it renews it gives no turn back.
      const wasRenewing = this.#isRenewing;
      await this.#look().then(
        () => (this.#isOwing &&= wasRenewing || this.#isRenewing),
        () => {},
      );
    }
  }

  async #exchange(store: RefreshTokenStore): Promise<Grant> {
    await this.#step();
    const next = this.#endpoint.exchange(store.current()!);
    await this.#step();
    if (next === undefined) throw new Error('refused');
    await store.replace(next, { accessToken: `for ${next}`, expiresAtMs: Infinity }).catch(() => {});
    return { accessToken: `for ${next}`, lifetimeSeconds: Infinity };
  }

  async #say<T>(command: (to: RedisClientType) => Promise<T>): Promise<T> {
    const fate = this.#fate.words[this.#words++] ?? 'answered';
    await this.#step();
    this.#isOwing ||= fate !== 'answered';
    if (fate === 'request lost') throw new RedisUnavailable();
    const answer = await this.#stage.work(() => command(client));
    await this.#step();
    if (fate === 'answer lost') throw new RedisUnavailable();
    return answer;
  }

  #step(): Promise<void> {
    return ++this.#steps < this.#fate.diesAt ? this.#stage.step() : new Promise(() => {});
  }
}

const fate = fc.record({
  diesAt: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 25 }) }),
  words: fc.array(fc.constantFrom('answered' as const, 'answered' as const, 'request lost' as const, 'answer lost' as const), { maxLength: 10 }),
});
const FAIR: Fate = { diesAt: Infinity, words: [] };

test('in whatever order four replicas and their words to Redis meet, no token is used twice, and the chain goes on unless one died before it had kept what came of its turn', async () => {
  let doubts = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { minLength: 1, maxLength: 200 }), fc.array(fate, { minLength: 4, maxLength: 4 }), fc.boolean(), async (order, fates, isReplaced) => {
      await client.flushAll();
      let drawn = 0;
      const stage = new Stage(() => order[drawn++ % order.length]!);
      const endpoint = new RefreshTokens();
      const [first, byHand] = [endpoint.issue(), endpoint.issue()];
      // The last one may have been started with a token that an operator put in the place of the first.
      const latest = isReplaced ? byHand : first;
      const replicas = fates.map((each, n) => new Replica(stage, endpoint, n === 3 ? latest : first, each));
      for (const replica of replicas) {
        void replica.renew();
        void replica.beat();
      }
      await stage.play();
      // All that was lost is over; those who live have heartbeats again.
      for (const replica of replicas) void replica.beat(12);
      await stage.play();
      const newcomer = new Replica(stage, endpoint, latest, FAIR);
      const renewed = newcomer.renew(2);
      await stage.play();
      const goesOn = (await renewed) === 2;
      if (!goesOn) doubts++;
      expect(endpoint.spentUses).toBe(0);
      expect(goesOn || replicas.some(({ diedOwing }) => diedOwing)).toBe(true);
    }),
    { numRuns: LONG_RUN ? 3_000 : 150 },
  );
  // Else no kill came at the moment that matters.
  expect(doubts).toBeGreaterThan(0);
}, LONG_RUN ? 600_000 : 120_000);
