import { Redis } from '../../src/shared/redis.js';

/** Longer than any test takes. */
const PATIENCE_MS = 60_000;

/**
 * Makes all of this process wait for Redis. On a busy machine Redis can take longer than we wait otherwise: the cache counts an
 * answer after 50 ms as a miss, and nothing is sent from a heartbeat that took more than 250 ms to the next one. Returns what
 * ends that.
 */
export function patientRedis(): () => void {
  const { run } = Redis.prototype;
  const isUp = Object.getOwnPropertyDescriptor(Redis.prototype, 'isUp')!;
  Redis.prototype.run = function (command) {
    return run.call(this, command, PATIENCE_MS) as ReturnType<typeof command>;
  };
  Object.defineProperty(Redis.prototype, 'isUp', {
    ...isUp,
    get(this: Redis) {
      return this.problem === 'slow' || isUp.get!.call(this);
    },
  });
  return () => {
    Redis.prototype.run = run;
    Object.defineProperty(Redis.prototype, 'isUp', isUp);
  };
}
