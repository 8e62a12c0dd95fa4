import { jointMember, relationships, salesAccount } from './examples/details.js';
import { accessQuery, identityQuery } from './examples/guarded.js';
import { bothSystems, entities, manyContacts, partialAnswer } from './examples/lists.js';

/** An example of GraphiQL: what its tab opens with. `variables` and `headers` are JSON. */
export interface Tab {
  query: string;
  variables?: string;
  headers?: string;
  /** The scope of the token in `headers`. */
  scope?: string;
}

/** A bearer token for each scope. */
export interface Tokens {
  identity: string;
  access: string;
}

/** The name of an example's query, which is the title of its tab. */
export function nameOf({ query }: Tab): string {
  return /^query (\w+)/m.exec(query)?.[1] ?? '';
}

/**
 * The queries in GraphiQL's menu of examples, in the order in which a newcomer would try them. The first ones open as tabs.
 * The ids are the sandbox's. A comment is one line for each paragraph: the editor wraps it to its width.
 */
export function exampleTabs(tokens?: Tokens): Tab[] {
  return [
    bothSystems,
    manyContacts,
    relationships,
    jointMember,
    salesAccount,
    partialAnswer,
    entities,
    guarded(identityQuery, 'contact:identity', tokens?.identity),
    guarded(accessQuery, 'contact:access', tokens?.access),
  ];
}

/** An example that carries a token, if there is one. */
export function guarded(query: string, scope: string, token: string | undefined): Tab {
  return token === undefined ? { query } : { query, headers: JSON.stringify({ authorization: `Bearer ${token}` }, null, 2), scope };
}
