import { Kind, parse, print, visit, type ConstDirectiveNode, type DocumentNode, type ObjectTypeDefinitionNode, type ScalarTypeDefinitionNode } from 'graphql';
import { scopeOf } from './access.js';
import { entityTag, queryTag } from './cacheTags.js';

export const PROFILES = ['default', 'router-auth'] as const;

export type Profile = (typeof PROFILES)[number];

/** The schema as a registry gets it: the same text for the same source. */
export function printProfile(typeDefs: string, profile: Profile): string {
  const document = parse(typeDefs);
  return `${print(profile === 'router-auth' ? withRouterDirectives(document) : document)}\n`;
}

/** In place of the source's own link. The definition is for Cosmo, whose composition does not know @cacheTag. */
const ROUTER_LINK = parse(`
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "@cost", "@listSize", "@requiresScopes", "@cacheTag"])

  directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION
`);

/** Says to a router which scopes the subgraph asks for, and by which tags it may forget what it cached. */
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
