import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from '../../../shared/redis.js';
import { refusal } from '../../../shared/redisProblem.js';
import { RedisUnavailable } from '../../../shared/redisUnavailable.js';
import { isProcessGone } from './processName.js';
import { fieldsOf, FIELDS, stateIn } from './redisFormat.js';
import type { Kept } from './state.js';
import { StoreFailure, type Change, type StateStore, type StoreProblem } from './store.js';

const TIMEOUT_MS = 5_000;
const ASK_AGAIN_MS = 5;
/** Redis refuses these to every process. */
const FOR_ALL: readonly StoreProblem[] = ['read-only', 'no permission', 'full'];

const READ = `
local time = redis.call('TIME')
local found = redis.call('HMGET', KEYS[1], unpack(ARGV))
for i = 1, #ARGV do found[i] = found[i] or '' end
return { string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), unpack(found) }
`;

/**
 * ARGV: the names of the fields, the values that were read, the new values. Redis checks its memory only before the first write
 * of a script, and `HDEL` needs none: so the state is kept also when Redis is full. `DEL` would serve as well, but a user
 * without the right to `HSET` would lose the state.
 */
const SWAP = `
local n = #ARGV / 3
local found = redis.call('HMGET', KEYS[1], unpack(ARGV, 1, n))
local fields = {}
for i = 1, n do
  if (found[i] or '') ~= ARGV[n + i] then return 0 end
  fields[#fields + 1] = ARGV[i]
  fields[#fields + 1] = ARGV[2 * n + i]
end
redis.call('HDEL', KEYS[1], 'none')
redis.call('HSET', KEYS[1], unpack(fields))
return 1
`;

/**
 * Keeps the state in a hash of the Redis that replicas share. The clock is Redis's. A write compares all that was read: one that
 * timed out and reaches Redis later does nothing if another process has written meanwhile.
 */
export class RedisStore implements StateStore {
  readonly #redis: Pick<Redis, 'run'>;
  readonly #key: string;
  readonly #timeoutMs: number;

  constructor(redis: Pick<Redis, 'run'>, key: string, timeoutMs = TIMEOUT_MS) {
    this.#redis = redis;
    this.#key = key;
    this.#timeoutMs = timeoutMs;
  }

  isGone(holder: string): boolean {
    return isProcessGone(holder);
  }

  async update(change: Change): Promise<Kept | undefined> {
    const endsAtMs = performance.now() + this.#timeoutMs;
    let seen: { readonly kept: Kept | undefined; readonly nowMs: number } | undefined;
    try {
      do {
        seen = undefined;
        const [now, ...found] = (await this.#eval(READ, FIELDS)) as string[];
        const { kept, nowMs } = (seen = { kept: stateIn(found), nowMs: Number(now) });
        const next = change(kept, nowMs);
        if (!next || next === kept) return kept;
        if ((await this.#eval(SWAP, [...FIELDS, ...found, ...fieldsOf(next)])) === 1) return next;
        // Stryker disable next-line ArithmeticOperator: any short time will do
        await sleep(ASK_AGAIN_MS * Math.random());
      } while (performance.now() < endsAtMs);
    } catch (error) {
      throw failure(error, seen);
    }
    throw new StoreFailure('slow');
  }

  #eval(script: string, words: readonly string[]): Promise<unknown> {
    return this.#redis.run((client) => client.eval(script, { keys: [this.#key], arguments: [...words] }));
  }
}

function failure(error: unknown, seen: StoreFailure['seen']): StoreFailure {
  const problem = error instanceof RedisUnavailable ? error.problem : refusal(error);
  return new StoreFailure(problem, FOR_ALL.includes(problem) ? seen : undefined, { cause: error });
}
