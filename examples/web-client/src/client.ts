import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';

let token: string | undefined;

const bearer = new SetContextLink(({ headers }) => ({
  headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
}));

export const client = new ApolloClient({
  link: bearer.concat(new HttpLink({ uri: 'graphql' })),
  cache: new InMemoryCache(),
});

/** Gets a token with this scope, or drops the one there is, for all queries from now on. */
export async function chooseScope(scope: string): Promise<void> {
  token = scope ? await tokenWith(scope) : undefined;
}

async function tokenWith(scope: string): Promise<string> {
  const response = await fetch(`token?${new URLSearchParams({ scope })}`);
  const { access_token: accessToken } = (await response.json()) as { access_token: string };
  return accessToken;
}
