import type { GraphQLResolveInfo } from 'graphql';
import { ContactsError } from '../errors.js';
import type { LoadingList } from '../loaders/contactLoader.js';
import type { Loading } from '../loaders/resource.js';
import { isRecord } from '../record.js';
import type { Context } from './context.js';
import { addressNeed, contactNeed, fieldOf } from './lookAhead.js';

type Entity = { readonly __typename: string };
type Find = (representation: Readonly<Record<string, unknown>>, context: Context, info: GraphQLResolveInfo) => Loading<Entity>;

const FINDERS = new Map<string, Find>([
  ['Contact', ({ id }, context, info) => context.loaders.contacts.byId(id, contactNeed(info, context))],
  ['Address', ({ id }, context, info) => context.loaders.addresses.byId(id, addressNeed(info, context))],
  ['SalesAccount', ({ id, contact }, { loaders }, info) => loaders.salesAccount(id, isRecord(contact) ? contact.id : undefined, fieldOf(info))],
  // In the union because its key must be declared, but no upstream can look one up.
  // Stryker disable next-line ArrowFunction: undefined is null in an answer too
  ['Company', () => null],
]);

/** One instance for all, as for malformed ids. */
const MALFORMED = new ContactsError('BAD_USER_INPUT', undefined, { fault: 'representation' });

/** The types that `_entities` can find. */
export const FOUND_TYPES = [...FINDERS.keys()];

/**
 * Replaces the library's resolver of `Query._entities`. Returns as many items as `representations`, in the same order. A
 * failure is an error value in the list, not a rejection, so it does not harm other items.
 */
export function entities(
  _parent: unknown,
  { representations }: { representations: readonly unknown[] },
  context: Context,
  info: GraphQLResolveInfo,
): LoadingList<Entity> {
  // Stryker disable next-line ConditionalExpression,ArrowFunction,StringLiteral,BlockStatement: only spares work: one promise for all, and not one for each
  if (representations.every((one) => isRecord(one) && one.__typename === 'Contact')) {
    const ids = representations.map((one) => (one as { id?: unknown }).id);
    return context.loaders.contacts.byIds(ids, contactNeed(info, context));
  }
  return representations.map((one) => entity(one, context, info));
}

function entity(representation: unknown, context: Context, info: GraphQLResolveInfo): Loading<Entity> {
  // Stryker disable next-line ConditionalExpression: what is no record has no type either
  if (!isRecord(representation)) return MALFORMED;
  const find = FINDERS.get(representation.__typename as string);
  return find ? find(representation, context, info) : MALFORMED;
}
