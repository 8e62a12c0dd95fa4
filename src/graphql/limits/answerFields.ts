import {
  getNamedType,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { getOrAdd } from '../../getOrAdd.js';
import { introspectionFields } from './introspectionFields.js';

type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/** The argument whose length is the number of items, by field of `Query`. */
const COUNTED_BY: Readonly<Record<string, string>> = { contacts: 'ids', _entities: 'representations' };

/** Lists whose length the upstreams decide. boundFields.ts counts them when they arrive. */
const COUNTED_LATER = new Set(['Contact.representatives', 'Contact.relationships']);

/**
 * Introspection is resolved in one turn of the event loop. So many fields of an operation are free: the whole schema as tools ask
 * for it takes fewer, and GraphiQL must work whatever the limits are. Each further one counts as so many.
 */
const INTROSPECTION = { free: 4_000, weight: 25 };

/** Introspection of an operation is counted to here, which takes 5 to 10 ms. More is too much, however much it is. */
const MOST_COUNTED = 50_000;

/** A field of `Query` with one item for each item of its argument. */
export interface RootList {
  readonly name: string;
  /** Undefined if it is missing. Validation refuses that. */
  readonly argument: ValueNode | undefined;
  /** How many fields each item can have. */
  readonly fieldsOfItem: number;
}

/** The most fields that an answer can have: `fixed`, plus `fieldsOfItem` for each item of each list. */
export interface OperationFields {
  readonly fixed: number;
  readonly lists: readonly RootList[];
}

/**
 * Computes from the selections how many fields an answer can have. Counts each fragment once per type and adds that count at
 * each spread, so the time is linear in the document as written. Ignores @skip and @include.
 */
export class AnswerFields {
  readonly #documents = new WeakMap<OperationDefinitionNode, DocumentFields>();
  readonly #operations = new WeakMap<OperationDefinitionNode, OperationFields>();
  readonly #items = new WeakMap<readonly FieldNode[], number>();

  constructor(readonly schema: GraphQLSchema) {}

  ofOperation(operation: OperationDefinitionNode, document: DocumentNode): OperationFields {
    let known = this.#operations.get(operation);
    if (!known) this.#operations.set(operation, (known = this.#document(operation, fragmentsOf(document)).ofOperation(operation)));
    return known;
  }

  /** How many fields each item of the list being resolved can have. */
  ofItem({ fieldNodes, returnType, operation, fragments }: GraphQLResolveInfo): number {
    let known = this.#items.get(fieldNodes);
    if (known === undefined) {
      const document = this.#document(operation, fragments);
      known = 0;
      for (const { selectionSet } of fieldNodes) if (selectionSet) known += document.ofObject(selectionSet, getNamedType(returnType));
      this.#items.set(fieldNodes, known);
    }
    return known;
  }

  #document(operation: OperationDefinitionNode, fragments: Fragments): DocumentFields {
    let known = this.#documents.get(operation);
    if (!known) this.#documents.set(operation, (known = new DocumentFields(this.schema, fragments)));
    return known;
  }
}

function fragmentsOf({ definitions }: DocumentNode): Fragments {
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const one of definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments[one.name.value] = one;
  return fragments;
}

class DocumentFields {
  readonly #fragments = new Map<string, Map<GraphQLNamedType, number>>();
  #countedIntrospection = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly fragments: Fragments,
  ) {}

  /** Expects a valid operation: all its fields are in the schema. */
  ofOperation({ selectionSet }: OperationDefinitionNode): OperationFields {
    const lists: RootList[] = [];
    const query = this.schema.getQueryType()!;
    const collect = (set: SelectionSetNode): number => {
      let fixed = 0;
      for (const selection of set.selections) {
        if (selection.kind === Kind.INLINE_FRAGMENT) fixed += collect(selection.selectionSet);
        else if (selection.kind === Kind.FRAGMENT_SPREAD) fixed += collect(this.fragments[selection.name.value]!.selectionSet);
        else {
          const argument = COUNTED_BY[selection.name.value];
          fixed += argument === undefined ? this.#ofField(selection, query) : 1;
          if (argument !== undefined) lists.push(this.#list(selection, query, argument));
        }
      }
      return fixed;
    };
    return { fixed: collect(selectionSet), lists };
  }

  /** The fields of one object of this type. For an abstract type, the most among its object types. */
  ofObject(set: SelectionSetNode, type: GraphQLNamedType): number {
    if (isAbstractType(type)) return Math.max(0, ...this.schema.getPossibleTypes(type).map((one) => this.ofObject(set, one)));
    if (!isObjectType(type)) return 0;
    let count = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) count += this.#ofField(selection, type);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) count += this.#ofFragment(selection.name.value, type);
      else if (this.#admits(selection.typeCondition?.name.value, type)) count += this.ofObject(selection.selectionSet, type);
    }
    return count;
  }

  #list(node: FieldNode, query: GraphQLObjectType, argument: string): RootList {
    return {
      name: node.name.value,
      argument: node.arguments?.find(({ name }) => name.value === argument)?.value,
      fieldsOfItem: node.selectionSet ? this.ofObject(node.selectionSet, getNamedType(query.getFields()[node.name.value]!.type)) : 0,
    };
  }

  #ofFragment(name: string, type: GraphQLObjectType): number {
    const fragment = this.fragments[name];
    if (!fragment || !this.#admits(fragment.typeCondition.name.value, type)) return 0;
    const counts = getOrAdd(this.#fragments, name, () => new Map<GraphQLNamedType, number>());
    return getOrAdd(counts, type, () => this.ofObject(fragment.selectionSet, type));
  }

  #ofIntrospection(node: FieldNode): number {
    const before = this.#countedIntrospection;
    this.#countedIntrospection += introspectionFields(node, this.schema, this.fragments, MOST_COUNTED - before);
    if (this.#countedIntrospection > MOST_COUNTED) return Infinity;
    const charged = (count: number): number => Math.max(0, count - INTROSPECTION.free);
    return 1 + INTROSPECTION.weight * (charged(this.#countedIntrospection) - charged(before));
  }

  #ofField(node: FieldNode, parent: GraphQLObjectType): number {
    const { name, selectionSet } = node;
    // Undefined for `__typename` and introspection.
    const field = (parent.getFields() as Partial<Record<string, GraphQLField<unknown, unknown>>>)[name.value];
    if (!field && selectionSet) return this.#ofIntrospection(node);
    if (!field || !selectionSet || COUNTED_LATER.has(`${parent.name}.${name.value}`)) return 1;
    return 1 + mostItems(field) * this.ofObject(selectionSet, getNamedType(field.type));
  }

  #admits(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true;
    const abstract = this.schema.getType(condition);
    return isAbstractType(abstract) && this.schema.isSubType(abstract, type);
  }
}

/** How many items a field has: one, or the `@listSize` that the schema gives for a list. */
function mostItems({ type, astNode }: GraphQLField<unknown, unknown>): number {
  if (!isListType(isNonNullType(type) ? type.ofType : type)) return 1;
  const size = astNode?.directives?.find(({ name }) => name.value === 'listSize')?.arguments?.find(({ name }) => name.value === 'assumedSize')?.value;
  return size?.kind === Kind.INT ? Number(size.value) : 1;
}
