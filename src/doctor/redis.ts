import { createClient, ErrorReply, SocketClosedUnexpectedlyError, type RedisClientType } from '@redis/client';
import { adviceOn } from '../build/storeAdvice.js';
import { refusal } from '../shared/redisProblem.js';
import { StoreFailure } from '../upstream/oauth2/refreshToken/store.js';
import { isOpen } from './endpoint.js';
import type { Findings } from './findings.js';
import { whyNoAnswer, type Why } from './reasons.js';

const CONNECT_MS = 3_000;
/** The cache gives up a lookup after this. */
const SLOW_MS = 50;
const PINGS = 5;

/** Connects, runs `use`, and closes. Rejects with the error of Redis or the network. */
export async function withRedis<T>(url: string, use: (client: RedisClientType) => Promise<T>): Promise<T> {
  const client: RedisClientType = createClient({ url, socket: { connectTimeout: CONNECT_MS, socketTimeout: CONNECT_MS, reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    if (client.isOpen) client.destroy();
  }
}

/** Checks whether Redis answers, how fast, and whether it keeps the data that replicas share. */
export async function checkRedis(url: string, hasCache: boolean, found: Findings): Promise<void> {
  if (isOpen(new URL(url))) found.warning('redis.encryption', 'REDIS_URL is without TLS: the tokens in it travel for all to read. Take rediss:// where the network is not yours alone');
  try {
    await withRedis(url, async (client) => {
      const tookMs = await quickestPing(client);
      if (tookMs > SLOW_MS) found.warning('redis.latency', `slow: Redis took ${Math.round(tookMs)} ms at best; the cache gives up after ${SLOW_MS} ms`);
      else found.ok('redis.latency', `Redis answers, in ${Math.max(1, Math.round(tookMs))} ms at best`);
      await checkScripts(client, found);
      await checkWrites(client, found);
      await checkServer(client, hasCache, found);
    });
  } catch (error) {
    const { text, reason } = whyNoRedis(error);
    found.fault('redis.connection', `REDIS_URL: ${text}`, reason);
  }
}

async function quickestPing(client: RedisClientType): Promise<number> {
  let bestMs = Infinity;
  for (let n = 0; n < PINGS; n++) {
    const startedAtMs = performance.now();
    await client.ping();
    bestMs = Math.min(bestMs, performance.now() - startedAtMs);
  }
  return bestMs;
}

async function checkScripts(client: RedisClientType, found: Findings): Promise<void> {
  try {
    await client.eval('return 1');
  } catch {
    found.fault('redis.scripts', 'the user of REDIS_URL may run no scripts (EVAL): the refresh token of CAS 360 could not be shared');
  }
}

async function checkWrites(client: RedisClientType, found: Findings): Promise<void> {
  try {
    // Writes nothing: the key does not exist. Redis refuses that like every other write.
    await client.set('contacts:probe', '', { condition: 'XX', PX: 1 });
  } catch (error) {
    found.warning('redis.writes', `Redis keeps no pauses and no cache: ${whyNot(error)}`);
  }
}

async function checkServer(client: RedisClientType, hasCache: boolean, found: Findings): Promise<void> {
  const info = await readInfo(client);
  if (!info) return found.warning('redis.server', 'the user of REDIS_URL may not ask for INFO: version and policies are not known');
  const version = info.get('valkey_version') ?? info.get('redis_version') ?? '';
  const name = info.has('valkey_version') ? 'Valkey' : 'Redis';
  if (!/^\d+(\.\d+)*$/.test(version)) found.warning('redis.server', 'the version of Redis is not known');
  else if (Number.parseInt(version) < 6) found.fault('redis.server', `${name} ${version} is too old: 6 or newer is needed`);
  else found.ok('redis.server', `${name} ${version}`);
  if (info.get('cluster_enabled') === '1') found.fault('redis.server', 'Redis is a cluster: one server address is expected');
  if (info.get('role') === 'slave') found.fault('redis.server', 'Redis is a replica, which takes no writes: give the address of the primary');
  if (info.get('maxmemory_policy')?.startsWith('allkeys-')) {
    found.warning('redis.eviction', `Redis may throw out the refresh token (maxmemory-policy): set ${hasCache ? 'volatile-lru' : 'noeviction'}`);
  }
  if (info.get('aof_enabled') === '0') found.warning('redis.persistence', 'Redis forgets the refresh token when it restarts while no replica runs: set appendonly yes');
}

async function readInfo(client: RedisClientType): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const lines = (await client.info()).split(/\r?\n/);
    return new Map(lines.flatMap((line) => (line.includes(':') ? [[line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]] : [])));
  } catch {
    return undefined;
  }
}

/** Why Redis cannot be used, and what to do about it. */
export function whyNot(error: unknown): string {
  return whyNoRedis(error).text;
}

function whyNoRedis(error: unknown): Why {
  const cause = error instanceof StoreFailure ? error.cause : error;
  if (cause instanceof ErrorReply) return { reason: 'store', text: adviceOn(refusal(cause), 'Redis') };
  if (cause instanceof SocketClosedUnexpectedlyError) return { reason: 'cut', text: 'it ended the connection: is that the port of Redis, and the address rather rediss than redis?' };
  return whyNoAnswer(cause, error instanceof StoreFailure ? adviceOn('broken', 'Redis') : undefined);
}
