import type { Wire } from '../upstream/wire.js';
import { asking, type Asking, type NotFound, type Prefix } from './endpoint.js';
import type { Findings } from './findings.js';

/**
 * Whether a 404 for one id comes from the right path. The right path refuses a malformed id in another way than a path that no
 * system has. A gateway answers both like the first call.
 */
export async function isRightPath({ isForeign, form }: NotFound, ask: Asking, malformed: string, invented: string): Promise<boolean> {
  const [bad, nowhere] = await Promise.all([ask(malformed), ask(invented)]);
  if (bad.kind === 'refused' && bad.status !== 404) return true;
  return !isForeign && !(nowhere.kind === 'refused' && nowhere.notFound?.form === form);
}

/** Says that a 404 came from a path that the system does not have. */
export function reportWrongPath({ isForeign }: NotFound, prefix: Prefix, found: Findings): void {
  const said = isForeign ? 'a gateway’s 404' : '404, in the same words for every path';
  const option = prefix === 'PMS' ? '--pms' : '--cas360';
  found.fault(checkOf(prefix), `${prefix}_BASE_URL: the endpoint for contacts is not there. The answer is ${said}. Is there a path too many or too few in ${prefix}_BASE_URL? If not, give a contact that exists (${option})`, 'path');
}

/** Without a token, checks only whether the endpoint answers. */
export async function checkWithoutToken(wire: Wire, path: string, prefix: Prefix, timeoutMs: number, found: Findings): Promise<void> {
  const check = checkOf(prefix);
  const reply = await asking(wire, 'none', timeoutMs, prefix)(path);
  if (reply.kind === 'json') found.warning(check, `${prefix}_BASE_URL answers without a good token: is it the right address?`);
  else if (reply.kind === 'refused' && [401, 403].includes(reply.status)) found.ok(check, `${prefix}_BASE_URL answers, and lets nobody in without a token`);
  else found.fault(check, `${prefix}_BASE_URL: ${reply.why.text}`, reply.why.reason);
}

const checkOf = (prefix: Prefix): 'pms.endpoint' | 'cas360.endpoint' => (prefix === 'PMS' ? 'pms.endpoint' : 'cas360.endpoint');
