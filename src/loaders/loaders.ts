import { ContactsError, type Outcome } from '../errors.js';
import { parseContactId } from '../ids.js';
import type { Life } from '../life.js';
import type { Address, Contact, SalesAccount } from '../model.js';
import { AddressLoader } from './addressLoader.js';
import { ContactLoader } from './contactLoader.js';
import type { Gatherer } from './gatherer.js';
import { OperationLoader } from './operationLoader.js';

/** The upstream resources of the process. An upstream that is not configured has none. */
export interface Gatherers {
  readonly pmsContacts: Gatherer<Contact> | undefined;
  readonly cas360Contacts: Gatherer<Contact> | undefined;
  readonly cas360Addresses: Gatherer<Address> | undefined;
}

const SALES_ACCOUNT_ID = /^pms:[1-9][0-9]{0,18}$/;

/** Everything that one operation loads. Made for one operation, which ends with `life`. */
export class Loaders {
  readonly contacts: ContactLoader;
  readonly addresses: AddressLoader;

  constructor(gatherers: Gatherers, life: Life) {
    const { pmsContacts, cas360Contacts, cas360Addresses } = gatherers;
    this.contacts = new ContactLoader({
      PMS: pmsContacts && new OperationLoader('PMS', pmsContacts, life),
      CAS360: cas360Contacts && new OperationLoader('CAS360', cas360Contacts, life),
    });
    this.addresses = new AddressLoader(this.contacts, cas360Addresses && new OperationLoader('CAS360', cas360Addresses, life));
  }

  /** A sales account by its id and that of the contact said to hold it, both from outside. Null if it does not. */
  async salesAccount(id: unknown, contactId: unknown): Promise<Outcome<SalesAccount>> {
    const reference = parseContactId(contactId);
    if (!reference || typeof id !== 'string' || !SALES_ACCOUNT_ID.test(id)) return new ContactsError('BAD_USER_INPUT');
    // Only the PMS keeps accounts.
    if (reference.source !== 'PMS') return null;
    const contact = await this.contacts.byReference(reference, 'record');
    if (!contact || contact instanceof ContactsError) return contact;
    return contact.salesAccount?.id === id ? contact.salesAccount : null;
  }
}
