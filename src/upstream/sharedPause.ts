import type { Redis } from '../shared/redis.js';
import type { Pause } from './pause.js';

/** A day. Capped, because `PX` rejects very large numbers. */
const MAX_MS = 86_400_000;

/** Sets a key that expires with the pause, unless the present one expires later. */
const EXTEND_SCRIPT = "if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end";

/** Shares a pause with the other replicas. If Redis is away, each learns of it by itself. */
export function sharePause(redis: Pick<Redis, 'run'>, key: string, forMs: number): void {
  const lastsMs = String(Math.min(Math.ceil(forMs), MAX_MS));
  redis.run((client) => client.eval(EXTEND_SCRIPT, { keys: [key], arguments: [lastsMs] })).catch(() => {});
}

/** Lets `pause` join those of other replicas at each heartbeat. No call waits for Redis. */
export function joinPauses(redis: Pick<Redis, 'run' | 'onBeat'>, key: string, pause: Pause): void {
  redis.onBeat(async () => pause.join(await redis.run((client) => client.pTTL(key))));
}
