import type { TokenOutcome } from '../tokenEndpoint.js';
import type { Grant } from '../tokenSource.js';
import { TokenUnavailable, unavailable } from '../tokenUnavailable.js';
import { afterExchange, rested } from './afterExchange.js';
import { alone, begunWith, hashOf, isLater, led, merged, stateOf, verdictOn, type Kept, type KeptGrant, type TokenState, type Verdict } from './state.js';
import { StoreFailure, type Change, type StateStore, type StoreProblem } from './store.js';

export interface RefreshTokenOptions {
  readonly store: StateStore;
  /** The name of this process, unique among all that use the store. */
  readonly name: string;
  /** The refresh token of the environment. Undefined: whatever the store holds. */
  readonly initial: string | undefined;
  /** Identifies the client and the endpoint, without blanks: a token that was refused for others may be sent once more. */
  readonly client: string;
  /** Sends the token to the endpoint. Takes at most `exchangeMs`. */
  readonly exchange: (refreshToken: string) => Promise<TokenOutcome>;
  readonly exchangeMs: number;
  /** Whether other processes may know a later state than an empty store: they then get time to report it. */
  readonly othersMayKnow: boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  readonly sleep: (forMs: number) => Promise<unknown>;
  /** Called with each change: what is wrong with the store, or undefined. */
  readonly onStore: (problem: StoreProblem | undefined) => void;
  /** Called with the first state of the token, and with each change. */
  readonly onState: (state: TokenState) => void;
}

/** How long a process may take to keep what came of an exchange, before others take it for dead. */
const KEEPING_MS = 5_000;
const ASK_AGAIN_MS = 50;
/** A renewal waits so long for a store that is away, or for the right to go on without one. */
const STORE_MS = 2_000;
const ALONE_AFTER_MS = 4_000;
/** So often a process that may not send the token looks whether an operator has set another. */
const LOOK_AGAIN_MS = 1_000;

const same: Change = (kept) => kept;
const stopping = (): TokenUnavailable => new TokenUnavailable('the process is stopping', { isTransient: true });

const WHY = {
  absent: 'there is no refresh token: run `npm run connect`, or set CAS360_REFRESH_TOKEN',
  refused: 'the refresh token was refused, and is not sent again: run `npm run connect`, or set another CAS360_REFRESH_TOKEN',
  unknown: 'the refresh token was sent and no answer was kept, so it may be spent, and is not sent again: run `npm run connect`, or set another CAS360_REFRESH_TOKEN',
} as const;

/**
 * The refresh token as one process uses it (docs/refresh-token.md). One process at a time sends it, and says so in the store
 * before; the others adopt what came of it. Call `renew` from one place at a time, `beat` about once a second, and `close` at
 * the end.
 */
export class RefreshToken {
  readonly #options: RefreshTokenOptions;
  #known: Kept | undefined;
  /** The access token that `renew` returned last. */
  #given: string | undefined;
  #turns = 0;
  #lastUpdate: Promise<unknown> = Promise.resolve();
  #beating: Promise<void> | undefined;
  #updatedAtMs: number;
  /** How far the store's clock is ahead of our monotonic one. */
  #clockAheadMs = 0;
  #isUnkept = false;
  /** Whether the store may hold a turn of ours that never began. To others the token would be unknown. */
  #mayHoldTurn = false;
  #isExchanging = false;
  #isClosing = false;
  #problem: StoreProblem | undefined;
  /** The one that `onState` was told last. */
  #state: TokenState | undefined;

  constructor(options: RefreshTokenOptions) {
    this.#options = options;
    this.#updatedAtMs = options.now();
  }

  /** Undefined until the store was read, or something came of an exchange. */
  get state(): TokenState | undefined {
    return this.#state && stateOf(this.#known, this.#isGone, this.#storeNowMs());
  }

  /** Whether something came of an exchange that the store does not hold yet. */
  get isUnkept(): boolean {
    return this.#isUnkept;
  }

  /** What is wrong with the store; undefined: nothing. */
  get storeProblem(): StoreProblem | undefined {
    return this.#problem;
  }

  /** Whether the store held a valid access token other than the last one when it was last read: `renew` will return that. */
  get hasOther(): boolean {
    const grant = this.#known?.grant;
    return grant !== undefined && this.#problem === undefined && grant.accessToken !== this.#given && this.#storeNowMs() < grant.expiresAtMs;
  }

  /** Whether the token is on its way, or about to leave: the process must not end before what comes of it is kept. */
  get isExchanging(): boolean {
    return this.#isExchanging;
  }

