import { NoAnswer, UnusableAnswer } from '../upstream/oauth2/noAnswer.js';
import { TokenUnavailable } from '../upstream/oauth2/tokenUnavailable.js';
import type { Prefix } from './endpoint.js';
import { whyNoAnswer, type Why } from './reasons.js';

/** Why a token endpoint gave no token, and what to do. `given`: what it refused with 400 or 401. */
export function whyNoToken(error: unknown, prefix: Prefix, given: string): Why {
  const name = `${prefix}_TOKEN_URL`;
  const status = error instanceof TokenUnavailable ? error.facts.status : undefined;
  if (status !== undefined) return whyRefused(status, name, given);
  const cause = error instanceof TokenUnavailable ? error.cause : error;
  if (cause instanceof UnusableAnswer) return { reason: 'wrong-content', text: `${name}: ${cause.message}. Is it the right address, or a login page?` };
  if (error instanceof TokenUnavailable && !(cause instanceof NoAnswer)) return { reason: 'other', text: `${name}: ${error.message}` };
  const { reason, text } = whyNoAnswer(error);
  return { reason, text: `${name}: ${text}` };
}

function whyRefused(status: number, name: string, given: string): Why {
  const answered = `${name} answered ${status}`;
  if (status === 400 || status === 401) return { reason: 'credentials', text: `${answered}: it does not take ${given}` };
  if (status === 403) return { reason: 'forbidden', text: `${answered}: it does not let this client in. Ask who runs it, and look at its list of allowed addresses and at a proxy in between` };
  if (status === 404 || status === 405) return { reason: 'path', text: `${answered}: there is no token endpoint. Look at its path` };
  if (status === 429) return { reason: 'rate-limit', text: `${answered}: its rate limit is reached. Try again later` };
  if (status >= 300 && status < 400) return { reason: 'redirect', text: `${answered}: it leads elsewhere, and the service does not follow. Give ${name} as it is in the end` };
  if (status >= 500) return { reason: 'unavailable', text: `${answered}: it is in trouble itself, or a proxy in front of it. Try again later` };
  return { reason: 'status', text: `${answered}, which the service cannot use. Look at its path` };
}
