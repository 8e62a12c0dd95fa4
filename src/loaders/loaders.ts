import { ContactsError, isFound, type Outcome } from '../errors.js';
import { parseContactId } from '../ids.js';
import type { Life } from '../life.js';
import type { Address, Contact, SalesAccount } from '../model.js';
import { AddressLoader } from './addressLoader.js';
import { ContactLoader } from './contactLoader.js';
import { OperationLoader, type Requests } from './operationLoader.js';
import type { Watch } from '../watch.js';

/** The upstream resources of the process. An upstream that is not configured has none. */
export interface Resources {
  readonly pmsContacts: Requests<Contact> | undefined;
  readonly cas360Contacts: Requests<Contact> | undefined;
  readonly cas360Addresses: Requests<Address> | undefined;
}

const SALES_ACCOUNT_ID = /^pms:[1-9][0-9]{0,18}$/;

/** Everything that one operation loads. Made for one operation, which ends with `life`. */
export class Loaders {
  readonly contacts: ContactLoader;
  readonly addresses: AddressLoader;

  constructor({ pmsContacts, cas360Contacts, cas360Addresses }: Resources, life: Life, watch?: Watch) {
    this.contacts = new ContactLoader({
      PMS: pmsContacts && new OperationLoader('PMS', pmsContacts, life, watch),
      CAS360: cas360Contacts && new OperationLoader('CAS360', cas360Contacts, life, watch),
    });
    this.addresses = new AddressLoader(this.contacts, cas360Addresses && new OperationLoader('CAS360', cas360Addresses, life, watch));
  }

  /** A sales account by its id and that of the contact said to hold it, both from outside. Null if it does not. */
  async salesAccount(id: unknown, contactId: unknown, field: string): Promise<Outcome<SalesAccount>> {
    const reference = parseContactId(contactId);
    if (!reference || typeof id !== 'string' || !SALES_ACCOUNT_ID.test(id)) return new ContactsError('BAD_USER_INPUT');
    // Only the PMS keeps accounts.
    if (reference.source !== 'PMS') return null;
    const contact = await this.contacts.record(reference, field);
    if (!isFound(contact)) return contact;
    return contact.salesAccount?.id === id ? contact.salesAccount : null;
  }
}
