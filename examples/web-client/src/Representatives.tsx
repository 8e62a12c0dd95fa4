import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';
import { Reason } from './Reason';
import { Section } from './Section';

const RepresentativesFields = graphql(`
  fragment Representatives on Contact {
    representatives {
      id
      name
    }
  }
`);

interface RepresentativesProps {
  contact: FragmentType<typeof RepresentativesFields>;
  problems: Problems;
  onRetry: () => void;
}

/** Not there for contacts of the property management system, which keeps none. */
export function Representatives({ contact, problems, onRetry }: RepresentativesProps) {
  const { representatives } = unmask(RepresentativesFields, contact);
  const problem = problems.get('representatives');
  if (!representatives && !problem) return null;
  return (
    <Section title="Representatives" problem={problem} onRetry={onRetry} empty={representatives?.length === 0 && 'None'}>
      <ol>
        {representatives?.map((representative, index) => {
          const missing = problems.get(`representatives.${index}`);
          return (
            <li key={index}>
              {missing && <Reason problem={missing} onRetry={onRetry} />}
              {representative?.name} <code>{representative?.id}</code>
            </li>
          );
        })}
      </ol>
    </Section>
  );
}
