import { ContactCard } from './ContactCard';
import { graphql } from './gql';
import { MissingContact } from './MissingContact';
import { Outages } from './Outages';
import { isToldBy, outagesIn, problemsAt, wholeProblem } from './problems';
import { Reason } from './Reason';
import { useAnswer } from './useAnswer';

const ContactsQuery = graphql(`
  query Contacts($ids: [ID!]!) {
    contacts(ids: $ids) {
      ...ContactCard
    }
  }
`);

/** A card for each id, in one query. What did not arrive leaves the cards beside it alone. */
export function Contacts({ ids }: { ids: string[] }) {
  const { data, error, loading, retry } = useAnswer(ContactsQuery, { ids });
  if (!data && loading) return <Placeholders count={ids.length} />;
  if (!data) {
    return (
      <p className="notice" role="alert">
        <Reason problem={wholeProblem(error)} onRetry={retry} />
      </p>
    );
  }
  const outages = outagesIn(error);
  return (
    <>
      <Outages outages={outages} busy={loading} onRetry={retry} />
      <ul className="cards" aria-busy={loading}>
        {data.contacts.map((contact, index) => {
          const problems = problemsAt(error, `contacts.${index}`);
          const isTold = [...problems.values()].some((problem) => isToldBy(outages, problem));
          const id = ids[index]!;
          return (
            <li key={`${index} ${id}`}>
              {contact ? (
                <ContactCard contact={contact} problems={problems} isTold={isTold} onRetry={retry} />
              ) : (
                <MissingContact id={id} problem={problems.get('')} isTold={isTold} />
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Placeholders({ count }: { count: number }) {
  return (
    <ul className="cards" aria-label="Loading" aria-busy="true">
      {Array.from({ length: count }, (_, index) => (
        <li key={index} className="card placeholder" />
      ))}
    </ul>
  );
}
