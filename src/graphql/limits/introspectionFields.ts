import {
  __Schema,
  __Type,
  getNamedType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';

const WITH_DEPRECATED = { includeDeprecated: true };

/**
 * How many fields `__schema` or `__type` has in an answer. Resolves the lists below as graphql-js does, since only the schema
 * gives their lengths. Counts fragment spreads too, so that long chains of them cost no time. Stops beyond `most`: then it
 * returns more than that.
 */
export function introspectionFields({ name, arguments: given = [], selectionSet }: FieldNode, schema: GraphQLSchema, fragments: Readonly<Record<string, FragmentDefinitionNode>>, most: number): number {
  const info = { schema } as GraphQLResolveInfo;
  let count = 1;

  const add = ({ selections }: SelectionSetNode, type: GraphQLObjectType, value: unknown): void => {
    for (const selection of selections) {
      if (++count > most) return;
      if (selection.kind !== Kind.FIELD) {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
        if (fragment) add(fragment.selectionSet, type, value);
        continue;
      }
      // Undefined for `__typename`.
      const field = (type.getFields() as Partial<Record<string, GraphQLField<unknown, unknown>>>)[selection.name.value];
      if (field && selection.selectionSet) addAll(selection.selectionSet, getNamedType(field.type), field.resolve?.(value, WITH_DEPRECATED, undefined, info));
    }
  };
  const addAll = (set: SelectionSetNode, type: unknown, values: unknown): void => {
    if (isObjectType(type)) for (const value of [values].flat()) if (value) add(set, type, value);
  };

  if (!selectionSet) return count;
  if (name.value === '__schema') add(selectionSet, __Schema, schema);
  else {
    const argument = given[0]?.value;
    // A variable can name any type.
    addAll(selectionSet, __Type, argument?.kind === Kind.STRING ? schema.getType(argument.value) : Object.values(schema.getTypeMap()));
  }
  return count;
}
