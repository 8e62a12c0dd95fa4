import type { Outage, Problem } from './problems';

/** Named as the ids of their contacts begin. */
const systemNames = { PMS: 'The property management system (pms)', CAS360: 'The company register (cas360)' };

const systemReasons: Record<string, string> = {
  UPSTREAM_TIMEOUT: 'took too long to answer.',
  UPSTREAM_UNAVAILABLE: 'cannot be reached at the moment.',
  UPSTREAM_RATE_LIMITED: 'is busy and asks us to wait.',
  UPSTREAM_AUTH_FAILED: 'does not let us in. Its operators have to see to it.',
  UPSTREAM_INVALID_RESPONSE: 'gave an answer that we cannot read.',
  SOURCE_NOT_CONFIGURED: 'is not connected here.',
};

const ownReasons: Record<string, string> = {
  NO_ANSWER: 'The service cannot be reached. Are you online?',
  UNAUTHENTICATED: 'The service shows nothing to a request whose token it does not accept.',
  BAD_USER_INPUT: 'This is not the id of a contact. Ids look like pms:4711 or cas360:54.',
  OVERLOADED: 'The service has too much to do at the moment.',
};

/** What to do about a limit on this page. The service's message names the limit and its number. */
const limitAdvice: Record<string, string> = {
  MAX_IDS: 'Take some ids out of the line above, or choose one system.',
  MAX_ANSWER_FIELDS: 'Take some ids out of the line above, or choose one system.',
  MAX_ANSWER_BYTES: 'Take some ids out of the line above, or choose one system.',
};

/** The reason in plain words, and what to do about it. */
export function reasonFor(problem: Problem): string {
  const { code, source, limit, scope, message } = problem;
  if (source && systemReasons[code]) return `${systemNames[source]} ${systemReasons[code]}${waitFor(problem)}`;
  if (limit) return `${message} ${limitAdvice[limit] ?? 'The query of this page is too large: its developers have to change it.'}`;
  if (scope) return `Not permitted: needs a token with ${scope}`;
  return `${ownReasons[code] ?? 'Something went wrong on our side.'}${waitFor(problem)}`;
}

/** `6 contacts are missing, 1 is incomplete.` */
export function lossOf({ missing, incomplete }: Outage): string {
  const contacts = (count: number): string => `${count} ${count === 1 ? 'contact is' : 'contacts are'}`;
  return `${[missing && `${contacts(missing)} missing`, incomplete && `${contacts(incomplete)} incomplete`].filter(Boolean).join(', ')}.`;
}

const waitFor = ({ retryAfterSeconds = 0 }: Problem): string => (retryAfterSeconds > 0 ? ` Try again in ${retryAfterSeconds} s.` : '');
