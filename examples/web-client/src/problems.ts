import { CombinedGraphQLErrors, ServerError } from '@apollo/client/errors';
import type { GraphQLFormattedError } from 'graphql';

/** Why something is missing, as `extensions` of the error says it. */
export interface Problem {
  code: string;
  retryable: boolean;
  source?: 'PMS' | 'CAS360';
}

export type Problems = ReadonlyMap<string, Problem>;

/**
 * What went wrong at a place of the answer, such as `contacts.3`, and below it, by the rest of its path. The place itself
 * is ''. A field that needs a scope is reported at the first item of a list, and missing in all of them.
 */
export function problemsAt(error: Error | undefined, place: string): Problems {
  const found = new Map<string, Problem>();
  const keys = place.split('.');
  for (const { path = [], extensions } of errorsIn(error)) {
    const problem = extensions as unknown as Problem;
    const isItem = (n: number): boolean => problem.code === 'FORBIDDEN' && typeof path[n] === 'number';
    if (keys.every((key, n) => key === String(path[n]) || isItem(n))) found.set(path.slice(keys.length).join('.'), problem);
  }
  return found;
}

/** Why there is no answer at all. */
export function wholeProblem(error: Error | undefined): Problem {
  const [first] = errorsIn(error);
  return first ? (first.extensions as unknown as Problem) : { code: 'NO_ANSWER', retryable: true };
}

function errorsIn(error: Error | undefined): readonly GraphQLFormattedError[] {
  if (CombinedGraphQLErrors.is(error)) return error.errors;
  // Apollo Client does not read the body of an answer with a status such as 401 or 503.
  if (!ServerError.is(error) || !error.bodyText.startsWith('{')) return [];
  return (JSON.parse(error.bodyText) as { errors?: GraphQLFormattedError[] }).errors ?? [];
}

const sourceNames = { PMS: 'The property management system', CAS360: 'The company register' };

const reasons: Record<string, string> = {
  UPSTREAM_TIMEOUT: 'took too long to answer.',
  UPSTREAM_UNAVAILABLE: 'cannot be reached at the moment.',
  UPSTREAM_RATE_LIMITED: 'is busy and asks us to wait.',
  UPSTREAM_AUTH_FAILED: 'does not let us in. Its operators have to see to it.',
  UPSTREAM_INVALID_RESPONSE: 'gave an answer that we cannot read.',
  SOURCE_NOT_CONFIGURED: 'is not connected here.',
};

const ownReasons: Record<string, string> = {
  NO_ANSWER: 'The service cannot be reached. Are you online?',
  FORBIDDEN: 'Not permitted',
  UNAUTHENTICATED: 'Your token is not accepted. Choose it again.',
  BAD_USER_INPUT: 'This is not the id of a contact. Ids look like pms:4711 or cas360:54.',
  LIMIT_EXCEEDED: 'This is too much to ask for at once.',
  OVERLOADED: 'The service has too much to do at the moment.',
};

/** The reason in plain words. */
export function reasonFor({ code, source }: Problem): string {
  if (source && reasons[code]) return `${sourceNames[source]} ${reasons[code]}`;
  return ownReasons[code] ?? 'Something went wrong on our side.';
}
