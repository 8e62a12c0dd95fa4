import { SCOPES } from '../src/graphql/accessPolicy.js';
import type { Tokens } from '../src/web/graphiqlTabs.js';
import type { Identity } from './identity.js';

const A_DAY_SECONDS = 86_400;

/** A token for each scope, for people who try things out. */
export async function dayTokens(identity: Identity): Promise<Tokens> {
  const [forIdentity, forAccess] = await Promise.all(SCOPES.map((scope) => identity.token({ scopes: [scope], expiresInSeconds: A_DAY_SECONDS })));
  return { identity: forIdentity!, access: forAccess! };
}

/** What a greeting says of them. */
export function tokensText({ identity, access }: Tokens): string {
  return `  Some fields need a scope. Send one of these tokens as "authorization: Bearer <token>"; they are good for a day.

  contact:identity
  ${identity}

  contact:access
  ${access}
`;
}
