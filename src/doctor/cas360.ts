import { networkOf } from '../build/network.js';
import type { Cas360Config, Config } from '../config.js';
import { isRecord } from '../record.js';
import { Wire } from '../upstream/wire.js';
import { rowId } from '../upstream/reduce.js';
import { getCas360Token } from './cas360Token.js';
import { asking, checkWithoutToken, isOpen, whyRefused, type Asking } from './endpoint.js';
import { counted, type Findings } from './findings.js';
import { Described } from './openApi.js';
import type { Options } from './options.js';
import { reportDifferences, reportLatency } from './upstreamReport.js';

/** Ids from here down are not in use. */
const NOBODY = 2_147_483_647;
const PAGE = 'offset=0&limit=500';
/** Statuses that may mean that a bulk call is too large. The service halves such a call. */
const TOO_LARGE: readonly number[] = [400, 404, 413, 414, 500];

type Rows = readonly unknown[];

/** Checks the token, both endpoints, one contact with its relationships and address, and the size of bulk calls. */
export async function checkCas360(config: Config, cas360: Cas360Config, { cas360: known, renew }: Options, timeoutMs: number, found: Findings): Promise<void> {
  if (isOpen(cas360.baseUrl) || isOpen(cas360.tokenUrl)) found.warning('CAS360_BASE_URL or CAS360_TOKEN_URL is http: the secret and contacts’ data travel for all to read');
  const token = await getCas360Token(config, cas360, renew, timeoutMs, found);
  const wire = new Wire({ baseUrl: cas360.baseUrl, connections: 1, maxBodyBytes: 8_388_608, network: networkOf(config, cas360) });
  try {
    if (token === undefined) return await checkWithoutToken(wire, `/contacts/${NOBODY}?${PAGE}`, 'CAS360', timeoutMs, found);
    const ask = asking(wire, token, timeoutMs);
    if (!(await checkContact(ask, known, timeoutMs, found))) return;
    await checkBulk(ask, wire.pathPrefix, cas360, found);
  } finally {
    await wire.close();
  }
}

/** Resolves to whether the endpoint answers at all. */
async function checkContact(ask: Asking, known: string | undefined, timeoutMs: number, found: Findings): Promise<boolean> {
  const plain = await getRows(ask, `/contacts/${known ?? NOBODY}?${PAGE}`, found);
  if (!plain) return false;
  if (known === undefined) {
    found.ok('the endpoint answers, and leaves out a number that nobody has');
    reportLatency('the call', plain.tookMs, timeoutMs, found);
    found.note('no contact was read: give the number of one that exists, with --cas360 or DOCTOR_CAS360_CONTACT');
    return true;
  }
  const contact = rowOf(plain.rows, known);
  if (!contact) {
    found.fault('the known contact was not found: look at its number (--cas360 or DOCTOR_CAS360_CONTACT), and at whose register the connection was approved for');
    return true;
  }
  found.ok('the known contact was found');
  reportLatency('a contact', plain.tookMs, timeoutMs, found);

  const full = await getRows(ask, `/contacts/${known}?${PAGE}&relationships=true`, found);
  const withRelationships = full && rowOf(full.rows, known);
  if (full) reportLatency('a contact with relationships', full.tookMs, timeoutMs, found);
  if (full && !Array.isArray(withRelationships?.relationships)) found.warning('the contact came without relationships, though they were asked for');

  const described = new Described('cas360.yaml');
  const differences = described.differences('ContactRecord', withRelationships ?? contact);
  const addressId = rowId({ id: contact.addressId });
  const addresses = addressId === undefined ? undefined : await getRows(ask, `/addresses/${addressId}`, found);
  if (addresses) {
    reportLatency('its address', addresses.tookMs, timeoutMs, found);
    const address = rowOf(addresses.rows, addressId!);
    if (address) differences.push(...described.differences('AddressRecord', address).map((difference) => `address: ${difference}`));
    else found.warning('the contact’s address was not found');
  }
  reportDifferences(differences, 'cas360.yaml', found);
  return true;
}

/** Makes the largest call that the service would make, with unused ids, and halves it while it is refused. */
async function checkBulk(ask: Asking, pathPrefix: string, { maxIds, maxPathBytes }: Cas360Config, found: Findings): Promise<void> {
  const idBytes = String(NOBODY).length + 1;
  const most = Math.max(1, Math.min(maxIds, Math.floor((maxPathBytes - pathPrefix.length - '/contacts/'.length) / idBytes)));
  for (let count = most; count >= 1; count = Math.floor(count / 2)) {
    const ids = Array.from({ length: count }, (_, n) => NOBODY - n);
    const reply = await ask(`/contacts/${ids.join(',')}?${PAGE}`);
    if (reply.kind === 'failed') return found.fault(`a call with ${counted(count, 'id')}: ${reply.why}`);
    if (reply.kind === 'refused' && !TOO_LARGE.includes(reply.status)) return found.fault(`a call with ${counted(count, 'id')}: ${whyRefused(reply.status, 'CAS360')}`);
    if (reply.kind === 'refused') continue;
    if (count === most) return found.ok(`one call takes ${counted(count, 'id')}, as many as the settings allow`);
    return found.warning(`one call takes ${counted(count, 'id')}, not the ${most} that the settings allow: the service would send more calls. Set CAS360_MAX_IDS=${count}`);
  }
  found.fault('no call about unknown numbers is taken, not even with one id');
}

async function getRows(ask: Asking, path: string, found: Findings): Promise<{ rows: Rows; tookMs: number } | undefined> {
  const reply = await ask(path);
  const what = `CAS360_BASE_URL, ${path.startsWith('/addresses') ? 'addresses' : 'contacts'}`;
  if (reply.kind === 'json' && Array.isArray(reply.value)) return { rows: reply.value as Rows, tookMs: reply.tookMs };
  if (reply.kind === 'json') found.fault(`${what}: the answer is no list`);
  else found.fault(`${what}: ${reply.kind === 'failed' ? reply.why : whyRefused(reply.status, 'CAS360')}`);
  return undefined;
}

function rowOf(rows: Rows, id: string): Record<string, unknown> | undefined {
  return rows.filter(isRecord).find((row) => rowId(row) === id);
}
