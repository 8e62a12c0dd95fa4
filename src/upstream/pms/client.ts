import type { Deadline } from '../../deadline.js';
import type { Endpoint } from '../endpoint.js';
import { rowId } from '../reduce.js';
import { reduceContact, type PmsContact } from './reduceContact.js';

/**
 * `GET /api/v3/contacts/{id}` (PMS API 3.0.9): one contact per call, reduced to the keys that the mapping reads. Undefined if
 * the answer has no valid id. Rejects with StatusError 404 if there is no such contact. `id` is digits.
 */
export async function getContact(contacts: Endpoint, id: string, deadline: Deadline): Promise<PmsContact | undefined> {
  const record = await contacts.getJson({ resource: 'contacts', path: `/api/v3/contacts/${id}`, ids: [id], relationships: false }, deadline);
  const ownId = rowId(record);
  return ownId === undefined ? undefined : reduceContact(ownId, record as never);
}
