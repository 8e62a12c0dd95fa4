import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, Kind, type DocumentNode, type GraphQLFormattedError, type OperationDefinitionNode, type ValueNode, type VariableDefinitionNode } from 'graphql';
import { conditionsOf } from '../compiled/specialise.js';
import { badRequest, ContactsError, limitExceeded, MAX_ERRORS, overloaded } from '../../errors.js';
import type { Context } from '../context.js';
import { LONG_FIELDS } from '../answerText.js';
import { serve } from '../formatError.js';
import type { AnswerLimits } from './answerBudget.js';
import type { AnswerFields, OperationFields } from './answerFields.js';

/** How much one operation may ask for, by its document and its variables together. */
export interface OperationLimits extends AnswerLimits {
  /** Over all `_entities` fields of the operation. */
  readonly maxRepresentations: number;
  /** Levels of objects and lists in the variables. */
  readonly maxVariablesDepth: number;
}

type Variables = Readonly<Record<string, unknown>>;

/**
 * Refuses an operation that asks for too much before it is executed. Marks an answer that has too many errors. Calls
 * `onLongAnswer` with the data of answers that take long to write.
 */
export function operationLimits(limits: OperationLimits, fields: AnswerFields, onLongAnswer: (data: object) => void): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ request, document, operation, contextValue }) => {
        // Undefined if the document has no operation of the given name, or several and no name is given.
        if (!operation) throw refusal(badRequest(request.operationName === undefined ? 'severalOperations' : 'unknownOperation'));
        const variables: Variables = request.variables ?? {};
        if (isDeeperThan(limits.maxVariablesDepth + 1, variables)) throw refusal(limitExceeded('MAX_VARIABLES_DEPTH', limits.maxVariablesDepth));
        const condition = nullCondition(document, operation, variables);
        if (condition) throw refusal(new ContactsError('BAD_USER_INPUT', undefined, { fault: 'condition' }), 400, condition);
        const counted = count(fields.ofOperation(operation, document), operation, variables, limits.maxIds);
        if (counted.representations > limits.maxRepresentations) throw refusal(limitExceeded('MAX_REPRESENTATIONS', limits.maxRepresentations));
        const begun = contextValue.answer.begin(counted.fields);
        if (begun === 'excess') throw refusal(contextValue.answer.excess);
        if (begun === 'overload') throw refusal(overloaded(), 503);
        cutLists(variables, 1 + Math.max(limits.maxIds, limits.maxRepresentations));
      },
      willSendResponse: async ({ response: { body }, contextValue }) => {
        if (body.kind !== 'single') return;
        const { data, errors } = body.singleResult;
        if (errors && (contextValue.answer.isTruncated || errors.length > MAX_ERRORS)) body.singleResult.errors = [...outermost(errors), serve(new ContactsError('ERRORS_TRUNCATED'))];
        if (data && contextValue.answer.fields > LONG_FIELDS) onLongAnswer(data);
      },
    }),
  };
}

/**
 * The declaration of a variable of @skip or @include that is null, which it may be if it has a default. graphql-js would throw an
 * error for each object of the answer, tens of thousands, and capture a stack for each. A variable of the same name that is a
 * condition in another operation of the document counts too.
 */
function nullCondition(document: DocumentNode, { variableDefinitions = [] }: OperationDefinitionNode, variables: Variables): VariableDefinitionNode | undefined {
  const nulls = variableDefinitions.filter(({ variable, type }) => type.kind === Kind.NAMED_TYPE && type.name.value === 'Boolean' && variables[variable.name.value] === null);
  if (nulls.length === 0) return undefined;
  const conditions = conditionsOf(document);
  return nulls.find(({ variable }) => conditions.includes(variable.name.value));
}

/** The errors with the shortest paths, as many as an answer may hold. The error of a root field explains why there is no data. */
function outermost(errors: readonly GraphQLFormattedError[]): GraphQLFormattedError[] {
  return errors.toSorted((one, other) => (one.path?.length ?? 0) - (other.path?.length ?? 0)).slice(0, MAX_ERRORS);
}

function refusal(originalError: ContactsError, status = 400, node?: VariableDefinitionNode): GraphQLError {
  return new GraphQLError(originalError.message, { nodes: node ?? null, originalError, extensions: { http: { status } } });
}

function count({ fixed, lists }: OperationFields, operation: OperationDefinitionNode, variables: Variables, maxIds: number): { fields: number; representations: number } {
  let fields = fixed;
  let representations = 0;
  for (const { name, argument, fieldsOfItem } of lists) {
    const number = argument ? itemsIn(argument, operation, variables) : 0;
    if (name === '_entities') representations += number;
    // `contacts` with too many ids is refused as a field, so its items cost nothing.
    if (name === '_entities' || number <= maxIds) fields += number * fieldsOfItem;
  }
  return { fields, representations };
}

function itemsIn(value: ValueNode, operation: OperationDefinitionNode, variables: Variables): number {
  if (value.kind === Kind.LIST) return value.values.length;
  if (value.kind !== Kind.VARIABLE) return 1;
  const name = value.name.value;
  const given = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (given !== undefined) return Array.isArray(given) ? given.length : 1;
  // Stryker disable next-line OptionalChaining: the operation is valid, so it declares its variables
  const defaultValue = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue;
  return defaultValue ? itemsIn(defaultValue, operation, variables) : 0;
}

/** Shortens lists that their field refuses anyway: graphql-js would check every item first. */
function cutLists(variables: Variables, maxItems: number): void {
  // Stryker disable next-line EqualityOperator: a list of this length stays as it is
  for (const value of Object.values(variables)) if (Array.isArray(value) && value.length > maxItems) value.length = maxItems;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return inner.some((one) => isDeeperThan(levels - 1, one));
}
