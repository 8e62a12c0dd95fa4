import { Kind, type DocumentNode, type SelectionSetNode, type ValueNode } from 'graphql';

/**
 * Whether graphql-jit answers a document as graphql-js does. It evaluates argument literals once, when it compiles, so a
 * variable inside a list or an object would keep its first value (graphql-jit#266). It also uses plain objects, where names
 * such as `constructor` are taken.
 */
export function isCompilable({ definitions }: DocumentNode): boolean {
  return definitions.every((one) => {
    if (one.kind === Kind.OPERATION_DEFINITION && one.variableDefinitions?.some(({ variable }) => isOdd(variable.name.value))) return false;
    return !('selectionSet' in one) || isPlain(one.selectionSet);
  });
}

/** Whether plain objects already have a property of this name. */
function isOdd(name: string): boolean {
  return name in Object.prototype || name.startsWith('__');
}

function isPlain({ selections }: SelectionSetNode): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return true;
    if (selection.kind === Kind.FIELD) {
      if (selection.alias && isOdd(selection.alias.value)) return false;
      if (selection.arguments?.some(({ value }) => value.kind !== Kind.VARIABLE && holdsVariable(value))) return false;
    }
    return !selection.selectionSet || isPlain(selection.selectionSet);
  });
}

function holdsVariable(value: ValueNode): boolean {
  if (value.kind === Kind.LIST) return value.values.some(holdsVariable);
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => holdsVariable(field.value));
  return value.kind === Kind.VARIABLE;
}
