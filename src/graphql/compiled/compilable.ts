import { Kind, type DocumentNode, type SelectionSetNode, type ValueNode } from 'graphql';

/**
 * Texts that may stand in compiled code: ids and names of types are like that. graphql-jit writes literals into the source of
 * a function, and replaces marks of its own there (`__MAGIC_DATE__...`), even where they are the caller's. Any other text
 * could become code.
 */
const HARMLESS = /^[A-Za-z0-9:/-]*$/;

/**
 * The code repeats the whole path of each field several times: nine aliases of 200 characters make 10 kB of each. It repeats
 * the name of a variable fifty times.
 */
const MAX_NAME_CHARACTERS = 40;

/** What graphql-jit inserts into a path: places in lists, and names of types. */
const INSERTED = /^(?:idx\d|[A-Z])/;

/**
 * Whether graphql-jit answers a document as graphql-js does, and writes nothing of the caller into its code that could run. It
 * uses plain objects, where names such as `constructor` are taken.
 */
export function isCompilable({ definitions }: DocumentNode): boolean {
  const keys = new Set<string>();
  const arePlain = definitions.every((one) => {
    const variables = one.kind === Kind.OPERATION_DEFINITION ? (one.variableDefinitions ?? []) : [];
    if (variables.some(({ variable, defaultValue }) => isOddOrLong(variable.name.value) || (defaultValue && !isHarmless(defaultValue)))) return false;
    return !('selectionSet' in one) || isPlain(one.selectionSet, keys);
  });
  return arePlain && areDistinct(keys);
}

/**
 * Whether no two paths of these keys are the same when their keys are joined with `_`. graphql-jit names places like that, and
 * a place whose name another one has gets its fields. It is so if each key with `_` has a part that nothing else on a path has.
 */
function areDistinct(keys: ReadonlySet<string>): boolean {
  const counts = new Map<string, number>();
  const parts = [...keys].map((key) => key.split('_'));
  for (const part of parts.flat()) counts.set(part, (counts.get(part) ?? 0) + 1);
  return parts.every((ofKey) => ofKey.length === 1 || ofKey.some((part) => counts.get(part) === 1 && !INSERTED.test(part)));
}

/** Whether plain objects already have a property of this name. */
function isOdd(name: string): boolean {
  return name in Object.prototype || name.startsWith('__');
}

function isOddOrLong(name: string): boolean {
  return name.length > MAX_NAME_CHARACTERS || isOdd(name);
}

/** Also collects the keys of the answer. */
function isPlain({ selections }: SelectionSetNode, keys: Set<string>): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return true;
    if (selection.kind === Kind.FIELD) {
      const { name, alias, arguments: given = [] } = selection;
      keys.add((alias ?? name).value);
      if (alias && isOddOrLong(alias.value)) return false;
      // Introspection may be deep, and the code grows with the square of the depth.
      if (name.value === '__schema' || name.value === '__type') return false;
      if (!given.every(({ value }) => value.kind === Kind.VARIABLE || isHarmless(value))) return false;
    }
    return !selection.selectionSet || isPlain(selection.selectionSet, keys);
  });
}

/**
 * Whether a literal may stand in compiled code. A variable inside one may not: literals are evaluated once, so it would keep
 * its first value (graphql-jit#266).
 */
function isHarmless(value: ValueNode): boolean {
  switch (value.kind) {
    case Kind.INT:
    case Kind.BOOLEAN:
    case Kind.NULL:
      return true;
    case Kind.STRING:
      return HARMLESS.test(value.value);
    case Kind.LIST:
      return value.values.every(isHarmless);
    case Kind.OBJECT:
      return value.fields.every((field) => (field.name.value === '__typename' || !isOdd(field.name.value)) && isHarmless(field.value));
    default:
      return false;
  }
}
