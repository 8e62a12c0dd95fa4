import { useState } from 'react';
import { ContactDetails } from './ContactDetails';
import { Field } from './Field';
import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';
import { changeView, useView } from './view';

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
const badges = { PMS: 'pms', CAS360: 'cas360' };

interface ContactCardProps {
  contact: FragmentType<typeof ContactCardFields>;
  problems: Problems;
  /** Whether a message above the cards gives the reason. */
  isTold?: boolean;
  /** Asks for the card again. */
  onRetry: () => void;
}

export function ContactCard({ contact, problems, isTold = false, onRetry }: ContactCardProps) {
  const { id, source, contactType, name, email, phone, address } = unmask(ContactCardFields, contact);
  const { open } = useView();
  const isOpen = open.includes(id);
  // Once opened, the details stay when the card is closed: opening it again asks nobody.
  const [wasOpened, setWasOpened] = useState(isOpen);
  if (isOpen && !wasOpened) setWasOpened(true);
  const toggle = (opens: boolean): void => {
    if (opens !== isOpen) changeView({ open: opens ? [...open, id] : open.filter((other) => other !== id) }, { replace: true });
  };
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
        <Field label="Country" problem={problems.get('address')} isTold={isTold} onRetry={onRetry}>
          {address?.country?.name}
        </Field>
      </dl>
      <details open={isOpen} onToggle={(event) => toggle(event.currentTarget.open)}>
        <summary aria-label={`Details of ${name ?? id}`}>Details</summary>
        {wasOpened && <ContactDetails id={id} />}
      </details>
    </article>
  );
}
