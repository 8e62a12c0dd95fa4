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
import type { AddressNeed } from '../loaders/addressLoader.js';
import type { ContactNeed } from '../loaders/contactLoader.js';
import type { Contact } from '../model.js';
import { mayRead } from './access.js';
import type { Context } from './context.js';

const TOLD_BY_ID = new Set(['__typename', 'id', 'source', 'sourceId']);

/** What must be loaded for the contacts below a field. Computed once for all items of a list. */
export function contactNeed(info: GraphQLResolveInfo, context: Context): ContactNeed {
  // Within one operation the same nodes mean the same selection. Between operations @skip and @include may differ.
  return getOrAdd(context.contactNeeds, info.fieldNodes, () => {
    const fields = selectedFields(info, 'Contact');
    const needed = [...fields.keys()].filter((name) => !TOLD_BY_ID.has(name) && mayRead(context.scopes, 'Contact', name));
    const what = needed.includes('relationships') ? 'relationships' : needed.length > 0 ? 'record' : 'id';
    return { what, field: fieldOf(info), needsFurtherCalls: (contacts) => needsFurtherCalls(contacts, info, fields) };
  });
}

/** What must be loaded for the addresses below a field. */
export function addressNeed(info: GraphQLResolveInfo, context: Context): AddressNeed {
  return getOrAdd(context.addressNeeds, info.fieldNodes, () => ({
    what: whatOf(selectedFields(info, 'Address')),
    field: fieldOf(info),
  }));
}

/** Whether the selection below needs further calls for one of these contacts. */
function needsFurtherCalls(contacts: readonly Contact[], info: GraphQLResolveInfo, fields: SelectedFields): boolean {
  const below = (name: string, typeName: string): 'nothing' | 'id' | 'record' => {
    const nodes = fields.get(name);
    return nodes ? whatOf(selectedFields(info, typeName, nodes)) : 'nothing';
  };
  const address = below('address', 'Address');
  const representatives = below('representatives', 'Contact');
  return contacts.some(
    (contact) =>
      (address !== 'nothing' && contact.addressHolder !== null) ||
      (address === 'record' && contact.source === 'CAS360' && contact.address !== null) ||
      (representatives === 'record' && (contact.representatives ?? []).length > 0),
  );
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

/** The nodes of each selected field, by name. */
type SelectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/**
 * The fields that are selected on `typeName` below these nodes, by default those of the field being resolved. Follows
 * aliases, and fragments whose type condition admits the type. Obeys @skip and @include. Visits each fragment once, since
 * another spread selects the same.
 */
function selectedFields(info: GraphQLResolveInfo, typeName: string, nodes: readonly FieldNode[] = info.fieldNodes): SelectedFields {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  for (const node of nodes) if (node.selectionSet) collect(node.selectionSet, typeName, info, fields, visited);
  return fields;
}

function collect(selectionSet: SelectionSetNode, typeName: string, info: GraphQLResolveInfo, fields: Map<string, FieldNode[]>, visited: Set<string>): void {
  for (const selection of selectionSet.selections) {
    if (!isIncluded(selection, info)) continue;
    if (selection.kind === Kind.FIELD) {
      const nodes = fields.get(selection.name.value);
      if (nodes) nodes.push(selection);
      else fields.set(selection.name.value, [selection]);
      continue;
    }
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      if (visited.has(selection.name.value)) continue;
      visited.add(selection.name.value);
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value] : selection;
    if (fragment && admits(fragment.typeCondition?.name.value, typeName, info)) collect(fragment.selectionSet, typeName, info, fields, visited);
  }
}

function isIncluded(selection: SelectionNode, { variableValues }: GraphQLResolveInfo): boolean {
  if (!selection.directives?.length) return true;
  return (
    getDirectiveValues(GraphQLSkipDirective, selection, variableValues)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, selection, variableValues)?.if !== false
  );
}

function admits(condition: string | undefined, typeName: string, { schema }: GraphQLResolveInfo): boolean {
  if (condition === undefined || condition === typeName) return true;
  const type = schema.getType(condition);
  return isAbstractType(type) && schema.isSubType(type, schema.getType(typeName) as GraphQLObjectType);
}
