import type { RedisProblem } from './redisProblem.js';

/**
 * Redis cannot be asked, or did not answer in time. In the second case it may still execute the command. In a file of its own,
 * because the client is loaded only if Redis is configured (docs/performance.md).
 */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';

  constructor(readonly problem: RedisProblem = 'away') {
    super('Redis does not answer');
  }
}
