import {
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * The names of the fields that are selected on `typeName` below the field being resolved: through aliases and fragments,
 * only where a type condition admits the type, and without what @skip and @include leave out.
 */
export function selectedFields(info: GraphQLResolveInfo, typeName: string): Set<string> {
  const names = new Set<string>();
  for (const node of info.fieldNodes) if (node.selectionSet) collect(node.selectionSet, typeName, info, names);
  return names;
}

function collect(selectionSet: SelectionSetNode, typeName: string, info: GraphQLResolveInfo, names: Set<string>): void {
  for (const selection of selectionSet.selections) {
    if (!isIncluded(selection, info)) continue;
    if (selection.kind === Kind.FIELD) {
      names.add(selection.name.value);
      continue;
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? info.fragments[selection.name.value] : selection;
    if (fragment && admits(fragment.typeCondition?.name.value, typeName, info)) collect(fragment.selectionSet, typeName, info, names);
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
