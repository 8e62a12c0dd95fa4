import { networkOf } from '../build/network.js';
import type { Cas360Config, Config } from '../config.js';
import { isRecord } from '../record.js';
import { MAY_BE_ONE_RECORD } from '../upstream/callErrors.js';
import { Wire } from '../upstream/wire.js';
import { rowId } from '../upstream/reduce.js';
import { getCas360Token } from './cas360Token.js';
import { asking, isOpen, type Asking, type Reply } from './endpoint.js';
import { counted, type Findings } from './findings.js';
import { Described } from './openApi.js';
import type { Options } from './options.js';
import { checkWithoutToken, isRightPath, reportWrongPath } from './path.js';
import { reportDifferences, reportLatency } from './upstreamReport.js';

/** Ids from here down are not in use. */
const NOBODY = 2_147_483_647;
const PAGE = 'offset=0&limit=500';

type Rows = readonly unknown[];

/** Checks the token, both endpoints, one contact with its relationships and address, and the size of bulk calls. */
export async function checkCas360(config: Config, cas360: Cas360Config, { cas360: known, renew }: Pick<Options, 'cas360' | 'renew'>, timeoutMs: number, found: Findings): Promise<void> {
  if (isOpen(cas360.baseUrl) || isOpen(cas360.tokenUrl)) found.warning('cas360.encryption', 'CAS360_BASE_URL or CAS360_TOKEN_URL is http: the secret and contacts’ data travel for all to read');
  const token = await getCas360Token(config, cas360, renew, timeoutMs, found);
  const wire = new Wire({ baseUrl: cas360.baseUrl, connections: 1, maxBodyBytes: 8_388_608, network: networkOf(config, cas360) });
  try {
    if (token === undefined) {
      await checkWithoutToken(wire, `/contacts/${NOBODY}?${PAGE}`, 'CAS360', timeoutMs, found);
      return reportUnknown(found);
    }
    const ask = asking(wire, token, timeoutMs, 'CAS360');
    if (!(await checkContact(ask, known, timeoutMs, found))) return;
    await checkBulk(ask, wire.pathPrefix, cas360, found);
  } finally {
    await wire.close();
  }
}

function reportUnknown(found: Findings): void {
  for (const [check, what] of [
    ['cas360.contact', 'whether the client may read contacts with their relationships'],
    ['cas360.address', 'whether the client may read addresses'],
    ['cas360.bulk', 'how many ids one call takes'],
  ] as const) {
    found.unknown(check, `not known without an access token: ${what}`);
  }
}

/** Resolves to whether the endpoint answers at all. */
async function checkContact(ask: Asking, known: string | undefined, timeoutMs: number, found: Findings): Promise<boolean> {
  const path = `/contacts/${known ?? NOBODY}?${PAGE}`;
  const reply = await ask(path);
  const notFound = reply.kind === 'refused' ? reply.notFound : undefined;
  if (notFound && !(await isRightPath(notFound, ask, `/contacts/x?${PAGE}`, `/doctor/${NOBODY}?${PAGE}`))) {
    reportWrongPath(notFound, 'CAS360', found);
    return false;
  }
  const plain = notFound ? { rows: [], tookMs: 0 } : rowsIn(reply, path, found);
  if (!plain) return false;
  if (known === undefined) {
    found.ok('cas360.endpoint', notFound ? 'the endpoint answers 404 for a number that nobody has' : 'the endpoint answers, and leaves out a number that nobody has');
    if (!notFound) reportLatency('cas360.latency', 'the call', plain.tookMs, timeoutMs, found);
    found.unknown('cas360.contact', 'no contact was read: give the number of one that exists, with --cas360 or DOCTOR_CAS360_CONTACT');
    return true;
  }
  const contact = rowOf(plain.rows, known);
  if (!contact) {
    found.fault('cas360.contact', 'the known contact was not found: look at its number (--cas360 or DOCTOR_CAS360_CONTACT), and at whose register the connection was approved for');
    return true;
  }
  found.ok('cas360.contact', 'the known contact was found');
  reportLatency('cas360.latency', 'a contact', plain.tookMs, timeoutMs, found);

  const full = await getRows(ask, `/contacts/${known}?${PAGE}&relationships=true`, found);
  const withRelationships = full && rowOf(full.rows, known);
  if (full) reportLatency('cas360.latency', 'a contact with relationships', full.tookMs, timeoutMs, found);
  if (full && !Array.isArray(withRelationships?.relationships)) found.warning('cas360.relationships', 'the contact came without relationships, though they were asked for');

  const described = new Described('cas360.yaml');
  const differences = described.differences('ContactRecord', withRelationships ?? contact);
  const addressId = rowId({ id: contact.addressId });
  if (addressId === undefined) found.unknown('cas360.address', 'no address was read: the known contact has none. Give one that has an address');
  const addresses = addressId === undefined ? undefined : await getRows(ask, `/addresses/${addressId}`, found);
  if (addresses) {
    reportLatency('cas360.latency', 'its address', addresses.tookMs, timeoutMs, found);
    const address = rowOf(addresses.rows, addressId!);
    if (address) differences.push(...described.differences('AddressRecord', address).map((difference) => `address: ${difference}`));
    else found.warning('cas360.address', 'the contact’s address was not found');
  }
  reportDifferences('cas360.records', differences, 'cas360.yaml', found);
  return true;
}

