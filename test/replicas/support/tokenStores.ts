import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CAS360_TOKEN_KEY } from '../../../src/build/tokenStore.js';
import { parse } from '../../../src/upstream/oauth2/refreshToken/fileFormat.js';
import { FIELDS, stateIn } from '../../../src/upstream/oauth2/refreshToken/redisFormat.js';
import type { Kept } from '../../../src/upstream/oauth2/refreshToken/state.js';
import { RedisServer } from '../../support/redisServer.js';
import { TcpProxy } from '../../support/tcpProxy.js';

/** What replicas share, and what can happen to it. */
export interface SharedStore {
  /** The settings with which the replica at this place uses it. */
  settings(place: number): Record<string, string>;
  kept(): Promise<Kept | undefined>;
  /** Each happens to one replica or to all, and is over when it resolves. */
  readonly troubles: Readonly<Record<string, (place: number) => Promise<void>>>;
  stop(): Promise<void>;
}

/** Short ones are as likely as long ones: as many between 0.1 and 0.3 s as between 1 and 3 s. */
export function drawnMs(mostMs: number, leastMs = 100): number {
  return leastMs * (mostMs / leastMs) ** Math.random();
}

/** A Redis behind one proxy for each replica. */
export async function startRedis(replicas: number): Promise<SharedStore> {
  const redis = await RedisServer.start();
  const proxies = await Promise.all(Array.from({ length: replicas }, () => TcpProxy.start()));
  for (const proxy of proxies) proxy.target = new URL(redis.url.replace('redis:', 'http:'));
  return {
    settings: (place) => ({ REDIS_URL: proxies[place]!.url.replace('http:', 'redis:') }),
    kept: async () => {
      const values = await redis.ask((client) => client.hmGet(CAS360_TOKEN_KEY, [...FIELDS]));
      return stateIn(values.map((value) => value ?? ''));
    },
    troubles: {
      'cut off': async (place) => {
        await proxies[place]!.set('refuse');
        await sleep(drawnMs(5_000));
        await proxies[place]!.set();
      },
      'held up': async (place) => {
        const letGo = proxies[place]!.hold();
        await sleep(drawnMs(5_000));
        letGo();
      },
      'answers lost': async (place) => {
        await proxies[place]!.set({ resetAfterBytes: 0 });
        await sleep(drawnMs(2_000));
        await proxies[place]!.set();
      },
      'answers to writes lost': async (place) => {
        await proxies[place]!.set({ resetAfterBytes: 0, of: (request) => request.includes('HSET') });
        await sleep(drawnMs(2_000));
        await proxies[place]!.set();
      },
      'Redis emptied': async () => {
        await redis.end();
        await sleep(drawnMs(2_000, 10));
        await redis.begin();
      },
      'Redis frozen': async () => {
        redis.freeze();
        await sleep(drawnMs(5_000));
        redis.thaw();
      },
      'Redis read-only': async () => {
        // It has no primary there, so it keeps what it holds.
        await redis.ask((client) => client.sendCommand(['REPLICAOF', '127.0.0.1', '1']));
        await sleep(drawnMs(8_000));
        await redis.ask((client) => client.sendCommand(['REPLICAOF', 'NO', 'ONE']));
      },
    },
    stop: async () => {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await redis.stop();
    },
  };
}

/** A file in a folder of its own. */
export async function startFile(): Promise<SharedStore> {
  const parent = await mkdtemp(join(tmpdir(), 'contacts-refreshing-'));
  const folder = await mkdtemp(join(parent, 'token-'));
  const file = join(folder, 'token');
  return {
    settings: () => ({ CAS360_TOKEN_FILE: file }),
    kept: async () => parse(await readFile(file, 'utf8')),
    troubles: {
      'folder away': async () => {
        await rename(folder, `${folder}-away`);
        await sleep(drawnMs(8_000));
        await rename(`${folder}-away`, folder);
      },
    },
    stop: () => rm(parent, { recursive: true }),
  };
}
