import { ContactsError } from '../../errors.js';
import type * as Model from '../../model.js';
import type { Context } from '../context.js';
import { addressNeed, contactNeed } from '../lookAhead.js';
import type { ContactResolvers } from '../resolvers.generated.js';

/** The fields that need a call or have an argument. The others are read from the model. */
export const Contact: ContactResolvers<Context, Model.Contact> = {
  address: (contact, _args, context, info) => context.loaders.addresses.ofContact(contact, addressNeed(info, context)),

  representatives: ({ representatives }, _args, context, info) =>
    representatives && context.loaders.contacts.byReferences(representatives, contactNeed(info, context)),

  relationships: ({ relationships }, { current }) => {
    // The look-ahead requested them. An empty list would be wrong.
    if (relationships === undefined) return new ContactsError('INTERNAL_SERVER_ERROR');
    return typeof current === 'boolean' ? (relationships?.filter((one) => one.current === current) ?? null) : relationships;
  },
};
