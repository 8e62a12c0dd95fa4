import type { Redis } from '../shared/redis.js';
import type { Pause } from './pause.js';

/** A day: nobody means longer, and Redis takes no number. */
const LONGEST_MS = 86_400_000;

/** A key that lives as long as the pause; one that lives longer already stays. */
const LAST_AT_LEAST = "if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '', 'PX', ARGV[1]) end";

/** Tells the other replicas of a pause. Without Redis each learns of it by itself. */
export function sharePause(redis: Pick<Redis, 'run'>, key: string, forMs: number): void {
  const lastsMs = String(Math.min(Math.ceil(forMs), LONGEST_MS));
  redis.run((client) => client.eval(LAST_AT_LEAST, { keys: [key], arguments: [lastsMs] })).catch(() => {});
}

/** Has `pause` join those of the other replicas within a heartbeat, so that no call waits for Redis. */
export function joinPauses(redis: Pick<Redis, 'run' | 'onBeat'>, key: string, pause: Pause): void {
  redis.onBeat(async () => pause.join(await redis.run((client) => client.pTTL(key))));
}
