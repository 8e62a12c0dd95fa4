import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

const MAX_BYTES = 32 * 1_048_576;
/** The memory of a token and of its share of the nodes. */
const TOKEN_BYTES = 300;
const CHARACTER_BYTES = 2;

/**
 * Caches the documents that were parsed and validated. Evicts the least recently used. Apollo Server's own store does not
 * count a document's text, which each of its nodes keeps in memory: two thousand long comments filled the heap.
 */
export function createDocumentStore(maxBytes = MAX_BYTES): NonNullable<ApolloServerOptions<BaseContext>['documentStore']> {
  const documents = new LRUCache<string, DocumentNode>({ maxSize: maxBytes, sizeCalculation: bytesOf });
  return {
    get: async (key) => documents.get(key),
    set: async (key, document) => void documents.set(key, document),
    delete: async (key) => documents.delete(key),
  };
}

/** About how much memory a document takes. */
export function bytesOf({ loc }: DocumentNode): number {
  let tokens = 1;
  for (let token = loc?.startToken.next; token; token = token.next) tokens++;
  return tokens * TOKEN_BYTES + (loc?.source.body.length ?? 0) * CHARACTER_BYTES;
}
