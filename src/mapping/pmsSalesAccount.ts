import { idOf } from '../ids.js';
import type { CompanyReference, ContactReference, SalesAccount } from '../model.js';
import type { components } from '../upstream/pms/records.generated.js';
import { localDateTime } from './dates.js';
import type { Fields } from './fields.js';
import { exportStatus } from './pmsWords.js';
import { id } from './readers.js';

type AccountFields = Fields<components['schemas']['SalesAccountRecord']>;

/** Null without an id: nobody could refer to it. */
export function pmsSalesAccount(holder: ContactReference, record: AccountFields): SalesAccount | null {
  const accountId = record.ownId();
  if (accountId === null) return null;
  const contact = record.object('contact');
  const contactId = contact.read('id', id);
  if (contactId !== null && contactId !== holder.sourceId) contact.drift('id');
  return new PmsSalesAccount(accountId, holder, record);
}

class PmsSalesAccount implements SalesAccount {
  readonly id: string;
  readonly #record: AccountFields;
  #company: CompanyReference | null | undefined;

  constructor(
    sourceId: string,
    readonly contact: ContactReference,
    record: AccountFields,
  ) {
    this.id = idOf('PMS', sourceId);
    this.#record = record;
  }

  get __typename() {
    return 'SalesAccount' as const;
  }
  get accountCode() {
    return this.#record.text('accountCode');
  }
  get externalId() {
    return this.#record.text('externalId');
  }
  get exportedDate() {
    return this.#record.read('exportedDate', localDateTime);
  }
  get exportStatus() {
    return this.#record.read('exportStatus', exportStatus);
  }
  get company() {
    return (this.#company ??= company(this.#record.object('company')));
  }
  get companyName() {
    return this.#record.object('company').text('companyName');
  }
}

const company = (record: Fields<{ id?: unknown }>): CompanyReference | null => {
  const companyId = record.read('id', id);
  return companyId === null ? null : { __typename: 'Company', id: idOf('PMS', companyId) };
};
