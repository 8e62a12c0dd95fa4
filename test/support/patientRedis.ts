import { Redis } from '../../src/shared/redis.js';
import { until } from './until.js';

/** Longer than any test takes. */
const PATIENCE_MS = 60_000;

/**
 * Makes all of this process wait for Redis. On a busy machine Redis can take longer than we wait otherwise: the cache counts an
 * answer after 50 ms as a miss, and nothing is sent from a heartbeat that took more than 250 ms to the next one. Returns what
 * ends that.
 */
export function patientRedis(): () => void {
  const { run } = Redis.prototype;
  Redis.prototype.run = async function (command) {
    // Otherwise at once, so that commands leave in their order.
    if (this.problem === 'slow') await until('a heartbeat is answered in time', () => this.problem !== 'slow');
    return run.call(this, command, PATIENCE_MS) as ReturnType<typeof command>;
  };
  return () => {
    Redis.prototype.run = run;
  };
}
