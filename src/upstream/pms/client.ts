import { ContactsError } from '../../errors.js';
import type { Life } from '../../life.js';
import type { Upstream } from '../http.js';
import { isRecord } from '../../record.js';
import { Refusal } from '../refusal.js';
import { rowId } from '../rowId.js';
import type { components } from './records.generated.js';

export type PmsContactRecord = components['schemas']['ContactRecord'];

/**
 * `GET /api/v3/contacts/{id}` (PMS API 3.0.9): one contact a call, null where there is none. `id` is digits only.
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
  // A password has no business in this process. Deleting its key would make all of the record slow to read.
  if (record.password !== undefined) record.password = undefined;
  return record as PmsContactRecord;
}
