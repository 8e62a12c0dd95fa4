import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { COMPILE_CACHE } from '../../support/subgraph.js';

const ASK_AGAIN_MS = 50;
/** A replica says for a second after a renewal that failed that it did. */
const SURELY_MS = 3_000;

/** What a replica says: 0 is the number of "ready". */
export interface Told {
  readonly call: number;
  readonly what: string;
}

/** One place for a replica: whoever runs there is stopped or killed, and the next one is started. */
export class Place {
  readonly #settings: () => Record<string, string>;
  #process!: ChildProcess;
  #calls = 0;
  /** Who waits for the answer to which call. */
  readonly #waiting = new Map<number, (what: string) => void>();
  /** Resolves to the signal that ended the process, or to its status. */
  #ended!: Promise<string>;

  constructor(settings: () => Record<string, string>) {
    this.#settings = settings;
  }

  async start(): Promise<void> {
    const env = { PATH: process.env.PATH, ...COMPILE_CACHE, REPLICA: JSON.stringify(this.#settings()) };
    const child = fork('./test/replicas/support/replica.ts', { env });
    this.#process = child;
    this.#ended = once(child, 'exit').then(([code, signal]) => String(signal ?? `status ${code}`));
    const ready = this.#answer(0);
    child.on('message', ({ call, what }: Told) => this.#waiting.get(call)?.(what));
    const started = await Promise.race([ready, this.#ended]);
    if (started !== 'ready') throw new Error(`A replica ended with ${started} before it was ready.`);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /**
   * Calls again and again until a call succeeds. Resolves to "200", "needs an operator", how the replica ended, or what was wrong
   * at last.
   */
  async call(patienceMs: number): Promise<string> {
    const [child, ended, endsAtMs] = [this.#process, this.#ended, performance.now() + patienceMs];
    let lostSinceMs = Infinity;
    for (;;) {
      const call = ++this.#calls;
      const told = this.#answer(call);
      child.send(call, () => {});
      const what = await Promise.race([told, ended]);
      const nowMs = performance.now();
      lostSinceMs = what === 'needs an operator' ? Math.min(lostSinceMs, nowMs) : Infinity;
      if (what === '200' || what.startsWith('S') || what.startsWith('status') || nowMs - lostSinceMs > SURELY_MS || nowMs > endsAtMs) return what;
      await sleep(ASK_AGAIN_MS);
    }
  }

  #answer(call: number): Promise<string> {
    return new Promise((resolve) => this.#waiting.set(call, resolve));
  }

  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  /** Resolves to how it ended, once nothing is left of it. */
  end(signal: NodeJS.Signals): Promise<string> {
    this.#process.kill(signal);
    return this.#ended;
  }
}
