import type { Deadline } from '../../deadline.js';
import { ContactsError } from '../../errors.js';
import type { Endpoint, UpstreamRequest } from '../endpoint.js';
import { rowId } from '../reduce.js';
import { reduceAddress, reduceContact, type Cas360Address, type Cas360Contact } from './reduceRow.js';

/** The page size of CAS 360's documentation. CAS360_MAX_IDS allows no larger chunk. CAS 360 may still send fewer rows. */
const PAGE = 'offset=0&limit=500';

/**
 * `GET /contacts/{id,id,...}`: the rows in the order of the answer, each reduced to the keys that the mapping reads.
 * Undefined for a row whose id is not in `ids`. CAS 360 sends relationships only if `relationships` asks for them. `ids` are
 * digits.
 */
export function getContacts(contacts: Endpoint, ids: readonly string[], relationships: boolean, deadline: Deadline): Promise<(Cas360Contact | undefined)[]> {
  const path = `/contacts/${ids.join(',')}?${PAGE}${relationships ? '&relationships=true' : ''}`;
  return getRows(contacts, { resource: 'contacts', path, ids, relationships }, (id, row) => reduceContact(id, row, relationships), deadline);
}

/** `GET /addresses/{id,id,...}`: rows like those of contacts. `ids` are digits. */
export function getAddresses(addresses: Endpoint, ids: readonly string[], deadline: Deadline): Promise<(Cas360Address | undefined)[]> {
  return getRows(addresses, { resource: 'addresses', path: `/addresses/${ids.join(',')}`, ids, relationships: false }, reduceAddress, deadline);
}

async function getRows<R>(endpoint: Endpoint, request: UpstreamRequest, reduce: (id: string, row: never) => R, deadline: Deadline): Promise<(R | undefined)[]> {
  const rows = await endpoint.getJson(request, deadline);
  if (!Array.isArray(rows)) throw new ContactsError('UPSTREAM_INVALID_RESPONSE', 'CAS360');
  const { ids } = request;
  let wanted: ReadonlySet<string> | undefined;
  return rows.map((row: unknown, i) => {
    const id = rowId(row);
    // If CAS 360 ignores the ids and sends all its rows, reducing them would take most of the time and memory.
    // Stryker disable next-line ConditionalExpression: looking at the same place first only spares work, for each row
    const isWanted = id !== undefined && (id === ids[i] || (wanted ??= new Set(ids)).has(id));
    return isWanted ? reduce(id, row as never) : undefined;
  });
}
