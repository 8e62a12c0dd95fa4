import { networkOf, tokenDispatcher } from '../build/network.js';
import type { Config, PmsConfig } from '../config.js';
import { isRecord } from '../record.js';
import { Wire } from '../upstream/wire.js';
import { TokenUnavailable } from '../upstream/oauth2/tokenUnavailable.js';
import { pmsGrant } from '../upstream/pms/token.js';
import { rowId } from '../upstream/reduce.js';
import { asking, checkWithoutToken, isOpen, whyRefused, type Asking } from './endpoint.js';
import { milliseconds, type Findings } from './findings.js';
import { Described } from './openApi.js';
import { reportDifferences, reportLatency, tokenLife, whyNoToken } from './upstreamReport.js';

/** An id that is not in use. */
const NOBODY = '2147483647';

/** Checks the token, the endpoint, and one contact of the PMS. */
export async function checkPms(config: Config, pms: PmsConfig, known: string | undefined, timeoutMs: number, found: Findings): Promise<void> {
  if (isOpen(pms.baseUrl) || isOpen(pms.tokenUrl)) found.warning('PMS_BASE_URL or PMS_TOKEN_URL is http: the secret and contacts’ data travel for all to read');
  const token = await getToken(config, pms, timeoutMs, found);
  const wire = new Wire({ baseUrl: pms.baseUrl, connections: 1, maxBodyBytes: 1_048_576, network: networkOf(config, pms) });
  try {
    if (token === undefined) await checkWithoutToken(wire, `/api/v3/contacts/${NOBODY}`, 'PMS', timeoutMs, found);
    else await checkContact(asking(wire, token, timeoutMs), known, timeoutMs, found);
  } finally {
    await wire.close();
  }
}

async function getToken(config: Config, pms: PmsConfig, timeoutMs: number, found: Findings): Promise<string | undefined> {
  const startedAtMs = performance.now();
  try {
    const { accessToken, lifetimeSeconds } = await pmsGrant({ ...pms, dispatcher: tokenDispatcher(config, pms) }, timeoutMs)();
    found.ok(`token granted in ${milliseconds(startedAtMs)}; ${tokenLife(lifetimeSeconds)}`);
    return accessToken;
  } catch (error) {
    const status = error instanceof TokenUnavailable ? error.facts.status : undefined;
    const refused = status === 400 || status === 401;
    found.fault(`no token: ${refused ? `PMS_TOKEN_URL answered ${status}: it does not take PMS_CLIENT_ID with PMS_CLIENT_SECRET, or PMS_SCOPE` : whyNoToken(error, 'PMS')}`);
    return undefined;
  }
}

async function checkContact(ask: Asking, known: string | undefined, timeoutMs: number, found: Findings): Promise<void> {
  const id = known ?? NOBODY;
  const reply = await ask(`/api/v3/contacts/${id}`);
  if (reply.kind === 'failed') return found.fault(`PMS_BASE_URL: ${reply.why}`);
  if (reply.kind === 'refused' && reply.status !== 404) return found.fault(`PMS_BASE_URL: ${whyRefused(reply.status, 'PMS')}`);
  if (reply.kind === 'refused') {
    // The right path refuses this id as malformed; a wrong path answers 404.
    const malformed = await ask('/api/v3/contacts/x');
    const isPathKnown = malformed.kind === 'refused' && malformed.status !== 404;
    if (!isPathKnown && known) return found.fault(`the known contact was not found, and neither seems its endpoint: ${whyRefused(404, 'PMS')}`);
    if (known) return found.fault('the known contact was not found: look at its number (--pms or DOCTOR_PMS_CONTACT), and at what the client may see');
    if (!isPathKnown) found.warning('the endpoint answers 404 to everything: look at the path of PMS_BASE_URL, or give a contact that exists');
    else found.ok('the endpoint answers 404 for a number that nobody has');
    return found.note('no contact was read: give the number of one that exists, with --pms or DOCTOR_PMS_CONTACT');
  }
  if (!isRecord(reply.value) || rowId(reply.value) !== id) return found.fault('PMS_BASE_URL: the answer is not the contact that was asked for');
  found.ok('the known contact was found');
  reportLatency('a contact', reply.tookMs, timeoutMs, found);
  reportDifferences(new Described('pms.yaml').differences('ContactRecord', reply.value), 'pms.yaml', found);
}
