import { useState } from 'react';
import { ContactDetails } from './ContactDetails';
import { Field } from './Field';
import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';

export const ContactCardFields = graphql(`
  fragment ContactCard on Contact {
    id
    source
    contactType
    name
    email
    phone
    address {
      id
      country {
        name
      }
    }
  }
`);

const kinds = { PERSON: 'Person', COMPANY: 'Company', OTHER_ENTITY: 'Other entity', JOINT_MEMBER: 'Joint member' };
const badges = { PMS: 'Guests', CAS360: 'Register' };

interface ContactCardProps {
  contact: FragmentType<typeof ContactCardFields>;
  problems: Problems;
  /** Asks for the card again. */
  onRetry: () => void;
}

export function ContactCard({ contact, problems, onRetry }: ContactCardProps) {
  const { id, source, contactType, name, email, phone, address } = unmask(ContactCardFields, contact);
  // Once opened, the details stay when the card is closed: opening it again asks nobody.
  const [opened, setOpened] = useState(false);
  return (
    <article className="card" data-id={id} data-source={source}>
      <header>
        <p className="kind">
          {contactType && kinds[contactType]}
          <span className="badge">{badges[source]}</span>
        </p>
        <h2>{name ?? 'Without a name'}</h2>
        <code>{id}</code>
      </header>
      <dl>
        <Field label="E-mail">{email}</Field>
        <Field label="Phone">{phone}</Field>
        <Field label="Country" problem={problems.get('address')} onRetry={onRetry}>
          {address?.country?.name}
        </Field>
      </dl>
      <details onToggle={(event) => event.currentTarget.open && setOpened(true)}>
        <summary aria-label={`Details of ${name ?? id}`}>Details</summary>
        {opened && <ContactDetails id={id} />}
      </details>
    </article>
  );
}
