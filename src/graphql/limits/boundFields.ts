import { defaultFieldResolver, isObjectType, type GraphQLFieldResolver, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import type { Context } from '../context.js';
import type { AnswerBudget } from './answerBudget.js';
import type { AnswerFields } from './answerFields.js';

type Resolve = GraphQLFieldResolver<unknown, Context>;
/** What becomes of a value that a resolver has returned. */
type After = (value: unknown, answer: AnswerBudget, info: GraphQLResolveInfo) => unknown;

/**
 * Puts the operation's budget behind every field that takes a call or has many items: errors are counted, the lists whose
 * length the systems decide are counted as they come, and long lists are resolved in turns.
 */
export function boundFields(schema: GraphQLSchema, fields: AnswerFields): void {
  const inTurns: After = (value, answer, info) => (Array.isArray(value) ? answer.inTurns(value, fields.ofItem(info)) : one(value, answer, info));
  const many: After = (value, answer, info) => inTurns(Array.isArray(value) ? each(value, answer, info) : value, answer, info);
  const counted = (after: After): After => (value, answer, info) => {
    const fits = !Array.isArray(value) || answer.take(value.length * fields.ofItem(info));
    return fits ? after(value, answer, info) : answer.error(answer.excess, info);
  };
  bind(schema, 'Query', 'contact', one);
  bind(schema, 'Query', 'contacts', many);
  bind(schema, 'Query', '_entities', many);
  bind(schema, 'Contact', 'address', one);
  bind(schema, 'Contact', 'representatives', counted(many));
  bind(schema, 'Contact', 'relationships', counted(inTurns));
}

function bind(schema: GraphQLSchema, typeName: string, fieldName: string, after: After): void {
  const type = schema.getType(typeName);
  const field = isObjectType(type) ? type.getFields()[fieldName] : undefined;
  if (!field) throw new Error(`${typeName}.${fieldName} is not in the schema.`);
  const resolve = (field.resolve ?? defaultFieldResolver) as Resolve;
  field.resolve = (parent, args, context: Context, info) => {
    const value = resolve(parent, args, context, info);
    if (!(value instanceof Promise)) return after(value, context.answer, info);
    return value.then(
      (loaded) => after(loaded, context.answer, info),
      (error: unknown) => context.answer.error(error, info),
    );
  };
}

const one: After = (value, answer, info) => (value instanceof Error ? answer.error(value, info) : value);

/** The same list where it holds neither errors nor promises, which is the usual one. */
function each(items: readonly unknown[], answer: AnswerBudget, info: GraphQLResolveInfo): readonly unknown[] {
  if (!items.some((item) => item instanceof Error || item instanceof Promise)) return items;
  return items.map((item, i) => {
    const settled = (value: unknown): unknown => (value instanceof Error ? answer.error(value, info, i) : value);
    return item instanceof Promise ? item.then(settled) : settled(item);
  });
}
