import type { Redis } from '../../shared/redis.js';
import type { Pause, PausingStatus } from './pause.js';

/** Sets a key that expires with the pause, unless the present one expires later. Its value is the status that asked for it. */
const EXTEND_SCRIPT = "if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[1]) end";

/** Shares a pause with the other replicas. If Redis is away, each learns of it by itself. */
export function sharePause(redis: Pick<Redis, 'run'>, key: string, forMs: number, status: PausingStatus): void {
  redis.run((client) => client.eval(EXTEND_SCRIPT, { keys: [key], arguments: [String(Math.ceil(forMs)), String(status)] })).catch(() => {});
}

/** Lets `pause` join those of other replicas at each heartbeat. No call waits for Redis. */
export function joinPauses(redis: Pick<Redis, 'run' | 'onBeat'>, key: string, pause: Pause): void {
  redis.onBeat(async () => {
    const forMs = await redis.run((client) => client.pTTL(key));
    if (forMs > 0) pause.join(forMs, (await redis.run((client) => client.get(key))) === '503' ? 503 : 429);
  });
}
