import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import type { GraphQLFormattedError } from 'graphql';

/** Why something is missing, as the error's `extensions` and its message say it. */
export interface Problem {
  code: string;
  retryable: boolean;
  message: string;
  source?: 'PMS' | 'CAS360';
  /** How long the system will not be asked. */
  retryAfterSeconds?: number;
  /** The name of the limit that was exceeded. */
  limit?: string;
  /** The scope that the field needs. */
  scope?: string;
}

export type Problems = ReadonlyMap<string, Problem>;

/** A system that could not answer for several contacts: told once, above the cards. */
export interface Outage {
  problem: Problem;
  /** How many contacts are not there. */
  missing: number;
  /** How many others lack something. */
  incomplete: number;
}

/** Codes that tell about a whole system, not about one contact. */
const OF_A_SYSTEM = ['UPSTREAM_TIMEOUT', 'UPSTREAM_UNAVAILABLE', 'UPSTREAM_RATE_LIMITED', 'UPSTREAM_AUTH_FAILED', 'SOURCE_NOT_CONFIGURED'];

/**
 * What went wrong at a place of the answer, such as `contacts.3`, and below it, by the rest of its path. The place itself
 * is ''. A field that needs a scope is reported at the first item of a list, and missing in all of them.
 */
export function problemsAt(error: Error | undefined, place: string): Problems {
  const found = new Map<string, Problem>();
  const keys = place.split('.');
  for (const one of errorsIn(error)) {
    const { path = [] } = one;
    const problem = problemOf(one);
    const isItem = (n: number): boolean => problem.code === 'FORBIDDEN' && typeof path[n] === 'number';
    if (keys.every((key, n) => key === String(path[n]) || isItem(n))) found.set(path.slice(keys.length).join('.'), problem);
  }
  return found;
}

/** The systems that could not answer for two contacts or more of a list. */
export function outagesIn(error: Error | undefined): Outage[] {
  const errors = errorsIn(error).filter(({ path, extensions }) => typeof path?.[1] === 'number' && OF_A_SYSTEM.includes(String(extensions?.code)));
  return (['PMS', 'CAS360'] as const).flatMap((source) => {
    const ofSource = errors.filter(({ extensions }) => extensions?.source === source);
    const missing = new Set(ofSource.filter(({ path }) => path!.length === 2).map(({ path }) => path![1]));
    const incomplete = new Set(ofSource.map(({ path }) => path![1]).filter((index) => !missing.has(index)));
    if (missing.size + incomplete.size < 2) return [];
    const problems = ofSource.map(problemOf);
    const waits = problems.map(({ retryAfterSeconds }) => retryAfterSeconds ?? 0);
    const problem = { ...problems[0]!, retryable: problems.some(({ retryable }) => retryable), retryAfterSeconds: Math.max(...waits) };
    return [{ problem, missing: missing.size, incomplete: incomplete.size }];
  });
}

/** Whether an outage tells of this problem already. */
export const isToldBy = (outages: readonly Outage[], { code, source }: Problem): boolean =>
  OF_A_SYSTEM.includes(code) && outages.some(({ problem }) => problem.source === source);

/** Why there is no answer at all. */
export function wholeProblem(error: Error | undefined): Problem {
  const [first] = errorsIn(error);
  return first ? problemOf(first) : { code: 'NO_ANSWER', retryable: true, message: '' };
}

const problemOf = ({ message, extensions }: GraphQLFormattedError): Problem => ({ ...(extensions as unknown as Problem), message });

function errorsIn(error: Error | undefined): readonly GraphQLFormattedError[] {
  if (CombinedGraphQLErrors.is(error)) return error.errors;
  // Apollo Client does not read the body of an answer with a status such as 401 or 503.
  if (!ServerError.is(error)) return [];
  try {
    return (JSON.parse(error.bodyText) as { errors?: GraphQLFormattedError[] }).errors ?? [];
  } catch {
    // A page of a gateway between.
    return [];
  }
}
