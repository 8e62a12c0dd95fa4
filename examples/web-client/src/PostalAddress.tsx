import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';
import { Section } from './Section';

const PostalAddressFields = graphql(`
  fragment PostalAddress on Contact {
    address {
      id
      careOf
      lines
      city
      state
      postCode
      country {
        name
      }
    }
  }
`);

interface PostalAddressProps {
  contact: FragmentType<typeof PostalAddressFields>;
  problems: Problems;
  onRetry: () => void;
}

export function PostalAddress({ contact, problems, onRetry }: PostalAddressProps) {
  const { address } = unmask(PostalAddressFields, contact);
  const { careOf, lines, city, state, postCode, country } = address ?? {};
  const town = [city, state, postCode].filter(Boolean).join(' ');
  const written = [careOf, ...(lines ?? []), town, country?.name].filter(Boolean);
  return (
    <Section title="Address" problem={problems.get('address')} onRetry={onRetry} empty={!address && 'None'}>
      <address>
        {written.map((line, index) => (
          <span key={index}>{line}</span>
        ))}
      </address>
    </Section>
  );
}
