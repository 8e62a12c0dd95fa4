import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { wholeProblem } from './problems';
import { bearer, notAccepted } from './token';

const withToken = new SetContextLink(({ headers }) => {
  const token = bearer();
  return token === undefined ? { headers } : { token, headers: { ...headers, authorization: `Bearer ${token}` } };
});

const refusals = new ErrorLink(({ error, operation }) => {
  const { token } = operation.getContext() as { token?: string };
  if (token !== undefined && wholeProblem(error).code === 'UNAUTHENTICATED') notAccepted(token);
});

export const client = new ApolloClient({
  link: withToken.concat(refusals).concat(new HttpLink({ uri: 'graphql' })),
  cache: new InMemoryCache(),
});

/** Asks again for all that the page shows. */
export async function refresh(): Promise<void> {
  await client.refetchQueries({ include: 'active' });
}
