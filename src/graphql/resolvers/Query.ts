import { entities } from '../entities.js';
import { contactNeed } from '../lookAhead.js';
import type { QueryResolvers } from '../resolvers.generated.js';

export const Query: QueryResolvers & { _entities: typeof entities } = {
  contact: (_query, { id }, context, info) => context.loaders.contacts.byId(id, contactNeed(info, context)),

  contacts: (_query, { ids }, context, info) => context.loaders.contacts.byIds(ids, contactNeed(info, context)),

  _entities: entities,
};
