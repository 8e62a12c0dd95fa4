import { defaultFieldResolver, isObjectType, type GraphQLField, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { limitExceeded } from '../../errors.js';
import type { Contact } from '../../model.js';
import type { Context } from '../context.js';
import type { AnswerBudget } from './answerBudget.js';
import type { AnswerFields } from './answerFields.js';

/** What becomes of a value that a resolver has returned. */
type Bound = (value: unknown, answer: AnswerBudget, info: GraphQLResolveInfo) => unknown;

/**
 * Puts the operation's budget behind every field that takes a call or has many items: errors are counted, the lists whose
 * length the systems decide are counted as they come, and what has many fields is resolved in turns.
 */
export function boundFields(schema: GraphQLSchema, fields: AnswerFields): void {
  const boundList: Bound = (value, answer, info) => (Array.isArray(value) ? answer.inTurns(value, fields.ofItem(info)) : boundError(value, answer, info));
  const boundItems: Bound = (value, answer, info) => boundList(Array.isArray(value) ? settledItems(value, answer, info, fields) : value, answer, info);
  const later: Bound = (value, answer, info) => answer.inTurn(boundError(value, answer, info), fields.ofItem(info));
  bind(schema, 'Query', 'contact', boundError);
  bind(schema, 'Query', 'contacts', boundItems);
  bind(schema, 'Query', '_entities', boundItems);
  bind(schema, 'Contact', 'address', boundError, later);
  bind(schema, 'Contact', 'representatives', boundItems);
  bind(schema, 'Contact', 'relationships', boundList);
  for (const fieldName of ['representatives', 'relationships'] as const) boundLength(schema, fieldName, fields);
}

/** Refuses a list for which the budget has no room, before anything is loaded for it. */
function boundLength(schema: GraphQLSchema, fieldName: 'representatives' | 'relationships', fields: AnswerFields): void {
  const field = fieldOf(schema, 'Contact', fieldName);
  const { resolve = defaultFieldResolver } = field;
  field.resolve = (contact, args, context, info) => {
    const list = (contact as Partial<Contact>)[fieldName];
    const fits = !list || context.answer.take(list.length * fields.ofItem(info));
    return fits ? resolve(contact, args, context, info) : context.answer.error(context.answer.excess, info);
  };
}

/** Refuses a list of more ids than one field takes. */
export function boundIds(schema: GraphQLSchema): void {
  const field = fieldOf(schema, 'Query', 'contacts');
  const { resolve = defaultFieldResolver } = field;
  field.resolve = (parent, args: { ids: readonly unknown[] }, context, info) => {
    const { maxIds } = context.answer.limits;
    return args.ids.length > maxIds ? limitExceeded('MAX_IDS', maxIds, 'BAD_USER_INPUT') : resolve(parent, args, context, info);
  };
}

/** `late` is for values that came as a promise. */
function bind(schema: GraphQLSchema, typeName: string, fieldName: string, bound: Bound, late = bound): void {
  const field = fieldOf(schema, typeName, fieldName);
  const { resolve = defaultFieldResolver } = field;
  field.resolve = (parent, args, context, info) => {
    const value: unknown = resolve(parent, args, context, info);
    if (!(value instanceof Promise)) return bound(value, context.answer, info);
    return value.then(
      (loaded) => late(loaded, context.answer, info),
      (error: unknown) => context.answer.error(error, info),
    );
  };
}

function fieldOf(schema: GraphQLSchema, typeName: string, fieldName: string): GraphQLField<unknown, Context> {
  const type = schema.getType(typeName);
  const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
  if (!field) throw new Error(`${typeName}.${fieldName} is not in the schema.`);
  return field as GraphQLField<unknown, Context>;
}

const boundError: Bound = (value, answer, info) => (value instanceof Error ? answer.error(value, info) : value);

/** The same list where it holds neither errors nor promises, which is the usual one. */
function settledItems(items: readonly unknown[], answer: AnswerBudget, info: GraphQLResolveInfo, fields: AnswerFields): readonly unknown[] {
  if (!items.some((item) => item instanceof Error || item instanceof Promise)) return items;
  return items.map((item, i) => {
    const settled = (value: unknown): unknown => (value instanceof Error ? answer.error(value, info, i) : value);
    // A promise is no work yet. Its contact is, once it comes.
    return item instanceof Promise ? item.then((value) => answer.inTurn(settled(value), fields.ofItem(info))) : settled(item);
  });
}
