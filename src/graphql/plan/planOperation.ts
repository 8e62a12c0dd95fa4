import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import {
  getArgumentValues,
  getVariableValues,
  isNonNullType,
  Kind,
  locatedError,
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { Aborter } from '../../deadline.js';
import { parseContactId } from '../../ids.js';
import type { PlannedResources } from '../../loaders/loaders.js';
import { isRecord } from '../../record.js';
import { Context } from '../context.js';
import type { AnswerBudget } from '../limits/answerBudget.js';
import { AnswerFields } from '../limits/answerFields.js';
import { FIELDS_A_TURN } from '../limits/turns.js';
import { aliasOf, selectedFields } from '../lookAhead.js';
import { addFurtherSteps, type Parents } from './furtherSteps.js';
import { plannedSources } from './plannedRequests.js';
import { planOf, type PlannedStep, type UpstreamPlan } from './upstreamPlan.js';

export interface PlanOptions {
  readonly resources: PlannedResources;
  /** How many representatives a contact is taken to have at most. Undefined: nobody knows. */
  readonly mostRepresentatives?: number | undefined;
}

export interface PlannedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly scopes: ReadonlySet<string>;
  readonly answer: AnswerBudget;
}

interface RootField {
  readonly field: GraphQLField<unknown, Context>;
  readonly args: Readonly<Record<string, unknown>>;
  readonly info: GraphQLResolveInfo;
}

// Stryker disable next-line StringLiteral: any name that no other part has
const AT_ONCE = 'at once';
// Stryker disable next-line ObjectLiteral: sources that only note requests do not read it
const NEVER = { signal: new Aborter(), endsAtMs: Infinity };

/**
 * The upstream calls that an operation would make, without making one. Its root fields are resolved as when it runs, by the
 * same resolvers and loaders, over sources that only note what is requested. What depends on the answers follows from its
 * selections. Expects a valid operation within the limits. Undefined if its variables are wrong: running it says so. Rejects with
 * a GraphQLError where a root field would make the whole answer null.
 */
export async function planOperation(schema: GraphQLSchema, operation: PlannedOperation, { resources, mostRepresentatives }: PlanOptions): Promise<UpstreamPlan | undefined> {
  const { scopes, answer } = operation;
  const fields = rootFieldsOf(schema, operation);
  if (!fields) return undefined;
  const requests: (() => PlannedStep)[] = [];
  // Stryker disable next-line ArrayDeclaration: that requests are recorded counts, and nothing reads the records
  const context = new Context(plannedSources(resources, (waiting, step) => requests.push(() => ({ ...step, fields: [...waiting] }))), scopes, NEVER, answer, { waits: [] });
  for (const { field, args, info } of fields) unlessNull(field, info, () => field.resolve!(undefined, args, context, info));
  // The loaders collect the requests of this turn.
  await turnOfTheLoop();
  const steps = requests.map((request) => request());
  const { cas360Contacts: contacts, cas360Addresses: addresses } = resources;
  // Stryker disable next-line LogicalOperator: the register has both or neither
  if (contacts && addresses) addFurtherSteps(steps, parentsIn(fields, context, steps), { contacts, addresses, mostRepresentatives, turns: turnsOf(context) });
  return planOf(steps);
}

function rootFieldsOf(schema: GraphQLSchema, { document, operation, variables }: PlannedOperation): RootField[] | undefined {
  const query = schema.getQueryType()!;
  // Stryker disable next-line ArrayDeclaration,ObjectLiteral: the parser gives a list, and one error is as good as several
  const { coerced: variableValues } = getVariableValues(schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 });
  if (!variableValues) return undefined;
  const definitions = document.definitions.filter((one): one is FragmentDefinitionNode => one.kind === Kind.FRAGMENT_DEFINITION);
  const fragments = Object.fromEntries(definitions.map((one) => [one.name.value, one]));
  const selecting = { schema, fragments, variableValues };
  const found: RootField[] = [];
  // In the order in which they run: it decides which ids go into which chunk.
  for (const [key, fieldNodes] of selectedFields(selecting, query.name, [operation], aliasOf)) {
    const fieldName = fieldNodes[0]!.name.value;
    const field = query.getFields()[fieldName] as GraphQLField<unknown, Context> | undefined;
    if (!field) continue;
    // All that our resolvers read.
    const info = { ...selecting, fieldName, fieldNodes, returnType: field.type, parentType: query, path: { prev: undefined, key, typename: query.name }, operation } as unknown as GraphQLResolveInfo;
    const args = unlessNull(field, info, () => getArgumentValues(field as GraphQLField<unknown, unknown>, fieldNodes[0]!, variableValues));
    // Stryker disable next-line ConditionalExpression: without arguments, a resolver throws, and its field is left out as well
    if (args) found.push({ field, args, info });
  }
  return found;
}

