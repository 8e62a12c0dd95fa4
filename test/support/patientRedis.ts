import { Redis } from '../../src/shared/redis.js';
import { until } from './until.js';

/** Longer than any test takes. */
const PATIENCE_MS = 60_000;

/**
 * Makes the shared cache wait for Redis, in this process. On a busy machine Redis can take longer than the cache waits otherwise: it
 * counts an answer after 50 ms as a miss, and keeps nothing from a heartbeat that took more than 250 ms to the next one. Returns
 * what ends that.
 */
export function patientRedis(): () => void {
  const { run } = Redis.prototype;
  Redis.prototype.run = async function (command, timeoutMs) {
    if (timeoutMs !== undefined) await until('a heartbeat is answered in time', () => this.problem !== 'slow');
    return run.call(this, command, timeoutMs === undefined ? undefined : PATIENCE_MS) as ReturnType<typeof command>;
  };
  return () => {
    Redis.prototype.run = run;
  };
}
