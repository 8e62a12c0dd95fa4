import { idOf } from '../ids.js';
import type { Relationship } from '../model.js';
import type { components } from '../upstream/cas360/records.generated.js';
import { date } from './dates.js';
import type { Fields } from './fields.js';

/** Companies have UUIDs, trusts have numbers. */
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A contact's role in a company or trust. On its end date it is still current. */
export function cas360Relationship(record: Fields<components['schemas']['RelationshipRecord']>, today: string): Relationship {
  const parentId = record.text('parentId');
  const endDate = record.read('endDate', date);
  return {
    type: record.text('type'),
    parentType: record.text('parentType'),
    parentId,
    company: parentId !== null && UUID.test(parentId) ? { __typename: 'Company', id: idOf('CAS360', parentId) } : null,
    startDate: record.read('startDate', date),
    endDate,
    current: endDate === null || endDate >= today,
  };
}
