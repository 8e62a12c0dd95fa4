import type { OperationVariables, TypedDocumentNode } from '@apollo/client';
import { useQuery } from '@apollo/client/react';
import { useState } from 'react';

/** `useQuery` for answers that may lack parts: each lack keeps its error for as long as it is shown. */
export function useAnswer<Data, Variables extends OperationVariables>(query: TypedDocumentNode<Data, Variables>, variables: Variables) {
  const { data, error, loading, refetch } = useQuery<Data, OperationVariables>(query, {
    variables,
    errorPolicy: 'all',
    // The cache keeps no errors: what comes from there looks as if it did not exist, where it was only refused.
    fetchPolicy: 'no-cache',
  });
  // While Apollo Client asks again it keeps the data, but not the errors.
  const [latest, setLatest] = useState(error);
  if (!loading && error !== latest) setLatest(error);
  return { data: data as Data | undefined, error: loading ? latest : error, loading, retry: () => void refetch() };
}
