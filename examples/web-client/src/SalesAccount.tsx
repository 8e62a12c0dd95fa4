import { Field } from './Field';
import { graphql, unmask, type FragmentType } from './gql';
import type { Problems } from './problems';
import { Section } from './Section';

const SalesAccountFields = graphql(`
  fragment SalesAccount on Contact {
    source
    salesAccount {
      id
      accountCode
      companyName
      exportStatus
    }
  }
`);

interface SalesAccountProps {
  contact: FragmentType<typeof SalesAccountFields>;
  problems: Problems;
  onRetry: () => void;
}

/** Not there for contacts of the register, which keeps none. */
export function SalesAccount({ contact, problems, onRetry }: SalesAccountProps) {
  const { source, salesAccount } = unmask(SalesAccountFields, contact);
  if (source !== 'PMS') return null;
  return (
    <Section title="Sales account" problem={problems.get('salesAccount')} onRetry={onRetry} empty={!salesAccount && 'None'}>
      <dl>
        <Field label="Code">{salesAccount?.accountCode}</Field>
        <Field label="Company">{salesAccount?.companyName}</Field>
        <Field label="Export">{salesAccount?.exportStatus?.toLowerCase()}</Field>
      </dl>
    </Section>
  );
}
