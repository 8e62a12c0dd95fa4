import type { ApolloServerPlugin } from '@apollo/server';
import { getNamedType, isCompositeType, Kind, TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type FieldNode, type GraphQLSchema, type OperationDefinitionNode } from 'graphql';
import { getOrAdd } from '../../getOrAdd.js';
import { isRecord } from '../../record.js';
import { scopeOf } from '../access.js';
import { entityTag, queryTag } from '../cacheTags.js';
import type { Context } from '../context.js';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Says how long an answer may be kept, and by which tags a router may forget it: `Cache-Control`, and the extensions
 * `apolloCacheTags` and `apolloEntityCacheTags` of Apollo Router. Never of an answer with errors, nor of one with fields
 * that need a scope: those differ from caller to caller. Decided by the document, not by its fields one by one.
 */
export function cacheHints(schema: GraphQLSchema, maxAgeSeconds: number): ApolloServerPlugin<Context> {
  const guarded = new WeakMap<DocumentNode, boolean>();
  const isGuarded = (document: DocumentNode): boolean => getOrAdd(guarded, document, () => selectsGuarded(document, schema));
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ response, document, operation, request }) => {
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

/** By the root fields; those in fragments go without. */
function tagsOf({ selectionSet }: OperationDefinitionNode, variables: Variables): Record<string, unknown> {
  const tags: string[] = [];
  let entityTags: string[][] | undefined;
  for (const field of selectionSet.selections) {
    if (field.kind !== Kind.FIELD) continue;
    const tag = queryTag(field.name.value, String(argument(field, 'id', variables)));
    if (tag !== undefined) tags.push(tag);
    const list = field.name.value === '_entities' ? argument(field, 'representations', variables) : undefined;
    if (Array.isArray(list)) entityTags = list.map(tagsOfEntity);
  }
  return { ...(tags.length > 0 && { apolloCacheTags: tags }), ...(entityTags && { apolloEntityCacheTags: entityTags }) };
}

function tagsOfEntity(representation: unknown): string[] {
  if (!isRecord(representation) || typeof representation.id !== 'string') return [];
  const tag = entityTag(String(representation.__typename), representation.id);
  return tag === undefined ? [] : [tag];
}

function argument({ arguments: given = [] }: FieldNode, name: string, variables: Variables): unknown {
  const value = given.find((one) => one.name.value === name)?.value;
  if (value?.kind === Kind.VARIABLE) return variables[value.name.value];
  return value?.kind === Kind.STRING ? value.value : undefined;
}
