import { useLazyQuery } from '@apollo/client/react';
import { ContactCard } from './ContactCard';
import { graphql } from './gql';
import { problemsAt, wholeProblem, type Problem } from './problems';
import { Reason } from './Reason';

const OneContactQuery = graphql(`
  query OneContact($id: ID!) {
    contact(id: $id) {
      ...ContactCard
    }
  }
`);

interface MissingContactProps {
  id: string;
  problem: Problem | undefined;
  /** Whether a message above the cards gives the reason. */
  isTold: boolean;
}

/** The card of a contact that is not there, or not yet: trying again asks for this one alone. */
export function MissingContact({ id, problem, isTold }: MissingContactProps) {
  const [ask, { data, error, called, loading }] = useLazyQuery(OneContactQuery, { errorPolicy: 'all', fetchPolicy: 'no-cache' });
  const retry = (): void => void ask({ variables: { id } });
  const problems = problemsAt(error, 'contact');
  if (data?.contact) {
    return (
      <div ref={focus} tabIndex={-1}>
        <ContactCard contact={data.contact} problems={problems} onRetry={retry} />
      </div>
    );
  }

  const answered = called && !loading;
  const latest = !answered ? problem : error && (problems.get('') ?? wholeProblem(error));
  return (
    <article className="card missing" data-id={id}>
      <header>
        <h2>{latest ? 'Not available' : 'No such contact'}</h2>
        <code>{id}</code>
      </header>
      {latest ? !isTold && <Reason problem={latest} onRetry={retry} busy={loading} /> : <p>The system has no contact with this id.</p>}
    </article>
  );
}

/** The button that had it is gone. */
const focus = (card: HTMLElement | null): void => card?.focus();
