import type { ApolloServerPlugin } from '@apollo/server';
import { GraphQLError, Kind, type DocumentNode, type SelectionSetNode, type ValueNode } from 'graphql';
import { ContactsError } from '../errors.js';
import type { Context } from './context.js';

/** How much one request may ask for, beyond what its document shows. */
export interface RequestLimits {
  /** Of all `_entities` fields of the operation together. */
  readonly maxRepresentations: number;
  /** Levels of objects and lists in the variables. */
  readonly maxVariablesDepth: number;
}

type Variables = Readonly<Record<string, unknown>>;

/** Refuses an operation whose variables ask for too much, before anything is executed. */
export function requestLimits({ maxRepresentations, maxVariablesDepth }: RequestLimits): ApolloServerPlugin<Context> {
  return {
    requestDidStart: async () => ({
      didResolveOperation: async ({ request, document }) => {
        const variables: Variables = request.variables ?? {};
        if (representations(document, variables) > maxRepresentations || isDeeperThan(maxVariablesDepth + 1, variables)) {
          const originalError = new ContactsError('BAD_USER_INPUT');
          throw new GraphQLError(originalError.message, { originalError, extensions: { http: { status: 400 } } });
        }
      },
    }),
  };
}

/** How many representations the `_entities` fields of a document name, in all its operations: routers send one. */
function representations(document: DocumentNode, variables: Variables): number {
  // By the field's name in the answer: the same one twice is the same field.
  const counts = new Map<string, number>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      if (selection.kind !== Kind.FIELD || selection.name.value !== '_entities') continue;
      for (const { value } of selection.arguments ?? []) counts.set((selection.alias ?? selection.name).value, itemsIn(value, variables));
    }
  };
  for (const one of document.definitions) if ('selectionSet' in one) collect(one.selectionSet);
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function itemsIn(value: ValueNode, variables: Variables): number {
  if (value.kind === Kind.LIST) return value.values.length;
  const list = value.kind === Kind.VARIABLE ? variables[value.name.value] : undefined;
  return Array.isArray(list) ? list.length : 1;
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}
