import { ContactsError } from '../../errors.js';
import type { Life } from '../../life.js';
import type { Ask, Upstream } from '../http.js';
import type { components } from './records.generated.js';

export type Cas360ContactRecord = components['schemas']['ContactRecord'];
export type Cas360AddressRecord = components['schemas']['AddressRecord'];

/** The page that the register's documentation shows; CAS360_MAX_IDS allows no larger chunk, so that it never cuts one. */
const PAGE = 'offset=0&limit=500';

/**
 * `GET /contacts/{id,id,...}`: the rows as they come, in any order, absent ones left out, perhaps others among them.
 * With `relationships` each row carries them; the register sends them only then. `ids` are digits only.
 */
export function getContacts(cas360: Upstream, ids: readonly string[], relationships: boolean, life: Life): Promise<unknown[]> {
  const path = `/contacts/${ids.join(',')}?${PAGE}${relationships ? '&relationships=true' : ''}`;
  return getRows(cas360, { resource: 'contacts', path, ids, full: relationships }, life);
}

/** `GET /addresses/{id,id,...}`: the rows as they come, like contacts. `ids` are digits only. */
export function getAddresses(cas360: Upstream, ids: readonly string[], life: Life): Promise<unknown[]> {
  return getRows(cas360, { resource: 'addresses', path: `/addresses/${ids.join(',')}`, ids, full: false }, life);
}

async function getRows(cas360: Upstream, ask: Ask, life: Life): Promise<unknown[]> {
  const rows = await cas360.getJson(ask, life);
  if (!Array.isArray(rows)) throw new ContactsError('UPSTREAM_INVALID_RESPONSE', 'CAS360');
  return rows as unknown[];
}
