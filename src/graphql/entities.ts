import type { GraphQLResolveInfo } from 'graphql';
import { ContactsError, type Outcome } from '../errors.js';
import { isRecord } from '../record.js';
import type { Context } from './context.js';
import { addressNeed, contactNeed } from './lookAhead.js';

type Entity = { readonly __typename: string };
type Loading = Outcome<Entity> | Promise<Outcome<Entity>>;

/**
 * `Query._entities` of the federation specification, in place of the library's: one pass over the representations, an
 * error value instead of a rejection, so that no representation can spoil another. Same length and order as asked for.
 */
export function entities(
  _parent: unknown,
  { representations }: { representations: readonly unknown[] },
  context: Context,
  info: GraphQLResolveInfo,
): readonly Loading[] | Promise<readonly Outcome<Entity>[]> {
  if (representations.every((one) => isRecord(one) && one.__typename === 'Contact')) {
    const ids = representations.map((one) => (one as { id?: unknown }).id);
    return context.loaders.contacts.byIds(ids, contactNeed(info, context));
  }
  return representations.map((one) => entity(one, context, info));
}

function entity(representation: unknown, context: Context, info: GraphQLResolveInfo): Loading {
  if (!isRecord(representation)) return new ContactsError('BAD_USER_INPUT');
  const { __typename: type, id, contact } = representation;
  switch (type) {
    case 'Contact':
      return context.loaders.contacts.byId(id, contactNeed(info, context));
    case 'Address':
      return context.loaders.addresses.byId(id, addressNeed(info, context));
    case 'SalesAccount':
      return context.loaders.salesAccount(id, isRecord(contact) ? contact.id : undefined);
    case 'Company':
      // In the union because its key has to be declared, but nothing here can look one up.
      return null;
    default:
      return new ContactsError('BAD_USER_INPUT');
  }
}