/** Undefined if a field is refused, and so becomes null: a variable is null, or a list is too long. Throws if the whole answer does. */
function unlessNull<T>(field: RootField['field'], { fieldNodes, path }: GraphQLResolveInfo, read: () => T): T | undefined {
  try {
    const value = read();
    if (value instanceof Error) throw value;
    return value;
  } catch (error) {
    if (isNonNullType(field.type)) throw locatedError(error, fieldNodes, [path.key]);
    return undefined;
  }
}

/** The register's contacts that root fields load. */
function parentsIn(fields: readonly RootField[], context: Context, steps: readonly PlannedStep[]): Parents[] {
  return fields.flatMap(({ args, info }) => {
    const need = context.contactNeeds.get(info.fieldNodes);
    // Stryker disable next-line ConditionalExpression: a field without a need has no ids of the register either
    if (!need) return [];
    const ids = cas360IdsIn(args);
    if (ids.size === 0) return [];
    const loading = steps.flatMap(({ source, resource, chunks }, step) => (source === 'CAS360' && resource === 'contacts' && chunks!.some((chunk) => chunk.some((id) => ids.has(id))) ? step : []));
    return { need, most: ids.size, steps: loading, parts: partsOf(args, info, context.answer.fields) };
  });
}

/** The parts in which a root field's contacts are resolved at most. `known` are the fields of the whole operation. */
function partsOf({ ids, representations }: RootField['args'], info: GraphQLResolveInfo, known: number): string[] {
  const items = (ids ?? representations) as readonly unknown[] | undefined;
  if (!items) return [AT_ONCE];
  const isOneList = ids !== undefined || items.every((one) => isRecord(one) && one.__typename === 'Contact');
  // The turn can end between items that arrive one by one.
  const split = isOneList ? 0 : 1;
  if (known <= FIELDS_A_TURN) {
    // Stryker disable next-line StringLiteral: any name that no other part has
    if (!isOneList) return ['first items', 'last items'];
    // A list of both systems arrives a little later. By then the lists below the others can have used up the turn.
    // Stryker disable next-line StringLiteral: any name that no other part has
    return [items.every((one) => parseContactId(isRecord(one) ? one.id : one)?.source === 'CAS360') ? AT_ONCE : 'mixed lists'];
  }
  const itemsATurn = Math.max(1, Math.floor(FIELDS_A_TURN / Math.max(1, new AnswerFields(info.schema).ofItem(info))));
  return Array.from({ length: Math.ceil(items.length / itemsATurn) + split }, (_, slice) => `${info.path.key} ${slice}`);
}

/** In how many turns of the event loop they are resolved at most. Lists whose length the register decides take turns too. */
function turnsOf({ answer, contactNeeds }: Context): number {
  const hasMoreLists = [...contactNeeds.values()].some(({ what, below }) => what === 'relationships' || below.representatives.length > 0);
  const most = hasMoreLists ? answer.limits.maxAnswerFields : answer.fields;
  return most <= FIELDS_A_TURN ? 1 : 1 + Math.ceil(most / FIELDS_A_TURN);
}

function cas360IdsIn({ id, ids, representations }: RootField['args']): Set<string> {
  const contacts = (representations as readonly unknown[] | undefined)?.map((one) => isRecord(one) && one.__typename === 'Contact' && one.id);
  const references = (contacts ?? (ids as readonly unknown[] | undefined) ?? [id]).map(parseContactId);
  return new Set(references.flatMap((reference) => (reference?.source === 'CAS360' ? reference.sourceId : [])));
}
