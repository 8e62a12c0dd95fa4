import {
  GraphQLError,
  Kind,
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationRule,
} from 'graphql';
import { limitExceeded, type ContactsError } from '../../errors.js';

/** How large an operation may be with its fragments inlined: a field of a fragment that is spread five times counts five times. */
export interface DocumentLimits {
  readonly maxDepth: number;
  readonly maxAliases: number;
  readonly maxDirectives: number;
  readonly maxRootFields: number;
  readonly maxEntitiesFields: number;
  /** How long an alias may be: an answer repeats it for each item and each error. */
  readonly maxAliasCharacters: number;
  /** How often one field may be selected at the same place. Validation compares every pair of them. */
  readonly maxRepeats: number;
}

/**
 * Refuses documents beyond the limits. Measures each fragment once and adds its size at each spread, so the time is linear in
 * the document as written.
 */
export function documentLimits(limits: DocumentLimits): ValidationRule {
  return (context) => {
    const document = context.getDocument();
    const originalError = excessOf(document, limits);
    if (originalError) {
      context.reportError(new GraphQLError(originalError.message, { originalError }));
      // The other rules cost far more than this one. Without definitions they do nothing.
      (document as { definitions: readonly DefinitionNode[] }).definitions = [];
    }
    return {};
  };
}

interface Size {
  /** Levels of fields. Introspection does not count: it is off, or switched on for people who explore the schema. */
  depth: number;
  aliases: number;
  /** The length of the longest alias. */
  aliasCharacters: number;
  directives: number;
  /** Fields of the first level, and how many of them are `_entities`. */
  fields: number;
  entities: number;
  /** The most selections that are merged into one field, at any level. */
  repeats: number;
  /** The fields of the first level, by their names in the answer. */
  readonly level: Map<string, Repeated>;
}

/** Selections that are merged into one field. */
interface Repeated {
  times: number;
  /** The most repeats below one of them. */
  below: number;
}

/** The first limit that a document exceeds, or undefined. */
export function excessOf(document: DocumentNode, limits: DocumentLimits): ContactsError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const one of document.definitions) {
    if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
    if (one.kind === Kind.OPERATION_DEFINITION) operations.push(one);
  }
  const sizes = new Sizes(fragments);
  for (const operation of operations) {
    const size = sizes.of(operation);
    const excess = excessIn(size, limits);
    if (excess) return excess;
    if (size.fields > limits.maxRootFields) return limitExceeded('MAX_ROOT_FIELDS', limits.maxRootFields);
    if (size.entities > limits.maxEntitiesFields) return limitExceeded('MAX_ENTITIES_FIELDS', limits.maxEntitiesFields);
  }
  // An unused fragment is invalid, but validating it costs as much as validating any other.
  for (const [name, { typeCondition }] of fragments) {
    const size = sizes.ofFragment(name);
    const excess = excessIn(typeCondition.name.value.startsWith('__') ? { ...size, depth: 0 } : size, limits);
    if (excess) return excess;
  }
  return undefined;
}

function excessIn(size: Size, limits: DocumentLimits): ContactsError | undefined {
  if (size.aliases > limits.maxAliases) return limitExceeded('MAX_ALIASES', limits.maxAliases);
  if (size.aliasCharacters > limits.maxAliasCharacters) return limitExceeded('MAX_ALIAS_CHARACTERS', limits.maxAliasCharacters);
  if (size.directives > limits.maxDirectives) return limitExceeded('MAX_DIRECTIVES', limits.maxDirectives);
  if (size.depth > limits.maxDepth) return limitExceeded('MAX_DEPTH', limits.maxDepth);
  if (size.repeats > limits.maxRepeats) return limitExceeded('MAX_REPEATS', limits.maxRepeats);
  return undefined;
}

class Sizes {
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly #known = new Map<string, Size>();

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
    this.#fragments = fragments;
  }

  of({ selectionSet, directives = [] }: OperationDefinitionNode | FragmentDefinitionNode): Size {
    const size = this.#ofSet(selectionSet);
    size.directives += directives.length;
    return size;
  }

  ofFragment(name: string): Size {
    const known = this.#known.get(name);
    if (known) return known;
    // Ends a cycle of fragments. Another rule refuses it.
    this.#known.set(name, nothing());
    const fragment = this.#fragments.get(name);
    const size = fragment ? this.of(fragment) : nothing();
    this.#known.set(name, size);
    return size;
  }

  #ofSet(set: SelectionSetNode): Size {
    const size = nothing();
    const spreads = new Map<string, number>();
    this.#add(set, size, spreads);
    // Once for each fragment: a document may spread one with a thousand fields five hundred times.
    for (const [name, count] of spreads) for (const [key, { times, below }] of this.ofFragment(name).level) repeat(size, key, count * times, below);
    for (const { times, below } of size.level.values()) size.repeats = Math.max(size.repeats, times * Math.max(1, below));
    return size;
  }

  #add({ selections }: SelectionSetNode, size: Size, spreads: Map<string, number>): void {
    for (const selection of selections) {
      size.directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        this.#add(selection.selectionSet, size, spreads);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const spread = selection.name.value;
        const inner = this.ofFragment(spread);
        spreads.set(spread, (spreads.get(spread) ?? 0) + 1);
        include(size, inner, inner.depth);
        size.fields += inner.fields;
        size.entities += inner.entities;
        size.repeats = Math.max(size.repeats, inner.repeats);
        continue;
      }
      const name = selection.name.value;
      const inner = selection.selectionSet ? this.#ofSet(selection.selectionSet) : nothing();
      include(size, inner, name.startsWith('__') ? 0 : 1 + inner.depth);
      repeat(size, selection.alias?.value ?? name, 1, inner.repeats);
      size.fields++;
      if (selection.alias) {
        size.aliases++;
        size.aliasCharacters = Math.max(size.aliasCharacters, selection.alias.value.length);
      }
      if (name === '_entities') size.entities++;
    }
  }
}

function nothing(): Size {
  return { depth: 0, aliases: 0, aliasCharacters: 0, directives: 0, fields: 0, entities: 0, repeats: 0, level: new Map() };
}

function include(size: Size, inner: Size, depth: number): void {
  size.depth = Math.max(size.depth, depth);
  size.aliases += inner.aliases;
  size.aliasCharacters = Math.max(size.aliasCharacters, inner.aliasCharacters);
  size.directives += inner.directives;
}

function repeat({ level }: Size, key: string, times: number, below: number): void {
  const known = level.get(key);
  if (!known) {
    level.set(key, { times, below });
    return;
  }
  known.times += times;
  known.below = Math.max(known.below, below);
}
