import type { ApolloServerPlugin } from '@apollo/server';
import { getNamedType, isCompositeType, Kind, TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type FieldNode, type GraphQLSchema, type OperationDefinitionNode, type ValueNode } from 'graphql';
import { getOrAdd } from '../../getOrAdd.js';
import { isRecord } from '../../record.js';
import { scopeOf } from '../access.js';
import { entityTag, queryTag } from '../cacheTags.js';
import type { Context } from '../context.js';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Tells routers how long to cache an answer, and by which tags to invalidate it: `Cache-Control`, and Apollo Router's
 * extensions `apolloCacheTags` and `apolloEntityCacheTags`. Answers with errors get none, nor do operations with fields that
 * need a scope, whose answers differ between callers. Decided once per document.
 */
export function cacheHints(schema: GraphQLSchema, maxAgeSeconds: number): ApolloServerPlugin<Context> {
  const guarded = new WeakMap<DocumentNode, boolean>();
  const isGuarded = (document: DocumentNode): boolean => getOrAdd(guarded, document, () => selectsGuarded(document, schema));
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response, document, operation, request }) => {
        // Stryker disable next-line ConditionalExpression,LogicalOperator: what has data was run, and nothing is sent in parts
        if (response.body.kind !== 'single' || !document || !operation) return;
        const result = response.body.singleResult;
        if (!result.data || result.errors || isGuarded(document)) return;
        response.http.headers.set('cache-control', `max-age=${maxAgeSeconds}, public`);
        result.extensions = { ...result.extensions, ...tagsOf(operation, request.variables ?? {}) };
      },
    }),
  };
}

function selectsGuarded(document: DocumentNode, schema: GraphQLSchema): boolean {
  const types = new TypeInfo(schema);
  let found = false;
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: ({ name }) => {
        const parent = getNamedType(types.getParentType());
        if (isCompositeType(parent) && scopeOf(parent.name, name.value) !== null) found = true;
      },
    }),
  );
  return found;
}

/** The tags of the root fields. Root fields in fragments get none. */
function tagsOf(operation: OperationDefinitionNode, variables: Variables): Record<string, unknown> {
  const tags: string[] = [];
  let entityTags: string[][] | undefined;
  for (const field of operation.selectionSet.selections) {
    if (field.kind !== Kind.FIELD) continue;
    const tag = queryTag(field.name.value, String(argument(field, 'id', operation, variables)));
    if (tag !== undefined) tags.push(tag);
    const list = argument(field, 'representations', operation, variables);
    if (Array.isArray(list)) entityTags = list.map(tagsOfEntity);
  }
  return { ...(tags.length > 0 && { apolloCacheTags: tags }), ...(entityTags && { apolloEntityCacheTags: entityTags }) };
}

function tagsOfEntity(representation: unknown): string[] {
  // Stryker disable next-line ConditionalExpression,LogicalOperator,ArrayDeclaration: an answer about any other has an error
  if (!isRecord(representation) || typeof representation.id !== 'string' || typeof representation.__typename !== 'string') return [];
  const tag = entityTag(representation.__typename, representation.id);
  return tag === undefined ? [] : [tag];
}

// Stryker disable next-line ArrayDeclaration: a document that was parsed has a list for each
function argument({ arguments: given = [] }: FieldNode, name: string, { variableDefinitions = [] }: OperationDefinitionNode, variables: Variables): unknown {
  let value: ValueNode | undefined = given.find((one) => one.name.value === name)?.value;
  if (value?.kind === Kind.VARIABLE) {
    const variable = value.name.value;
    if (Object.hasOwn(variables, variable) && variables[variable] !== undefined) return variables[variable];
    value = variableDefinitions.find((one) => one.variable.name.value === variable)?.defaultValue;
  }
  return value?.kind === Kind.STRING ? value.value : undefined;
}
