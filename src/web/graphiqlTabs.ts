import { jointMember, relationships, salesAccount } from './examples/details.js';
import { accessQuery, identityQuery } from './examples/guarded.js';
import { bothSystems, entities, manyContacts, partialAnswer } from './examples/lists.js';

/** What a tab of GraphiQL opens with. `variables` and `headers` are JSON. */
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

/**
 * The queries that GraphiQL opens with, in the order in which a newcomer would try them. The ids are the sandbox's;
 * the name of a query is the title of its tab.
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

function guarded(query: string, scope: string, token: string | undefined): Tab {
  return token === undefined ? { query } : { query, headers: JSON.stringify({ authorization: `Bearer ${token}` }, null, 2), scope };
}
