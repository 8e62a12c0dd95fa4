import { setTimeout as sleep } from 'node:timers/promises';
import { adviceOn, type StoreName } from '../build/storeAdvice.js';
import { begunWith, hashOf, type Kept } from '../upstream/oauth2/refreshToken/state.js';
import { StoreFailure, type StateStore, type StoreProblem } from '../upstream/oauth2/refreshToken/store.js';
import { ConnectError } from './connectError.js';
import type { Exchanged } from './exchange.js';

export interface KeeperOptions {
  readonly store: StateStore;
  readonly storeName: StoreName;
  /** Writes beside what is stored. Throws StoreFailure. */
  readonly tryBeside: () => Promise<void>;
  /** CAS360_REFRESH_TOKEN, with which running services may begin. */
  readonly initial: string | undefined;
  /** Ends the tries. The one under way is finished. */
  readonly signal: AbortSignal;
  /** How long a write is tried after the approval. */
  readonly patienceMs?: number;
  readonly pauseMs?: number;
  readonly say: (text: string) => void;
}

/** Connecting to Redis takes a moment, and its first answers may be late. */
const CONNECT_MS = 5_000;
const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

const mayPass = (problem: StoreProblem): boolean => problem === 'away' || problem === 'slow';

/** Stores what an approval gave, where services find it. */
export class Keeper {
  readonly #options: KeeperOptions;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Writes without changing anything, and returns what is stored. Throws ConnectError if a token could not be stored. */
  async prove(): Promise<Kept | undefined> {
    const { store, tryBeside } = this.#options;
    // Another object with the same content: the store writes it.
    const kept = await this.#patiently(() => store.update((kept) => kept && { ...kept }), CONNECT_MS, mayPass);
    if (!kept) await this.#patiently(tryBeside, CONNECT_MS, mayPass);
    return kept;
  }

  /** Stores the tokens and reads them back. Throws ConnectError if that is not possible within a minute. */
  async keep(exchanged: Exchanged): Promise<void> {
    const { store, initial, patienceMs = PATIENCE_MS } = this.#options;
    await this.#patiently(() => store.update((kept, nowMs) => connected(kept, { ...exchanged, initial }, nowMs)), patienceMs);
    const kept = await this.#patiently(() => store.update((kept) => kept), patienceMs);
    if (!kept || !holds(kept, exchanged.refreshToken)) throw new ConnectError('The token was stored, and another state is there now. Is another npm run connect running? Look at npm run doctor.');
  }

  async #patiently<T>(work: () => Promise<T>, patienceMs: number, isWorthTrying: (problem: StoreProblem) => boolean = () => true): Promise<T> {
    const { storeName, signal, say, pauseMs = PAUSE_MS } = this.#options;
    const endsAtMs = performance.now() + patienceMs;
    for (let told: StoreProblem = 'away'; ; ) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StoreFailure)) throw error;
        const { problem } = error;
        if (signal.aborted || performance.now() >= endsAtMs || !isWorthTrying(problem)) throw new ConnectError(`The token cannot be stored in ${storeName}: ${adviceOn(problem, storeName)}.`);
        if (problem !== told) say(`The token cannot be stored yet in ${storeName}: ${adviceOn(problem, storeName)}. Trying again.`);
        told = problem;
        await sleep(pauseMs);
      }
    }
  }
}

/** Whether the token can be sent now, or is being sent. */
export function isUsable(kept: Kept | undefined, nowMs: number): boolean {
  return kept?.mark === 'usable' && kept.refreshToken !== '' && (kept.turn === undefined || nowMs < kept.turn.endsAtMs);
}

/** The state with the new tokens. It may be applied more than once. */
export function connected(kept: Kept | undefined, { refreshToken, grant, initial }: Exchanged & Pick<KeeperOptions, 'initial'>, nowMs: number): Kept {
  // A service with this setting would otherwise begin with it later, and it would win.
  const older = initial !== undefined && !kept?.began.includes(hashOf(initial)) ? begunWith(initial, kept) : kept;
  if (older?.refreshToken === refreshToken) {
    // CAS 360 granted what is there. A process that is sending it reports what comes of it.
    if (older.turn && nowMs < older.turn.endsAtMs) return older;
    return { ...older, count: older.count + 1, grant, mark: 'usable', refusedWith: '', turn: undefined };
  }
  // It was stored in an earlier try, and a service has used it since.
  if (older?.began.includes(hashOf(refreshToken))) return older;
  return begunWith(refreshToken, older, grant);
}

const holds = (kept: Kept, refreshToken: string): boolean => kept.refreshToken === refreshToken || kept.began.includes(hashOf(refreshToken));