/** Makes the largest call that the service would make, with unused ids, and halves it while it is refused. */
async function checkBulk(ask: Asking, pathPrefix: string, { maxIds, maxPathBytes }: Cas360Config, found: Findings): Promise<void> {
  const idBytes = String(NOBODY).length + 1;
  const most = Math.max(1, Math.min(maxIds, Math.floor((maxPathBytes - pathPrefix.length - '/contacts/'.length) / idBytes)));
  let status: number | undefined;
  for (let count = most; count >= 1; count = Math.floor(count / 2)) {
    const ids = Array.from({ length: count }, (_, n) => NOBODY - n);
    const reply = await ask(`/contacts/${ids.join(',')}?${PAGE}`);
    if (reply.kind === 'failed' || (reply.kind === 'refused' && !MAY_BE_ONE_RECORD.has(reply.status))) {
      return found.fault('cas360.bulk', `a call with ${counted(count, 'id')}: ${reply.why.text}`, reply.why.reason);
    }
    if (reply.kind === 'refused') {
      status = reply.status;
      continue;
    }
    if (count === most) return found.ok('cas360.bulk', `one call takes ${counted(count, 'id')}, as many as the settings allow`);
    return found.warning('cas360.bulk', `one call takes ${counted(count, 'id')}, not the ${most} that the settings allow: the service would send more calls. Set CAS360_MAX_IDS=${count}`);
  }
  if (status === 404) found.unknown('cas360.bulk', 'how many ids one call takes is not known: it answers 404 to unknown numbers');
  else found.fault('cas360.bulk', `no call about unknown numbers is taken, not even with one id: it answered ${status}`, 'status');
}

async function getRows(ask: Asking, path: string, found: Findings): Promise<{ rows: Rows; tookMs: number } | undefined> {
  return rowsIn(await ask(path), path, found);
}

function rowsIn(reply: Reply, path: string, found: Findings): { rows: Rows; tookMs: number } | undefined {
  if (reply.kind === 'json' && Array.isArray(reply.value)) return { rows: reply.value as Rows, tookMs: reply.tookMs };
  const [check, what] = path.startsWith('/addresses') ? (['cas360.address', 'addresses'] as const) : (['cas360.endpoint', 'contacts'] as const);
  if (reply.kind === 'json') found.fault(check, `CAS360_BASE_URL, ${what}: the answer is no list: is it the right address?`, 'wrong-content');
  else found.fault(check, `CAS360_BASE_URL, ${what}: ${reply.why.text}`, reply.why.reason);
  return undefined;
}

function rowOf(rows: Rows, id: string): Record<string, unknown> | undefined {
  return rows.filter(isRecord).find((row) => rowId(row) === id);
}
