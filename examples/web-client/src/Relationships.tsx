import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';
import { Section } from './Section';

const RelationshipsFields = graphql(`
  fragment Relationships on Contact {
    relationships {
      type
      parentType
      parentId
      startDate
      endDate
      current
    }
  }
`);

interface RelationshipsProps {
  contact: FragmentType<typeof RelationshipsFields>;
  problems: Problems;
  onRetry: () => void;
}

/** Not there for contacts of the property management system, which keeps none. */
export function Relationships({ contact, problems, onRetry }: RelationshipsProps) {
  const { relationships } = unmask(RelationshipsFields, contact);
  const problem = problems.get('relationships');
  if (!relationships && !problem) return null;
  return (
    <Section title="Relationships" problem={problem} onRetry={onRetry} empty={relationships?.length === 0 && 'None'}>
      <ul className="relationships">
        {relationships?.map(({ type, parentType, parentId, startDate, endDate, current }, index) => (
          <li key={index} className={current ? '' : 'ended'}>
            <strong>{type}</strong> {parentType && `of a ${parentType.toLowerCase()}`}
            <code>{parentId}</code>
            <small>
              {startDate ?? 'unknown'} to {endDate ?? 'today'}
              {!current && ', ended'}
            </small>
          </li>
        ))}
      </ul>
    </Section>
  );
}
