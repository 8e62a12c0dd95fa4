import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { getOrAdd } from '../getOrAdd.js';
import type { AddressNeed, ContactNeed, NeedsBelow } from '../loaders/needs.js';
import { mayRead } from './access.js';
import type { Context } from './context.js';

const TOLD_BY_ID = new Set(['__typename', 'id', 'source', 'sourceId']);

/** What must be loaded for the contacts below a field. Computed once for all items of a list. */
export function contactNeed(info: GraphQLResolveInfo, context: Context): ContactNeed {
  // Within one operation the same nodes mean the same selection. Between operations @skip and @include may differ.
  return getOrAdd(context.contactNeeds, info.fieldNodes, () => contactNeedOf(info, context, info.fieldNodes, fieldOf(info)));
}

/** What must be loaded for the addresses below a field. */
export function addressNeed(info: GraphQLResolveInfo, context: Context): AddressNeed {
  return getOrAdd(context.addressNeeds, info.fieldNodes, () => addressNeedOf(info, info.fieldNodes, fieldOf(info)));
}

function contactNeedOf(info: Selecting, context: Context, nodes: readonly FieldNode[], field: string): ContactNeed {
  const fields = selectedFields(info, 'Contact', nodes);
  const needed = [...fields.keys()].filter((name) => !TOLD_BY_ID.has(name) && mayRead(context.scopes, 'Contact', name));
  const what = needed.includes('relationships') ? 'relationships' : needed.length > 0 ? 'record' : 'id';
  return new SelectedNeed(what, field, () => ({
    addresses: byAlias(fields.get('address')).map(([alias, some]) => addressNeedOf(info, some, `${field}.${alias}`)),
    representatives: byAlias(fields.get('representatives')).map(([alias, some]) => contactNeedOf(info, context, some, `${field}.${alias}`)),
  }));
}

/**
 * A class, because an object literal with a getter would get a hidden class of its own, which keeps all that its operation
 * loaded until the next full collection (docs/performance.md).
 */
class SelectedNeed implements ContactNeed {
  #below: NeedsBelow | undefined;

  constructor(
    readonly what: ContactNeed['what'],
    readonly field: string,
    private readonly readBelow: () => NeedsBelow,
  ) {}

  get below(): NeedsBelow {
    return (this.#below ??= this.readBelow());
  }
}

function addressNeedOf(info: Selecting, nodes: readonly FieldNode[], field: string): AddressNeed {
  return { what: whatOf(selectedFields(info, 'Address', nodes)), field };
}

/** The nodes of one field, by the name that each has in the answer. */
export function byAlias(nodes: readonly FieldNode[] = []): [string, readonly FieldNode[]][] {
  return [...Map.groupBy(nodes, aliasOf)];
}

function nameOf({ name }: FieldNode): string {
  return name.value;
}

/** The name that a field has in the answer. */
export function aliasOf({ alias, name }: FieldNode): string {
  return (alias ?? name).value;
}

function whatOf(fields: SelectedFields): 'id' | 'record' {
  return [...fields.keys()].every((name) => TOLD_BY_ID.has(name)) ? 'id' : 'record';
}

/** The field's path in the answer, without list indexes. */
export function fieldOf({ path }: GraphQLResolveInfo): string {
  const names: string[] = [];
  for (let at: typeof path | undefined = path; at; at = at.prev) if (typeof at.key === 'string') names.unshift(at.key);
  return names.join('.');
}

/** What it takes to read a selection. */
export type Selecting = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues'>;

/** The nodes of each selected field, by name, in the order of the selection. */
export type SelectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/**
 * The fields that are selected on `typeName` below these nodes. Follows
 * aliases, and fragments whose type condition admits the type. Obeys @skip and @include. Visits each fragment once, since
 * another spread selects the same. Fields of the same key belong together: by default, those of the same name.
 */
export function selectedFields(info: Selecting, typeName: string, nodes: readonly { readonly selectionSet?: SelectionSetNode | undefined }[], keyOf = nameOf): SelectedFields {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  for (const node of nodes) if (node.selectionSet) collect(node.selectionSet, typeName, info, fields, visited, keyOf);
  return fields;
}

function collect(selectionSet: SelectionSetNode, typeName: string, info: Selecting, fields: Map<string, FieldNode[]>, visited: Set<string>, keyOf: typeof nameOf): void {
  for (const selection of selectionSet.selections) {
    if (!isIncluded(selection, info)) continue;
    if (selection.kind === Kind.FIELD) {
      const key = keyOf(selection);
      const nodes = fields.get(key);
      if (nodes) nodes.push(selection);
      else fields.set(key, [selection]);
      continue;
    }
    // Stryker disable ConditionalExpression,BlockStatement,CallExpression: only spares work, since the same nodes again change nothing
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      if (visited.has(selection.name.value)) continue;
      visited.add(selection.name.value);
    }
    // Stryker restore ConditionalExpression,BlockStatement,CallExpression
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value] : selection;
    if (fragment && admits(fragment.typeCondition?.name.value, typeName, info)) collect(fragment.selectionSet, typeName, info, fields, visited, keyOf);
  }
}

function isIncluded(selection: SelectionNode, { variableValues }: Selecting): boolean {
  // Stryker disable next-line ConditionalExpression,OptionalChaining: only spares work, for each selection
  if (!selection.directives?.length) return true;
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.if !== false
  );
}

function admits(condition: string | undefined, typeName: string, { schema }: Selecting): boolean {
  if (condition === undefined || condition === typeName) return true;
  const type = schema.getType(condition);
  // Stryker disable next-line LogicalOperator: no other type has subtypes
  return isAbstractType(type) && schema.isSubType(type, schema.getType(typeName) as GraphQLObjectType);
}
