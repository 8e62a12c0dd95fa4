import {
  Kind,
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** Nested fragments can make a short document very long. Compiling a thousand selections takes 20 ms. */
const MOST_SELECTIONS = 1_000;

/** The document that is compiled for an operation. */
export interface Special {
  readonly document: DocumentNode;
  /** How many selections it has. */
  readonly selections: number;
}

/** The values of the variables in @skip and @include, by name. */
export type Conditions = Readonly<Record<string, boolean>>;

/** The names of the variables in this document's @skip and @include. */
export function conditionsOf({ definitions }: DocumentNode): string[] {
  const names = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      for (const { arguments: [given] = [] } of selection.directives ?? []) if (given?.value.kind === Kind.VARIABLE) names.add(given.value.name.value);
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet) collect(selection.selectionSet);
    }
  };
  for (const one of definitions) if ('selectionSet' in one) collect(one.selectionSet);
  return [...names];
}

/**
 * Reduces a document to this operation under these conditions: removes what @skip and @include exclude, removes these
 * directives, and inlines the fragments. Undefined if the result would be too long. graphql-jit confuses the conditions of
 * merged fields, and of fragments that are spread twice.
 */
export function specialise(document: DocumentNode, operation: OperationDefinitionNode, conditions: Conditions): Special | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  let left = MOST_SELECTIONS;

  const holds = ({ name, arguments: [given] = [] }: DirectiveNode): boolean => {
    const value = given?.value.kind === Kind.VARIABLE ? conditions[given.value.name.value] : given?.value.kind === Kind.BOOLEAN && given.value.value;
    return value === (name.value === 'include');
  };
  const selectionsOf = (set: SelectionSetNode): SelectionSetNode => ({ ...set, selections: set.selections.flatMap(selectionOf) });
  const selectionOf = (selection: SelectionNode): SelectionNode[] => {
    if (left-- <= 0 || !(selection.directives ?? []).every(holds)) return [];
    const directives: DirectiveNode[] = [];
    if (selection.kind === Kind.FIELD) return [{ ...selection, directives, ...(selection.selectionSet && { selectionSet: selectionsOf(selection.selectionSet) }) }];
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
    const { typeCondition } = fragment;
    return [{ kind: Kind.INLINE_FRAGMENT, directives, ...(typeCondition && { typeCondition }), selectionSet: selectionsOf(fragment.selectionSet) }];
  };

  const selectionSet = selectionsOf(operation.selectionSet);
  if (left < 0) return undefined;
  return { document: { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }] }, selections: MOST_SELECTIONS - left };
}
