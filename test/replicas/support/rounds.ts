import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '../../../sandbox/start.js';
import { Place } from './place.js';
import { drawnMs, type SharedStore } from './tokenStores.js';

export const REPLICAS = 4;
/** The calls begin so long after the access token was revoked. */
const CALLS_AFTER_MS = 100;
/** The trouble begins at any moment until then: before the calls, or while the token is on its way. */
const LATEST_MS = 400;
/** Longer than a trouble lasts, than a dead replica keeps its turn, and than the pauses after failures. */
const PATIENCE_MS = 40_000;

/** What is needed to find the cause. */
interface Loss {
  readonly event: string;
  readonly told: readonly string[];
  readonly state: unknown;
}

/** Four replicas that share one refresh token, and what came of their rounds. */
export class Rounds {
  readonly events = new Map<string, number>();
  /** Somebody was told that an operator is needed, and nobody was needed. */
  late = 0;
  /** Killed after the token was spent, before what came of it was kept. Nobody can keep what nobody has received. */
  spentAndUnkept = 0;
  /** Killed with the right to send the token, before the endpoint had spent it, which no other replica can know. */
  unspent = 0;
  readonly lost: Loss[] = [];
  readonly odd: string[] = [];
  longestMs = 0;
  readonly #sandbox: Sandbox;
  readonly #store: SharedStore;
  readonly #places: readonly Place[];
  #refreshToken: string;

  constructor(sandbox: Sandbox, store: SharedStore) {
    this.#sandbox = sandbox;
    this.#store = store;
    this.#refreshToken = sandbox.cas360.initialRefreshToken;
    const { CAS360_BASE_URL, CAS360_CLIENT_ID, CAS360_CLIENT_SECRET, CAS360_SCOPE } = sandbox.environment;
    const settings = { CAS360_BASE_URL, CAS360_CLIENT_ID, CAS360_CLIENT_SECRET, CAS360_SCOPE } as Record<string, string>;
    this.#places = Array.from({ length: REPLICAS }, (_, n) => new Place(() => ({ ...settings, ...store.settings(n), CAS360_REFRESH_TOKEN: this.#refreshToken })));
  }

  async start(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.end('SIGKILL')));
  }

  async play(): Promise<void> {
    const { cas360 } = this.#sandbox;
    const startedAtMs = performance.now();
    const spentBefore = cas360.spentTokenUses;
    cas360.resetCalls();
    cas360.revokeTokens();
    const [event, happen] = this.#drawn();
    this.events.set(event, (this.events.get(event) ?? 0) + 1);
    const calling = sleep(CALLS_AFTER_MS).then(() => this.#callAll());
    await sleep(Math.random() * LATEST_MS);
    const n = await this.#victim();
    const { pid } = this.#places[n]!;
    await happen(n);
    const first = await calling;
    const told = await this.#callAll();
    if (cas360.spentTokenUses > spentBefore) this.odd.push(`${event}: a spent token was sent`);
    if (told.every((what) => what === '200')) {
      if (first.includes('needs an operator')) this.late++;
    } else {
      await this.#countLoss(event, told, pid);
      await this.#renewByOperator();
    }
    this.longestMs = Math.max(this.longestMs, performance.now() - startedAtMs);
  }

  #callAll(): Promise<string[]> {
    return Promise.all(this.#places.map((place) => place.call(PATIENCE_MS)));
  }

  /** Half of the time it is the one that leads, which is most likely to have sent the token. */
  async #victim(): Promise<number> {
    const leader = (await this.#store.kept())?.leader.split(' ')[1];
    const n = Math.random() < 0.5 ? this.#places.findIndex(({ pid }) => String(pid) === leader) : -1;
    return n === -1 ? Math.floor(Math.random() * REPLICAS) : n;
  }

  /** Something that happens to the replica at a place, and how often. */
  #drawn(): readonly [string, (place: number) => Promise<void>] {
    const { troubles } = this.#store;
    const draw = Math.random();
    if (draw < 0.1) return ['nothing', async () => {}];
    if (draw < 0.4) return ['killed', (n) => this.#replace(n, 'SIGKILL', 'SIGKILL')];
    if (draw < 0.55) return ['stopped', (n) => this.#replace(n, 'SIGTERM', 'status 0')];
    if (draw < 0.75) return ['frozen', (n) => this.#freeze(n)];
    const names = Object.keys(troubles);
    const name = names[Math.floor(Math.random() * names.length)]!;
    return [name, troubles[name]!];
  }

  async #replace(n: number, signal: NodeJS.Signals, expected: string): Promise<void> {
    const how = await this.#places[n]!.end(signal);
    if (how !== expected) this.odd.push(`${signal}: ${how}`);
    await this.#places[n]!.start();
  }

  async #freeze(n: number): Promise<void> {
    this.#places[n]!.freeze();
    await sleep(drawnMs(8_000));
    this.#places[n]!.thaw();
  }

  async #countLoss(event: string, told: readonly string[], pid: number): Promise<void> {
    const kept = await this.#store.kept();
    // The token is in the address, which the sandbox notes with the status that it answered, if it did.
    const wasSpent = this.#sandbox.cas360.calls.some(({ path, status }) => status === 200 && path.includes(kept?.refreshToken ?? 'none'));
    if (event !== 'killed' || kept?.turn?.id.split(' ')[1] !== String(pid)) this.lost.push({ event, told, state: { ...kept, pid, wasSpent, calls: this.#sandbox.cas360.calls.filter(({ kind }) => kind === 'token') } });
    else if (wasSpent) this.spentAndUnkept++;
    else this.unspent++;
  }

  /** An operator sets a new token for one replica only: the others adopt it. */
  async #renewByOperator(): Promise<void> {
    this.#refreshToken = this.#sandbox.cas360.issueRefreshToken();
    await this.#replace(Math.floor(Math.random() * REPLICAS), 'SIGTERM', 'status 0');
    const told = await this.#callAll();
    if (told.some((what) => what !== '200')) this.lost.push({ event: "an operator's new token", told, state: await this.#store.kept() });
  }
}
