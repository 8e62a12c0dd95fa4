import { defaultFieldResolver, isObjectType, type GraphQLField, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { limitExceeded } from '../../errors.js';
import type { Contact } from '../../model.js';
import type { Context } from '../context.js';
import type { AnswerBudget } from './answerBudget.js';
import type { AnswerFields } from './answerFields.js';

/** Turns the result of a resolver into the value of its field. */
type Bound = (value: unknown, answer: AnswerBudget, info: GraphQLResolveInfo) => unknown;

/**
 * Applies the operation's budget to each field that makes calls or has many items. Counts its errors, counts the lists whose
 * length the upstreams decide, and spreads many fields over several turns of the event loop.
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

/** Refuses a list that exceeds the budget, before anything is loaded for it. */
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

/** `late` replaces `bound` for the values of promises. */
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

/** Returns the same list if it holds neither errors nor promises, as most do. */
function settledItems(items: readonly unknown[], answer: AnswerBudget, info: GraphQLResolveInfo, fields: AnswerFields): readonly unknown[] {
  if (!items.some((item) => item instanceof Error || item instanceof Promise)) return items;
  return items.map((item, i) => {
    const settled = (value: unknown): unknown => (value instanceof Error ? answer.error(value, info, i) : value);
    // Only the contact that a promise brings costs fields, so it takes its turn when it arrives.
    return item instanceof Promise ? item.then((value) => answer.inTurn(settled(value), fields.ofItem(info))) : settled(item);
  });
}
