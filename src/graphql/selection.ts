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

/** The nodes of each field that is selected, by its name. */
export type SelectedFields = ReadonlyMap<string, readonly FieldNode[]>;

/**
 * The fields that are selected on `typeName` below these nodes, those of the field being resolved unless told otherwise:
 * through aliases and fragments, only where a type condition admits the type, and without what @skip and @include leave out.
 * Each fragment is looked at once: spread again, it selects the same.
 */
export function selectedFields(info: GraphQLResolveInfo, typeName: string, nodes: readonly FieldNode[] = info.fieldNodes): SelectedFields {
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
