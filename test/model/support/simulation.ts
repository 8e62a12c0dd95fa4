import { RefreshTokens } from '../../../sandbox/refreshTokens.js';
import { RefreshToken } from '../../../src/upstream/oauth2/refreshToken/refreshToken.js';
import type { Kept } from '../../../src/upstream/oauth2/refreshToken/state.js';
import { StoreFailure, type Change, type StateStore } from '../../../src/upstream/oauth2/refreshToken/store.js';
import { NoAnswer } from '../../../src/upstream/oauth2/noAnswer.js';
import type { TokenOutcome } from '../../../src/upstream/oauth2/tokenEndpoint.js';
import { VirtualTime } from '../../support/virtualTime.js';

/** What may befall an exchange, or a call to the store. Weights are drawn by the caller. */
export interface Chances {
  /** The request to the token endpoint never leaves. */
  readonly unsent: number;
  /** The endpoint answers 503, before it looks at the token. */
  readonly unavailable: number;
  /** The endpoint's answer is lost. */
  readonly answerLost: number;
  /** A call to the store is lost on its way there, or its answer on the way back. */
  readonly storeLost: number;
}

export const NO_CHANCES: Chances = { unsent: 0, unavailable: 0, answerLost: 0, storeLost: 0 };

/** The world of a few processes that share a refresh token, under virtual time. */
export class Simulation {
  readonly time = new VirtualTime();
  readonly endpoint = new RefreshTokens();
  chances: Chances;
  /** Undefined: empty. */
  kept: Kept | undefined;
  storeIs: 'up' | 'read-only' | 'away' = 'up';
  /** How long an access token lives. */
  lifeMs = 4_000;
  readonly processes: Process[] = [];
  /** Why a token may be lost: nobody can know what became of it. */
  readonly windows: string[] = [];
  readonly #draw: () => number;
  #accessTokens = 0;

  /** `draw` gives numbers from 0 to 1. */
  constructor(draw: () => number, chances: Chances) {
    this.#draw = draw;
    this.chances = chances;
  }

  /** Whether something of this chance happens. */
  happens(chance: number): boolean {
    return chance > 0 && this.#draw() < chance;
  }

  between(leastMs: number, mostMs: number): number {
    return leastMs + Math.floor(this.#draw() * (mostMs - leastMs));
  }

  start(initial: string | undefined): Process {
    const process = new Process(this, `host ${this.processes.length + 1} p`, initial);
    this.processes.push(process);
    return process;
  }

  accessToken(): string {
    return `access-${++this.#accessTokens}`;
  }
}

/** One process: it renews when its access token is over, and beats. Nothing of it goes on once it is killed. */
export class Process implements StateStore {
  readonly token: RefreshToken;
  readonly name: string;
  renewals = 0;
  /** Whether it has a turn, or holds what the store does not. */
  #isAlive = true;
  #frozenUntilMs = 0;
  #isSpending = false;
  readonly #world: Simulation;

  constructor(world: Simulation, name: string, initial: string | undefined) {
    this.#world = world;
    this.name = name;
    this.token = new RefreshToken({
      store: this,
      name,
      initial,
      client: 'client',
      exchange: (refreshToken) => this.#exchange(refreshToken),
      exchangeMs: 60_000,
      now: () => world.time.nowMs,
      sleep: (forMs) => this.#pass(forMs),
      othersMayKnow: true,
      onStore: () => {},
      onState: () => {},
    });
    void this.#beatForEver();
    void this.#renewForEver();
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  kill(): void {
    this.#isAlive = false;
    if (this.#isSpending || this.token.isExchanging) this.#world.windows.push('killed while exchanging');
    else if (this.token.isUnkept) this.#world.windows.push('killed with what the store did not hold');
  }

  freeze(forMs: number): void {
    this.#frozenUntilMs = this.#world.time.nowMs + forMs;
  }

  async update(change: Change): Promise<Kept | undefined> {
    const world = this.#world;
    await this.#pass(world.between(1, 30));
    if (world.storeIs === 'away' || world.happens(world.chances.storeLost)) throw new StoreFailure('away');
    const { nowMs } = world.time;
    const next = change(world.kept, nowMs);
    if (next !== world.kept && world.storeIs === 'read-only') throw new StoreFailure('read-only', { kept: world.kept, nowMs });
    if (next?.turn && next.turn !== world.kept?.turn && next.turn.id.startsWith(this.name)) this.#isSpending = true;
    world.kept = next;
    await this.#pass(world.between(1, 30));
    if (world.happens(world.chances.storeLost)) throw new StoreFailure('away');
    this.#isSpending = false;
    return next;
  }

  isGone(): boolean {
    return false;
  }

  async #exchange(refreshToken: string): Promise<TokenOutcome> {
    const world = this.#world;
    await this.#pass(world.between(1, 100));
    if (world.happens(world.chances.unsent)) return { kind: 'unsent', cause: new NoAnswer(new Error('refused')) };
    if (world.happens(world.chances.unavailable)) return { kind: 'refused', status: 503, reason: '', retryAfterMs: undefined };
    const next = world.endpoint.exchange(refreshToken);
    const accessToken = world.accessToken();
    await this.#pass(world.between(1, 400));
    if (world.happens(world.chances.answerLost)) {
      world.windows.push('answer lost');
      return { kind: 'unknown', cause: new NoAnswer(new Error('cut')) };
    }
    if (next === undefined) return { kind: 'refused', status: 400, reason: 'invalid_grant', retryAfterMs: undefined };
    return { kind: 'granted', refreshToken: next, grant: { accessToken, lifetimeSeconds: world.lifeMs / 1_000 } };
  }

  async #beatForEver(): Promise<void> {
    for (;;) {
      await this.token.beat();
      await this.#pass(1_000);
    }
  }

  async #renewForEver(): Promise<void> {
    for (;;) {
      const lifetimeSeconds = await this.token.renew().then(
        (grant) => (this.renewals++, grant.lifetimeSeconds),
        () => 1,
      );
      await this.#pass(Math.max(1, 1_000 * lifetimeSeconds * 0.8));
    }
  }

  /** Time passes for this process; if it was killed meanwhile, for ever. */
  async #pass(forMs: number): Promise<void> {
    const { time } = this.#world;
    await time.sleep(forMs);
    while (time.nowMs < this.#frozenUntilMs) await time.sleep(this.#frozenUntilMs - time.nowMs);
    if (!this.#isAlive) await new Promise(() => {});
  }
}
