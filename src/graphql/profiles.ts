import { Kind, parse, print, visit, type ConstDirectiveNode, type DocumentNode, type ObjectTypeDefinitionNode, type ScalarTypeDefinitionNode } from 'graphql';
import { scopeOf } from './access.js';
import { entityTag, queryTag } from './cacheTags.js';

export const PROFILES = ['default', 'router-auth'] as const;

export type Profile = (typeof PROFILES)[number];

/** The schema as it is published. The same source always gives the same text. */
export function printProfile(typeDefs: string, profile: Profile): string {
  const document = parse(typeDefs);
  return `${print(profile === 'router-auth' ? withRouterDirectives(document) : document)}\n`;
}

/** Replaces the source's own link. Defines @cacheTag for Cosmo, whose composition lacks it. */
const ROUTER_LINK = parse(`
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@cost", "@listSize", "@requiresScopes", "@cacheTag"])

  directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION
`);

/** Adds the directives that tell a router which scopes fields need, and the tags for invalidation. */
function withRouterDirectives(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.filter(({ kind }) => kind !== Kind.SCHEMA_EXTENSION);
  const tagged = visit({ ...document, definitions }, { ObjectTypeDefinition: withDirectives });
  return { ...document, definitions: [...ROUTER_LINK.definitions, ...tagged.definitions] };
}

function withDirectives(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
  const typeName = type.name.value;
  return {
    ...type,
    directives: [...type.directives!, ...cacheTag(entityTag(typeName, '{$key.id}'))],
    fields: type.fields!.map((field) => {
      const fieldName = field.name.value;
      const tag = typeName === 'Query' ? cacheTag(queryTag(fieldName, '{$args.id}')) : [];
      return { ...field, directives: [...field.directives!, ...requiresScopes(scopeOf(typeName, fieldName)), ...tag] };
    }),
  };
}

function requiresScopes(scope: string | null): readonly ConstDirectiveNode[] {
  return scope === null ? [] : directive(`@requiresScopes(scopes: [["${scope}"]])`);
}

function cacheTag(format: string | undefined): readonly ConstDirectiveNode[] {
  return format === undefined ? [] : directive(`@cacheTag(format: "${format}")`);
}

function directive(text: string): readonly ConstDirectiveNode[] {
  const [definition] = parse(`scalar Carrier ${text}`).definitions;
  return (definition as ScalarTypeDefinitionNode).directives!;
}
