import { networkOf, tokenDispatcher } from '../build/network.js';
import type { Config, PmsConfig } from '../config.js';
import { isRecord } from '../record.js';
import { Wire } from '../upstream/wire.js';
import { pmsGrant } from '../upstream/pms/token.js';
import { rowId } from '../upstream/reduce.js';
import { asking, isOpen, type Asking } from './endpoint.js';
import { milliseconds, type Findings } from './findings.js';
import { Described } from './openApi.js';
import { checkWithoutToken, isRightPath, reportWrongPath } from './path.js';
import { reportDifferences, reportLatency, tokenLife } from './upstreamReport.js';
import { whyNoToken } from './tokenReasons.js';

/** An id that is not in use. */
const NOBODY = '2147483647';
const PATH = '/api/v3/contacts/';

/** Checks the token, the endpoint, and one contact of the PMS. */
export async function checkPms(config: Config, pms: PmsConfig, known: string | undefined, timeoutMs: number, found: Findings): Promise<void> {
  if (isOpen(pms.baseUrl) || isOpen(pms.tokenUrl)) found.warning('pms.encryption', 'PMS_BASE_URL or PMS_TOKEN_URL is http: the secret and contacts’ data travel for all to read');
  const token = await getToken(config, pms, timeoutMs, found);
  const wire = new Wire({ baseUrl: pms.baseUrl, connections: 1, maxBodyBytes: 1_048_576, network: networkOf(config, pms) });
  try {
    if (token !== undefined) return await checkContact(asking(wire, token, timeoutMs, 'PMS'), known, timeoutMs, found);
    await checkWithoutToken(wire, PATH + NOBODY, 'PMS', timeoutMs, found);
    found.unknown('pms.contact', 'not known without an access token: whether a contact can be read');
  } finally {
    await wire.close();
  }
}

async function getToken(config: Config, pms: PmsConfig, timeoutMs: number, found: Findings): Promise<string | undefined> {
  const startedAtMs = performance.now();
  try {
    const { accessToken, lifetimeSeconds } = await pmsGrant({ ...pms, dispatcher: tokenDispatcher(config, pms) }, timeoutMs)();
    found.ok('pms.token', `token granted in ${milliseconds(startedAtMs)}; ${tokenLife(lifetimeSeconds)}`);
    return accessToken;
  } catch (error) {
    const { text, reason } = whyNoToken(error, 'PMS', 'PMS_CLIENT_ID with PMS_CLIENT_SECRET, or PMS_SCOPE');
    found.fault('pms.token', `no token: ${text}`, reason);
    return undefined;
  }
}

async function checkContact(ask: Asking, known: string | undefined, timeoutMs: number, found: Findings): Promise<void> {
  const id = known ?? NOBODY;
  const reply = await ask(PATH + id);
  if (reply.kind !== 'json') {
    const notFound = reply.kind === 'refused' ? reply.notFound : undefined;
    if (!notFound) return found.fault('pms.endpoint', `PMS_BASE_URL: ${reply.why.text}`, reply.why.reason);
    if (!(await isRightPath(notFound, ask, `${PATH}x`, `/api/v3/doctor/${NOBODY}`))) return reportWrongPath(notFound, 'PMS', found);
    if (notFound.isForeign) found.warning('pms.endpoint', 'the endpoint answers 404 without JSON for a number that nobody has: the service takes that for a gateway’s page, so absent contacts are errors');
    if (known) return found.fault('pms.contact', 'the known contact was not found: look at its number (--pms or DOCTOR_PMS_CONTACT), and at what the client may see');
    if (!notFound.isForeign) found.ok('pms.endpoint', 'the endpoint answers 404 for a number that nobody has');
    return found.unknown('pms.contact', 'no contact was read: give the number of one that exists, with --pms or DOCTOR_PMS_CONTACT');
  }
  if (!isRecord(reply.value) || rowId(reply.value) !== id) return found.fault('pms.contact', 'PMS_BASE_URL: the answer is not the contact that was asked for: is it the right address?', 'wrong-content');
  found.ok('pms.contact', 'the known contact was found');
  reportLatency('pms.latency', 'a contact', reply.tookMs, timeoutMs, found);
  reportDifferences('pms.records', new Described('pms.yaml').differences('ContactRecord', reply.value), 'pms.yaml', found);
}
