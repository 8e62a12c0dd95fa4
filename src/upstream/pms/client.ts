import { ContactsError } from '../../errors.js';
import type { Life } from '../../life.js';
import type { Upstream } from '../http.js';
import { isRecord } from '../../record.js';
import { Refusal } from '../refusal.js';
import { rowId } from '../rowId.js';
import { reduceContact, type PmsContactRecord } from './reduceContact.js';

/**
 * `GET /api/v3/contacts/{id}` (PMS API 3.0.9): one contact a call, null where there is none. The record is
 * reduced to the keys that the mapping reads. `id` is digits only.
 * Throws UPSTREAM_INVALID_RESPONSE for a record of another id than asked for.
 */
export async function getContact(pms: Upstream, id: string, life: Life): Promise<PmsContactRecord | null> {
  let record;
  try {
    record = await pms.getJson({ resource: 'contacts', path: `/api/v3/contacts/${id}`, ids: [id], full: false }, life);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
  if (!isRecord(record) || rowId(record) !== id) throw new ContactsError('UPSTREAM_INVALID_RESPONSE', 'PMS');
  return reduceContact(record as unknown as PmsContactRecord);
}
