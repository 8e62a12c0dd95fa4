import { isEnumType, isInterfaceType, isObjectType, isScalarType, isUnionType, Kind, type GraphQLNamedType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';

type ResolverMap = Readonly<Record<string, object>>;

/**
 * Checks the resolvers against the schema, since @apollo/subgraph silently ignores those that do not fit. `found` are the
 * types that `_entities` can find. Throws one error that lists every fault.
 */
export function checkSchema(schema: GraphQLSchema, resolvers: ResolverMap, found: readonly string[]): void {
  const faults = [...resolverFaults(schema, resolvers), ...entityFaults(schema, found)];
  if (faults.length > 0) throw new Error(`The resolvers do not fit the schema:\n${faults.map((fault) => `- ${fault}`).join('\n')}`);
}

function resolverFaults(schema: GraphQLSchema, resolvers: ResolverMap): string[] {
  return Object.entries(resolvers).flatMap(([typeName, resolver]) => {
    const type = schema.getType(typeName);
    if (!type) return [`${typeName} has resolvers, but is no type of the schema.`];
    if (isScalarType(type)) return isScalarType(resolver) ? [] : [`${typeName} is a scalar, but its resolver is none.`];
    const known = keysOf(type);
    const unknown = Object.keys(resolver).filter((key) => !known.includes(key));
    const missing = isEnumType(type) ? known.filter((key) => !Object.hasOwn(resolver, key)) : [];
    return [
      ...unknown.map((key) => `${typeName}.${key} has a resolver, but is not in the schema.`),
      ...missing.map((key) => `${typeName}.${key} is a value of the schema, but has none in the resolvers.`),
    ];
  });
}

/** The keys that a type's resolvers may have. Without `__resolveReference`, which our own `_entities` never calls. */
function keysOf(type: GraphQLNamedType): readonly string[] {
  if (isEnumType(type)) return type.getValues().map(({ name }) => name);
  if (isObjectType(type)) return ['__isTypeOf', ...Object.keys(type.getFields())];
  if (isInterfaceType(type)) return ['__resolveType', ...Object.keys(type.getFields())];
  // Stryker disable next-line ArrayDeclaration: no resolver is called like that
  return isUnionType(type) ? ['__resolveType'] : [];
}

function entityFaults(schema: GraphQLSchema, found: readonly string[]): string[] {
  const union = schema.getType('_Entity');
  const entities = isUnionType(union) ? union.getTypes() : [];
  const lost = entities.filter((type) => isResolvable(type) && !found.includes(type.name));
  const strange = found.filter((name) => !entities.some((type) => type.name === name));
  return [
    ...lost.map(({ name }) => `${name} has a key that promises to find it, but _entities does not know how.`),
    ...strange.map((name) => `${name} is found by _entities, but has no key in the schema.`),
  ];
}

/** Whether the type, or an interface that it implements, has a key without `resolvable: false`. */
function isResolvable(type: GraphQLObjectType): boolean {
  const nodes = [type, ...type.getInterfaces()].flatMap(({ astNode, extensionASTNodes }) => [astNode, ...extensionASTNodes]);
  // Stryker disable next-line OptionalChaining,ArrayDeclaration: the types come from a document, which has a node and a list for each
  const keys = nodes.flatMap((node) => node?.directives ?? []).filter(({ name }) => name.value === 'key');
  // Stryker disable next-line OptionalChaining,ConditionalExpression,LogicalOperator: the key's only boolean is this argument
  return keys.some((key) => !key.arguments?.some(({ name, value }) => name.value === 'resolvable' && value.kind === Kind.BOOLEAN && !value.value));
}
