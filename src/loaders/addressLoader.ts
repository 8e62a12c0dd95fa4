import { ContactsError, isFound, type Outcome } from '../errors.js';
import { contactReference, parseAddressId, type AddressPlace } from '../ids.js';
import type { Address, AddressReference, Contact } from '../model.js';
import type { ContactLoader } from './contactLoader.js';
import type { AddressNeed } from './needs.js';
import type { OperationLoader } from './operationLoader.js';
import type { Loading } from './resource.js';

/** How many representatives of representatives are asked for an address. */
export const MAX_HOLDERS = 20;

/** One operation's addresses: those of the register by their ids, those of the PMS through the contacts that hold them. */
export class AddressLoader {
  readonly #contacts: ContactLoader;
  readonly #cas360: OperationLoader<Address> | undefined;

  constructor(contacts: ContactLoader, cas360: OperationLoader<Address> | undefined) {
    this.#contacts = contacts;
    this.#cas360 = cas360;
  }

  /** The address of a loaded contact. It waits for calls about this contact only. */
  ofContact(contact: Contact, need: AddressNeed): Loading<AddressReference> {
    if (contact.address) return this.#load(contact.address, need);
    return contact.addressHolder && this.#ofHolder(contact, need);
  }

  /** The address with this id from outside, which may be malformed. */
  byId(id: unknown, need: AddressNeed): Loading<AddressReference> {
    const place = parseAddressId(id);
    if (!place) return new ContactsError('BAD_USER_INPUT', undefined, { fault: 'addressId' });
    return place.source === 'CAS360' ? this.#load(referenceTo(place.id), need) : this.#inContact(place, need);
  }

  #load(address: AddressReference, { what, field }: AddressNeed): Loading<AddressReference> {
    if (isLoaded(address)) return address;
    if (!this.#cas360) return new ContactsError('SOURCE_NOT_CONFIGURED', 'CAS360');
    return what === 'id' ? address : this.#cas360.loadOne(parseAddressId(address.id)!.sourceId, false, field);
  }

  async #inContact({ id, sourceId }: AddressPlace, need: AddressNeed): Promise<Outcome<AddressReference>> {
    const holder = await this.#contacts.byReference(contactReference('PMS', sourceId), need);
    if (!isFound(holder)) return holder;
    if (need.what === 'id') return referenceTo(id);
    const { address } = holder as Contact;
    return address?.id === id ? address : null;
  }

  /** Joint Members without an address use their first representative's, who may be such a Joint Member too. A circle has none. */
  async #ofHolder(contact: Contact, need: AddressNeed): Promise<Outcome<AddressReference>> {
    const visited = new Set<string>();
    let holder = contact;
    while (!holder.address) {
      visited.add(holder.id);
      const next = holder.addressHolder;
      if (!next || visited.has(next.id)) return null;
      if (visited.size > MAX_HOLDERS) return new ContactsError('UPSTREAM_INVALID_RESPONSE', next.source);
      const loading = this.#contacts.record(next, need.field);
      // No await for one that is here already, so that its address leaves with those of other contacts.
      const outcome = loading instanceof Promise ? await loading : loading;
      if (!isFound(outcome)) return outcome;
      holder = outcome;
    }
    return this.#load(holder.address, need);
  }
}

function referenceTo(id: string): AddressReference {
  return { __typename: 'Address', id };
}

function isLoaded(address: AddressReference): address is Address {
  return 'lines' in address;
}
