/** @needs redis-server */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { Call } from '../../sandbox/calls.js';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { report } from '../support/figures.js';
import { LONG_RUN } from '../support/longRun.js';
import { RedisServer } from '../support/redisServer.js';
import { COMPILE_CACHE } from '../support/subgraph.js';

const ROUNDS = LONG_RUN ? 200 : 20;
const REPLICAS = 4;
/** For one request to the token endpoint, which takes about 60 ms here. */
const TIMEOUT_MS = 2_000;
const LONGEST_LIFE_MS = 120;
/** After a renewal that failed a replica says for a second that there is no token. */
const TRIES_AGAIN_MS = 1_100;

/** One place for a replica: whoever runs there is killed and started again. */
class Place {
  #process!: ChildProcess;
  /** Resolves to the signal that ended the process, or "stopped". */
  #ended!: Promise<string>;
  readonly #settings: () => object;

  constructor(settings: () => object) {
    this.#settings = settings;
  }

  async start(): Promise<void> {
    const env = { PATH: process.env.PATH, ...COMPILE_CACHE, REPLICA: JSON.stringify(this.#settings()) };
    this.#process = fork('./test/replicas/support/replica.ts', { env });
    this.#ended = once(this.#process, 'exit').then(([, signal]) => String(signal ?? 'stopped'));
    await once(this.#process, 'message');
  }

  /** Resolves to the status of the upstream's answer, "no token", or how the replica ended. */
  call(): Promise<unknown> {
    this.#process.send('call');
    return Promise.race([once(this.#process, 'message').then(([told]) => told as unknown), this.#ended]);
  }

  /** Resolves once nothing is left of it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.#process.kill(signal);
    await this.#ended;
  }
}

interface Tally {
  rounds: number;
  kills: number;
  stops: number;
  /** No token, but one a second later: it is slowness that this counts. */
  late: number;
  /** The token was taken by a replica that was killed before it had kept the next one; the upstream had voided it. */
  spentAndUnkept: number;
  /** The same, and the upstream had not, which nobody can know. */
  unspent: number;
  /** No token, and no such reason. */
  lost: number;
}

test(`${ROUNDS} rounds of ${REPLICAS} replicas that renew at once, one of them killed or stopped: no refresh token is used twice, none is lost otherwise`, async () => {
  const [sandbox, redis] = await Promise.all([startSandbox(), RedisServer.start()]);
  let refreshToken = sandbox.cas360.initialRefreshToken;
  const settings = (): object => ({ redisUrl: redis.url, cas360Url: sandbox.cas360.url, client: sandbox.cas360.client, refreshToken, timeoutMs: TIMEOUT_MS });
  const places = Array.from({ length: REPLICAS }, () => new Place(settings));
  const tally: Tally = { rounds: 0, kills: 0, stops: 0, late: 0, spentAndUnkept: 0, unspent: 0, lost: 0 };
  const odd: unknown[] = [];
  try {
    await Promise.all(places.map((place) => place.start()));
    // Slow before the token is spent and slow after it, so that the kills meet both.
    sandbox.cas360.faults.set([{ on: 'token', latencyMs: 20 }, { on: 'token', drip: { bytes: 60, everyMs: 10 } }]);
    while (tally.rounds < ROUNDS) {
      tally.rounds++;
      sandbox.cas360.resetCalls();
      sandbox.cas360.revokeTokens();
      const victim = places[Math.floor(Math.random() * REPLICAS)]!;
      const signal = Math.random() < 0.75 ? 'SIGKILL' : 'SIGTERM';
      const calls = places.map((place) => place.call());
      await sleep(Math.random() * LONGEST_LIFE_MS);
      await victim.end(signal);
      if (signal === 'SIGKILL') tally.kills++;
      else tally.stops++;
      const told = await Promise.all(calls);
      odd.push(...told.filter((status) => ![200, 'no token', 'SIGKILL', 'stopped'].includes(status as never)));
      if (!told.includes('no token')) {
        await victim.start();
        continue;
      }
      await sleep(TRIES_AGAIN_MS);
      const survivors = places.filter((place) => place !== victim);
      if ((await Promise.all(survivors.map((place) => place.call()))).every((status) => status === 200)) {
        tally.late++;
        await victim.start();
      } else {
        const isMarked = await redis.ask((client) => client.hExists('contacts:{cas360}:token', 'usedBy'));
        if (signal !== 'SIGKILL' || !isMarked) tally.lost++;
        else if (wasSpent(sandbox)) tally.spentAndUnkept++;
        else tally.unspent++;
        // What an operator does then.
        refreshToken = sandbox.cas360.issueRefreshToken();
        await Promise.all(places.map((place) => place.end('SIGTERM').then(() => place.start())));
      }
    }
    report('replicas killed while renewing', { ...tally, 'refresh tokens used twice': sandbox.cas360.spentTokenUses });
    expect(sandbox.cas360.spentTokenUses).toBe(0);
    expect(tally.lost).toBe(0);
    expect(odd).toEqual([]);
  } finally {
    await Promise.all(places.map((place) => place.end('SIGKILL')));
    await redis.stop();
    await sandbox.stop();
  }
}, LONG_RUN ? 1_800_000 : 180_000);

function wasSpent(sandbox: Sandbox): boolean {
  return sandbox.cas360.calls.some(({ kind, aborted, status }: Call) => kind === 'token' && aborted && status === 200);
}
