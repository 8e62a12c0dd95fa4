import { ContactsError } from '../../errors.js';
import { entities } from '../entities.js';
import { contactNeed } from '../lookAhead.js';
import type { QueryResolvers } from '../resolvers.generated.js';

const MAX_IDS = 1_000;

export const Query: QueryResolvers & { _entities: typeof entities } = {
  contact: (_query, { id }, context, info) => context.loaders.contacts.byId(id, contactNeed(info, context)),

  contacts: (_query, { ids }, context, info) =>
    ids.length > MAX_IDS
      ? new ContactsError('BAD_USER_INPUT')
      : context.loaders.contacts.byIds(ids, contactNeed(info, context)),

  _entities: entities,
};
