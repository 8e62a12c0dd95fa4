/** What is wrong with Redis, in words for an operator. */
export const REDIS_PROBLEMS = ['away', 'slow', 'wrong password', 'wrong database', 'read-only', 'full', 'no permission', 'broken'] as const;
export type RedisProblem = (typeof REDIS_PROBLEMS)[number];

/** Redis 6 wraps what a command in a script was refused for, so the words can be anywhere in the message. */
const REFUSALS: readonly (readonly [RegExp, RedisProblem])[] = [
  [/\bOOM\b/, 'full'],
  // A replica; a primary whose disk fails; one that has lost its replicas.
  [/\b(READONLY|MISCONF|NOREPLICAS)\b/, 'read-only'],
  [/\bNOPERM\b|has no permissions|can't run this command/, 'no permission'],
  [/\b(NOAUTH|WRONGPASS)\b|\bAUTH\b|invalid password/, 'wrong password'],
  [/DB index|SELECT is not allowed/, 'wrong database'],
  [/\b(LOADING|MASTERDOWN|TRYAGAIN|CLUSTERDOWN)\b/, 'away'],
  [/\bBUSY\b/, 'slow'],
];
const READABLE: readonly (RedisProblem | undefined)[] = [undefined, 'read-only', 'full', 'no permission', 'broken'];

/** What an error of Redis means. */
export function refusal(error: unknown): RedisProblem {
  const message = error instanceof Error ? error.message : '';
  return REFUSALS.find(([words]) => words.test(message))?.[1] ?? 'broken';
}

/** Whether Redis still answers commands that only read. */
export function isReadable(problem: RedisProblem | undefined): boolean {
  return READABLE.includes(problem);
}