  /**
   * Reads the store for the first time. Returns the access token that is kept, with its lifetime. Throws StoreFailure, unless
   * the store can be read and holds an access token that is still valid.
   */
  async open(): Promise<Grant | undefined> {
    let nowMs = 0;
    try {
      const kept = await this.#update((current, now) => ((nowMs = now), current));
      return kept?.grant && this.#give(kept.grant, nowMs);
    } catch (error) {
      const seen = error instanceof StoreFailure ? error.seen : undefined;
      if (!seen?.kept?.grant || seen.kept.grant.expiresAtMs <= seen.nowMs) throw error;
      return this.#give(seen.kept.grant, seen.nowMs);
    }
  }

  /** Writes what the store does not hold yet, learns what others wrote, and notes that this process lives. Never rejects. */
  beat(): Promise<void> {
    // One at a time: behind a store that hangs, they would delay renewals and the stop.
    return (this.#beating ??= this.#inOrder(async () => {
      if (!this.#isClosing) await this.#updateNow(same).catch(() => {});
      this.#beating = undefined;
    }));
  }

  /**
   * Returns another access token than the last one: another process's, or one that the refresh token is exchanged for. It is
   * kept, or a first try to keep it has failed, before this resolves. Throws TokenUnavailable if there is none to be had, and
   * StoreFailure.
   */
  renew(): Promise<Grant> {
    return this.#renewed().finally(() => (this.#isExchanging = false));
  }

  async #renewed(): Promise<Grant> {
    while (!this.#isClosing) {
      const { verdict, kept, nowMs } = await this.#take();
      if (verdict === 'send') return await this.#send(kept!);
      if (verdict === 'adopt') return { ...this.#give(kept!.grant!, nowMs), isAdopted: true };
      if (verdict === 'rest') throw new TokenUnavailable('the token endpoint asked to be left alone', { isTransient: true, retryAfterMs: kept!.restsUntilMs - nowMs, lookAgainMs: LOOK_AGAIN_MS });
      if (verdict !== 'wait') throw new TokenUnavailable(WHY[verdict], { isTransient: false, retryAfterMs: LOOK_AGAIN_MS });
      await this.#options.sleep(ASK_AGAIN_MS);
    }
    throw stopping();
  }

  /** Ends waiting for other processes, so that a renewal under way ends with its exchange. No other begins. */
  endWaiting(): void {
    this.#isClosing = true;
  }

  /** Writes what is not kept yet and gives back a turn, again and again until it is done, and resigns as the leader. Call it when no renewal is under way. */
  async close(): Promise<void> {
    this.endWaiting();
    const resign: Change = (kept) => (kept?.leader === this.#options.name ? { ...kept, leader: '', leaderSeenMs: 0 } : kept);
    // A store that fails is not asked again where there is nothing to lose: it could hold up the stop.
    while (!this.#problem || this.#isUnkept || this.#mayHoldTurn) {
      if (await this.#update(resign).then(() => true, () => !this.#isUnkept && !this.#mayHoldTurn)) return;
      await this.#options.sleep(ASK_AGAIN_MS);
    }
  }

  #storeNowMs(): number {
    return this.#options.now() + this.#clockAheadMs;
  }

  readonly #isGone = (holder: string): boolean => this.#options.store.isGone(holder);

  async #take(): Promise<{ readonly verdict: Verdict; readonly kept: Kept | undefined; readonly nowMs: number }> {
    const { name, client, exchangeMs } = this.#options;
    const id = `${name} ${++this.#turns}`;
    let verdict!: Verdict;
    let nowMs = 0;
    const take: Change = (current, now) => {
      verdict = verdictOn(current, { given: this.#given, client, isGone: this.#isGone }, (nowMs = now));
      this.#isExchanging = verdict === 'send';
      return verdict === 'send' ? { ...current!, count: current!.count + 1, turn: { id, endsAtMs: now + exchangeMs + KEEPING_MS } } : current;
    };
    const startedAtMs = this.#options.now();
    for (let tries = 1; ; tries++) {
      try {
        const kept = await this.#inOrder(async () => {
          // Each try of a store that hangs would hold up the stop.
          if (this.#isClosing && this.#problem) throw stopping();
          return this.#updateNow(take).catch((error: unknown) => this.#withoutWriting(error, take, () => verdict));
        });
        return { verdict, kept, nowMs };
      } catch (error) {
        const isSeen = error instanceof StoreFailure && error.seen !== undefined;
        this.#mayHoldTurn ||= verdict === 'send' && error instanceof StoreFailure && !isSeen;
        const patienceMs = isSeen ? ALONE_AFTER_MS : STORE_MS;
        // A process that was frozen in its first try has used up its time, and another try succeeds.
        if (this.#isClosing || (tries > 1 && this.#options.now() - startedAtMs > patienceMs)) throw error;
        await this.#options.sleep(ASK_AGAIN_MS);
      }
    }
  }

  /** What we may do although the store cannot be written: adopt what it holds, or send the token if nobody else may. */
  #withoutWriting(error: unknown, take: Change, verdict: () => Verdict): Kept | undefined {
    const { name, now } = this.#options;
    if (!(error instanceof StoreFailure) || !error.seen) throw error;
    const { kept, nowMs } = error.seen;
    const self = { name, known: this.#known };
    const latest = take(merged(kept, self, nowMs), nowMs);
    if (verdict() === 'adopt') return latest;
    const state = alone(kept, self);
    if (!state) throw error;
    const taken = take(state, nowMs);
    if (verdict() === 'send' && now() - this.#updatedAtMs < ALONE_AFTER_MS) throw error;
    return (this.#known = taken);
  }

  async #send(taken: Kept): Promise<Grant> {
    const { exchange, client, name, now } = this.#options;
    const sentAtMs = now();
    const outcome = await exchange(taken.refreshToken);
    const next = (nowMs: number): Kept => afterExchange({ taken, outcome, name, client, askedAtMs: nowMs - (now() - sentAtMs), nowMs });
    // A rest counts also where an operator has begun a later chain: the endpoint is the same.
    await this.#report(next, (kept, nowMs) => rested(kept!, outcome, nowMs));
    if (outcome.kind === 'unknown') throw new TokenUnavailable(`${outcome.cause.message}; ${WHY.unknown}`, { isTransient: false, retryAfterMs: LOOK_AGAIN_MS });
    if (outcome.kind !== 'granted') throw unavailable(outcome, LOOK_AGAIN_MS);
    if (!outcome.grant) throw new TokenUnavailable('the token endpoint answered without a usable access_token', { isTransient: true });
    this.#given = outcome.grant.accessToken;
    return outcome.grant;
  }

  /** Remembers the next state, unless an operator has begun a later chain, and tries to write it. */
  async #report(next: (nowMs: number) => Kept, change: Change): Promise<void> {
    this.#isUnkept = true;
    const report = (): Promise<unknown> => {
      // Again, in case an update before this one has succeeded meanwhile.
      this.#isUnkept = true;
      const state = next(this.#storeNowMs());
      if (!this.#known || !isLater(this.#known, state)) this.#known = state;
      this.#tellState();
      return this.#updateNow(change);
    };
    await this.#inOrder(report).catch(() => {});
  }

  #give({ accessToken, expiresAtMs }: KeptGrant, nowMs: number): Grant {
    this.#given = accessToken;
    return { accessToken, lifetimeSeconds: (expiresAtMs - nowMs) / 1_000 };
  }

  #update(change: Change): Promise<Kept | undefined> {
    return this.#inOrder(() => this.#updateNow(change));
  }

  /** One update at a time: each begins with what the one before has learnt, and no beat meets a turn that is half taken. */
  #inOrder<T>(update: () => Promise<T>): Promise<T> {
    const updated = this.#lastUpdate.then(update);
    this.#lastUpdate = updated.catch(() => {});
    return updated;
  }

  async #updateNow(change: Change): Promise<Kept | undefined> {
    try {
      this.#known = await this.#options.store.update((kept, nowMs) => {
        this.#clockAheadMs = nowMs - this.#options.now();
        return change(this.#current(kept, nowMs), nowMs);
      });
      this.#updatedAtMs = this.#options.now();
      this.#isUnkept = this.#mayHoldTurn = false;
      this.#tellStore(undefined);
      this.#tellState();
      return this.#known;
    } catch (error) {
      this.#tellStore(error instanceof StoreFailure ? error.problem : 'broken');
      throw error;
    }
  }

  /** What the store should hold: the latest state, the environment's token if it is a new one, and a leader. */
  #current(kept: Kept | undefined, nowMs: number): Kept | undefined {
    const { name, initial, othersMayKnow } = this.#options;
    const latest = merged(kept, { name, known: this.#known }, nowMs);
    // Only at the start: later it may long be spent.
    const isNew = initial !== undefined && !this.#known && !latest?.began.includes(hashOf(initial));
    const current = isNew ? { ...begunWith(initial, latest), leaderSeenMs: othersMayKnow ? nowMs : 0 } : latest;
    return current && led(current, name, nowMs, this.#isGone);
  }

  #tellState(): void {
    const state = stateOf(this.#known, this.#isGone, this.#storeNowMs());
    if (state === this.#state) return;
    this.#state = state;
    this.#options.onState(state);
  }

  #tellStore(problem: StoreProblem | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onStore(problem);
  }
}
