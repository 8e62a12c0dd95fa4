import { ContactsError, isFound, type Outcome } from '../errors.js';
import { parseContactId } from '../ids.js';
import type { Deadline } from '../deadline.js';
import type { Address, Contact, SalesAccount } from '../model.js';
import type { RecordedIds } from '../recording.js';
import { AddressLoader } from './addressLoader.js';
import { ContactLoader } from './contactLoader.js';
import { OperationLoader } from './operationLoader.js';
import type { ChunkLimits } from './queue.js';
import type { RecordSource } from './resource.js';

/** What the process loads from. Undefined for an upstream that is not configured. */
export interface Sources {
  readonly pmsContacts: RecordSource<Contact> | undefined;
  readonly cas360Contacts: RecordSource<Contact> | undefined;
  readonly cas360Addresses: RecordSource<Address> | undefined;
}

/** The same resources, by what one call to them may name. */
export type PlannedResources = { readonly [name in keyof Sources]: ChunkLimits | undefined };

const SALES_ACCOUNT_ID = /^pms:[1-9][0-9]{0,18}$/;

/** Everything that one operation loads. */
export class Loaders {
  readonly contacts: ContactLoader;
  readonly addresses: AddressLoader;

  constructor({ pmsContacts, cas360Contacts, cas360Addresses }: Sources, deadline: Deadline, waits?: RecordedIds[]) {
    const loaderOf = <M>(source: RecordSource<M> | undefined): OperationLoader<M> | undefined => source && new OperationLoader(source, deadline, waits);
    this.contacts = new ContactLoader({ PMS: loaderOf(pmsContacts), CAS360: loaderOf(cas360Contacts) });
    this.addresses = new AddressLoader(this.contacts, loaderOf(cas360Addresses));
  }

  /** A sales account by its id and that of the contact said to hold it, both from outside. Null if it does not. */
  async salesAccount(id: unknown, contactId: unknown, field: string): Promise<Outcome<SalesAccount>> {
    const reference = parseContactId(contactId);
    if (!reference || typeof id !== 'string' || !SALES_ACCOUNT_ID.test(id)) return new ContactsError('BAD_USER_INPUT', undefined, { fault: 'salesAccount' });
    // Only the PMS keeps accounts.
    if (reference.source !== 'PMS') return null;
    const contact = await this.contacts.record(reference, field);
    if (!isFound(contact)) return contact;
    return contact.salesAccount?.id === id ? contact.salesAccount : null;
  }
}
