/**
 * Redis is down, or did not answer in time. In the second case it may still have executed the command. In a file of its own,
 * because the client is loaded only if Redis is configured (docs/performance.md).
 */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';

  constructor() {
    super('Redis does not answer');
  }
}
