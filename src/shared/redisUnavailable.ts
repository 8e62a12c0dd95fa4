/**
 * Redis is not there, or did not answer in time. In the second case it may have done as it was told all the same.
 * It stands apart from the client, which takes 13 MB and is loaded only where there is a Redis.
 */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';

  constructor() {
    super('Redis does not answer');
  }
}
