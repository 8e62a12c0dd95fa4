import { graphql } from './gql';
import { Identity } from './Identity';
import { PostalAddress } from './PostalAddress';
import { problemsAt, wholeProblem } from './problems';
import { Reason } from './Reason';
import { Relationships } from './Relationships';
import { Representatives } from './Representatives';
import { SalesAccount } from './SalesAccount';
import { useAnswer } from './useAnswer';

export const ContactDetailsQuery = graphql(`
  query ContactDetails($id: ID!) {
    contact(id: $id) {
      id
      ...Relationships
      ...Representatives
      ...PostalAddress
      ...SalesAccount
      ...Identity
    }
  }
`);

/** What an opened card shows more of a contact. Only this query makes the register look for relationships. */
export function ContactDetails({ id }: { id: string }) {
  const { data, error, loading, retry } = useAnswer(ContactDetailsQuery, { id });
  const problems = problemsAt(error, 'contact');
  const contact = data?.contact;
  if (!contact && loading) return <p role="status">Loading</p>;
  if (!contact) return error ? <Reason problem={problems.get('') ?? wholeProblem(error)} onRetry={retry} /> : <p>There is no such contact any more.</p>;

  const parts = { contact, problems, onRetry: retry };
  return (
    <div className="details" aria-busy={loading}>
      <Relationships {...parts} />
      <Representatives {...parts} />
      <PostalAddress {...parts} />
      <SalesAccount {...parts} />
      <Identity {...parts} />
    </div>
  );
}
