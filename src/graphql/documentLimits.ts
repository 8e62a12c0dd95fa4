import {
  GraphQLError,
  isExecutableDefinitionNode,
  Kind,
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';

/** How large a document may be. What they count is written down in docs/settings.md. */
export interface DocumentLimits {
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  readonly maxRootFields: number;
  readonly maxEntitiesFields: number;
}

/**
 * Refuses documents beyond the limits, at a cost that grows with their length only: a fragment is measured once,
 * wherever and however often it is spread. Introspection does not count: it is closed, or its asker is trusted.
 */
export function documentLimits(limits: DocumentLimits): ValidationRule {
  return (context) => {
    const document = context.getDocument();
    const excess = excessOf(document, limits);
    if (excess !== undefined) {
      context.reportError(new GraphQLError(`The document has ${excess}.`));
      // It is refused already. The other rules, some of which cost far more than this one, find nothing left to look at.
      (document as { definitions: readonly DefinitionNode[] }).definitions = [];
    }
    return {};
  };
}

interface Size {
  /** Levels of fields. */
  readonly depth: number;
  /** Fields of the first level, and those of them that are `_entities`. */
  readonly fields: number;
  readonly entities: number;
}

const NOTHING: Size = { depth: 0, fields: 0, entities: 0 };

/** What a document has too much of, or undefined. */
export function excessOf(document: DocumentNode, limits: DocumentLimits): string | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const fragmentSizes = new Map<string, Size>();
  let aliases = 0;
  let directives = 0;

  const sizeOf = ({ selections }: SelectionSetNode): Size => {
    let { depth, fields, entities } = NOTHING;
    for (const selection of selections) {
      directives += selection.directives?.length ?? 0;
      const inner = innerSize(selection);
      if (selection.kind !== Kind.FIELD) {
        depth = Math.max(depth, inner.depth);
        fields += inner.fields;
        entities += inner.entities;
        continue;
      }
      if (selection.alias) aliases++;
      if (selection.name.value === '_entities') entities++;
      fields++;
      if (!selection.name.value.startsWith('__')) depth = Math.max(depth, 1 + inner.depth);
    }
    return { depth, fields, entities };
  };
  const innerSize = (selection: SelectionNode): Size => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return fragmentSize(selection.name.value);
    return selection.selectionSet ? sizeOf(selection.selectionSet) : NOTHING;
  };
  const fragmentSize = (name: string): Size => {
    const known = fragmentSizes.get(name);
    if (known) return known;
    // A circle ends here; another rule refuses it.
    fragmentSizes.set(name, NOTHING);
    const fragment = fragments.get(name);
    const size = fragment ? sizeOf(fragment.selectionSet) : NOTHING;
    fragmentSizes.set(name, size);
    return size;
  };

  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
    if (isExecutableDefinitionNode(one)) directives += one.directives?.length ?? 0;
  }
  const sizes = document.definitions.map((one) => (one.kind === Kind.OPERATION_DEFINITION ? sizeOf(one.selectionSet) : NOTHING));
  // Those that nothing spreads have to be checked too.
  for (const name of fragments.keys()) fragmentSize(name);

  if (aliases > limits.maxAliases) return 'too many aliases';
  if (directives > limits.maxDirectives) return 'too many directives';
  if (sizes.some(({ depth }) => depth > limits.maxDepth)) return 'too many levels';
  if (sizes.some(({ fields }) => fields > limits.maxRootFields)) return 'too many root fields';
  if (sizes.some(({ entities }) => entities > limits.maxEntitiesFields)) return 'too many _entities fields';
  return undefined;
}
