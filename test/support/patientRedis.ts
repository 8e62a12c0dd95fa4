import { Redis } from '../../src/shared/redis.js';

/** Longer than any test takes. */
const PATIENCE_MS = 60_000;

/**
 * Makes the shared cache wait for Redis, in this process. It waits 50 ms otherwise, and counts a later answer as a miss: on a
 * busy machine Redis can take longer. Returns what ends that.
 */
export function patientRedis(): () => void {
  const { run } = Redis.prototype;
  Redis.prototype.run = function (command, timeoutMs) {
    return run.call(this, command, timeoutMs === undefined ? undefined : PATIENCE_MS) as ReturnType<typeof command>;
  };
  return () => {
    Redis.prototype.run = run;
  };
}
