import { ContactsError } from '../../errors.js';
import type { Life } from '../../life.js';
import { isRecord } from '../../record.js';
import type { Ask, Upstream } from '../http.js';
import { reduceAddress, reduceContact } from './reduceRow.js';

/** The page that the register's documentation shows; CAS360_MAX_IDS allows no larger chunk, so that it never cuts one. */
const PAGE = 'offset=0&limit=500';

/**
 * `GET /contacts/{id,id,...}`: the rows as they come, in any order, absent ones left out, perhaps others among them.
 * Each is reduced to the keys that the mapping reads. With `relationships` each row carries them; the register sends
 * them only then. `ids` are digits only.
 */
export function getContacts(cas360: Upstream, ids: readonly string[], relationships: boolean, life: Life): Promise<unknown[]> {
  const path = `/contacts/${ids.join(',')}?${PAGE}${relationships ? '&relationships=true' : ''}`;
  return getRows(cas360, { resource: 'contacts', path, ids, full: relationships }, reduceContact, life);
}

/** `GET /addresses/{id,id,...}`: the rows as they come, like contacts. `ids` are digits only. */
export function getAddresses(cas360: Upstream, ids: readonly string[], life: Life): Promise<unknown[]> {
  return getRows(cas360, { resource: 'addresses', path: `/addresses/${ids.join(',')}`, ids, full: false }, reduceAddress, life);
}

async function getRows<R>(cas360: Upstream, ask: Ask, reduce: (row: R) => R, life: Life): Promise<unknown[]> {
  const rows = await cas360.getJson(ask, life);
  if (!Array.isArray(rows)) throw new ContactsError('UPSTREAM_INVALID_RESPONSE', 'CAS360');
  // What is no object stays in the list: whoever matches rows with ids counts it.
  return rows.map((row: unknown) => (isRecord(row) ? reduce(row as R) : row));
}
