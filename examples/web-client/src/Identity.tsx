import { Field } from './Field';
import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';

const IdentityFields = graphql(`
  fragment Identity on Contact {
    dateOfBirth
    identityDocuments {
      passportNumber
      socialSecurityNumber
      taxNumber
    }
  }
`);

interface IdentityProps {
  contact: FragmentType<typeof IdentityFields>;
  problems: Problems;
}

/** What only a token with the scope `contact:identity` opens. */
export function Identity({ contact, problems }: IdentityProps) {
  const { dateOfBirth, identityDocuments } = unmask(IdentityFields, contact);
  const { passportNumber, socialSecurityNumber, taxNumber } = identityDocuments ?? {};
  const documents = [
    passportNumber && `passport ${passportNumber}`,
    socialSecurityNumber && `social security ${socialSecurityNumber}`,
    taxNumber && `tax ${taxNumber}`,
  ].filter(Boolean);
  return (
    <section>
      <h3>Identity</h3>
      <dl>
        <Field label="Born on" problem={problems.get('dateOfBirth')}>
          {dateOfBirth}
        </Field>
        <Field label="Documents" problem={problems.get('identityDocuments')}>
          {documents.length > 0 ? documents.join(', ') : null}
        </Field>
      </dl>
    </section>
  );
}
