/**
 * @needs redis-server
 * @needs nginx
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../sandbox/start.js';
import { Caller, NAMES } from '../support/caller.js';
import { ms, quantile, report } from '../support/figures.js';
import { openLoop } from '../support/load.js';
import { firstIds } from '../support/stand.js';
import { startSubgraph, type Subgraph } from '../support/subgraph.js';
import { freePort } from '../support/freePort.js';
import { LONG_RUN } from '../support/longRun.js';
import { RedisServer } from '../support/redisServer.js';
import { Nginx } from './support/nginx.js';

const REQUESTS_PER_SECOND = 40;
/** How long Redis is away. */
const AWAY_MS = LONG_RUN ? 60_000 : 4_000;
/** A refresh token that Redis has lost rests until a renewal that was under way would be over. */
const REST_MS = 8_000;

let sandbox: Sandbox;
let redis: RedisServer;
let nginx: Nginx;
let ports: number[];
let replicas: Subgraph[];
let caller: Caller;

beforeAll(async () => {
  [sandbox, redis, ports] = await Promise.all([startSandbox(), RedisServer.start(), Promise.all([1, 2, 3, 4].map(() => freePort()))]);
  for (const system of [sandbox.pms, sandbox.cas360]) system.faults.set([{ latencyMs: 20 }]);
  replicas = await Promise.all(ports.map((port) => startReplica(port)));
  nginx = await Nginx.start(ports);
  caller = new Caller(nginx.url);
  // Both systems' first tokens.
  await under(() => sleep(3_000));
}, 60_000);

afterAll(async () => {
  await caller.close();
  await nginx.stop();
  await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
  await redis.stop();
  await sandbox.stop();
});

const startReplica = (port: number): Promise<Subgraph> => startSubgraph({ ...sandbox.environment, PORT: String(port), REDIS_URL: redis.url });

interface Seen {
  sent: number;
  /** Without an answer, or with one that holds an error. */
  readonly failed: string[];
  /** Sent, and not answered yet. */
  underWay: number;
  readonly times: number[];
}

/** Load, through nginx, for as long as `trouble` takes and a second more. */
async function under(trouble: (seen: Seen) => Promise<unknown>): Promise<Seen> {
  const [pms, cas360] = [firstIds(sandbox, 'pms', 1_000), firstIds(sandbox, 'cas360', 1_000)];
  const seen: Seen = { sent: 0, failed: [], underWay: 0, times: [] };
  let isOver = false;
  const load = openLoop(REQUESTS_PER_SECOND, () => isOver, async (n) => {
    seen.sent++;
    seen.underWay++;
    try {
      const reply = await caller.ask(NAMES, { ids: [pms[n % 1_000], cas360[n % 1_000]] });
      if (reply.status === 200 && reply.codes.length === 0) seen.times.push(reply.ms);
      else seen.failed.push(`${reply.status} ${reply.codes.join()}`);
    } catch (error) {
      seen.failed.push(error instanceof Error ? error.message : 'unknown');
    }
    seen.underWay--;
  });
  await trouble(seen);
  await sleep(1_000);
  isOver = true;
  await load;
  return seen;
}

const figuresOf = ({ sent, failed, times }: Seen): Record<string, string | number> => ({ sent, failed: failed.length, median: ms(quantile(times, 0.5)), p95: ms(quantile(times, 0.95)) });

/** Voids the access tokens of all replicas: one of them has to use the refresh token. */
const revoke = (): void => [sandbox.pms, sandbox.cas360].forEach((system) => system.revokeTokens());

async function restart(n: number): Promise<number | string> {
  const exit = await replicas[n]!.end();
  replicas[n] = await startReplica(ports[n]!);
  return exit;
}

describe('Four replicas behind nginx', () => {
  test('are restarted one by one, and their tokens revoked meanwhile, without a failed request', async () => {
    const exits: unknown[] = [];
    const seen = await under(async () => {
      for (const n of replicas.keys()) {
        revoke();
        exits.push(await restart(n));
      }
    });
    report('rolling restart of four', figuresOf(seen));
    expect(exits).toEqual([0, 0, 0, 0]);
    expect(seen.failed).toEqual([]);
  }, 120_000);

  test('lose with one that is killed no more than was under way', async () => {
    let underWay = 0;
    const seen = await under(async (now) => {
      for (const n of [0, 2]) {
        await sleep(500);
        const sent = now.sent;
        underWay += now.underWay;
        await replicas[n]!.end('SIGKILL');
        // Those that came before it was gone may have met it too.
        underWay += now.sent - sent;
        replicas[n] = await startReplica(ports[n]!);
      }
    });
    report('two killed', { ...figuresOf(seen), 'under way at the kills': underWay });
    expect(seen.failed.length).toBeLessThanOrEqual(underWay);
    expect(seen.failed.every((what) => what.startsWith('502') || what.includes('JSON'))).toBe(true);
  }, 120_000);

  const AWAY: Record<string, () => Promise<unknown>> = {
    'is gone, and comes back empty': async () => {
      await redis.end();
      await sleep(AWAY_MS);
      await redis.begin();
      await sleep(REST_MS);
    },
    hangs: async () => {
      redis.freeze();
      await sleep(AWAY_MS);
      redis.thaw();
    },
    'is slow': async () => {
      for (const endsAt = performance.now() + AWAY_MS; performance.now() < endsAt; ) {
        redis.freeze();
        await sleep(200);
        redis.thaw();
        await sleep(20);
      }
    },
  };

  test.each(Object.keys(AWAY))('go on when Redis %s', async (how) => {
    const before = await under(() => sleep(AWAY_MS));
    const seen = await under(AWAY[how]!);
    const ratio = quantile(seen.times, 0.5) / quantile(before.times, 0.5);
    report(`Redis ${how}`, { ...figuresOf(seen), 'median against before': ratio });
    expect([before.failed, seen.failed]).toEqual([[], []]);
    if (LONG_RUN) expect(ratio).toBeLessThanOrEqual(1.2);
    // Nothing was forgotten: the chain of refresh tokens goes on.
    expect((await under(async () => revoke())).failed).toEqual([]);
  }, 4 * AWAY_MS + 60_000);

  test('have their tokens revoked again and again without a failed request', async () => {
    const seen = await under(async () => {
      for (let n = 0; n < 10; n++) {
        revoke();
        await sleep(1_500);
      }
    });
    report('tokens revoked ten times', figuresOf(seen));
    expect(seen.failed).toEqual([]);
  }, 60_000);

  test('have used no refresh token twice', () => {
    expect(sandbox.cas360.spentTokenUses).toBe(0);
  });
});
