import { graphql, unmask, type FragmentType } from './gql';
import type { PostalAddressFragment } from './gql/graphql';
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

type Address = NonNullable<PostalAddressFragment['address']>;

interface PostalAddressProps {
  contact: FragmentType<typeof PostalAddressFields>;
  problems: Problems;
  onRetry: () => void;
}

export function PostalAddress({ contact, problems, onRetry }: PostalAddressProps) {
  const { address } = unmask(PostalAddressFields, contact);
  return (
    <Section title="Address" problem={problems.get('address')} onRetry={onRetry} empty={!address && 'None'}>
      <address>
        {linesOf(address).map((line, index) => (
          <span key={index}>{line}</span>
        ))}
      </address>
    </Section>
  );
}

/** As on an envelope. Where a country is a town, as Singapore is, the post code follows its name. */
function linesOf(address: Address | null): string[] {
  if (!address) return [];
  const { careOf, lines, city, state, postCode, country } = address;
  const recipient = careOf && (/^c\/o\b/i.test(careOf) ? careOf : `c/o ${careOf}`);
  const town = [city, state, city || state ? postCode : null].filter(Boolean).join(' ');
  const land = [country?.name, city || state ? null : postCode].filter(Boolean).join(' ');
  return [recipient, ...(lines ?? []), town, land].filter((line): line is string => Boolean(line));
}
