import type { PlannedResources, Sources } from '../../loaders/loaders.js';
import type { RecordSource } from '../../loaders/resource.js';
import { chunksOf, type ChunkLimits } from '../../loaders/queue.js';
import type { PlannedEndpoint, PlannedStep } from './upstreamPlan.js';

/**
 * Sources that note what is requested of them, and never answer. What an operation requests at once depends on no answer, so
 * its loaders find these ids just as they do when it runs. They add the fields that wait once a request is made.
 */
export function plannedSources(resources: PlannedResources, note: (fields: ReadonlySet<string>, step: Omit<PlannedStep, 'fields'>) => void): Sources {
  const source = ({ source, resource }: PlannedEndpoint, limits: ChunkLimits | undefined): RecordSource<never> | undefined =>
    limits && {
      source,
      records: {
        request: (ids, relationships, _deadline, recording) => {
          const chunks = chunksOf(ids, limits);
          // A system that knows only some ids of a call is asked once more for the others.
          const repeated = chunks.filter(({ length }) => length > 1).length;
          note(recording!.fields, {
            source,
            resource,
            relationships,
            after: [],
            ids: { atLeast: ids.size, atMost: ids.size },
            calls: { atLeast: chunks.length, atMost: chunks.length, inRareCases: chunks.length + repeated },
            chunks,
          });
          return new Promise(() => {});
        },
      },
      // Stryker disable next-line BlockStatement: nothing calls it
      toModel: () => {
        // Stryker disable next-line StringLiteral,CallExpression: nothing calls it
        throw new Error('A plan has no records.');
      },
    };
  return {
    pmsContacts: source({ source: 'PMS', resource: 'contacts' }, resources.pmsContacts),
    cas360Contacts: source({ source: 'CAS360', resource: 'contacts' }, resources.cas360Contacts),
    cas360Addresses: source({ source: 'CAS360', resource: 'addresses' }, resources.cas360Addresses),
  };
}
