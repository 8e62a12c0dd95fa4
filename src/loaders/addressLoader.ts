import DataLoader from 'dataloader';
import { ContactsError, isFound, type Outcome } from '../errors.js';
import { contactReference, parseAddressId, type AddressPlace } from '../ids.js';
import type { Address, AddressReference, Contact, ContactReference } from '../model.js';
import type { ContactLoader, Loading } from './contactLoader.js';
import type { OperationLoader } from './operationLoader.js';

/** What a field needs of the addresses that it leads to. */
export interface AddressNeed {
  /** Their ids alone, or their records. */
  readonly what: 'id' | 'record';
  /** The field, such as `contacts.address`. */
  readonly field: string;
}

interface Wish {
  /** Which address is wanted: asked for at once, so that a contact whose address stands in leaves with its depth. */
  readonly reference: Loading<AddressReference>;
  readonly field: string;
}

/** One operation's addresses: those of the register by their ids, those of the PMS through the contacts that hold them. */
export class AddressLoader {
  readonly #contacts: ContactLoader;
  readonly #cas360: OperationLoader<Address> | undefined;
  readonly #ofContacts = new DataLoader((wishes: readonly Wish[]) => this.#loadOfContacts(wishes), { cache: false });

  constructor(contacts: ContactLoader, cas360: OperationLoader<Address> | undefined) {
    this.#contacts = contacts;
    this.#cas360 = cas360;
  }

  /** The address of a loaded contact. */
  ofContact(contact: Contact, { what, field }: AddressNeed): Loading<AddressReference> {
    const { address } = contact;
    if (address && (what === 'id' || isLoaded(address))) return address;
    const reference = address ?? (contact.addressHolder && this.#standIn(contact.addressHolder, field));
    return !reference || what === 'id' ? reference : this.#ofContacts.load({ reference, field });
  }

  /** The address with this id from outside, which may be malformed. */
  byId(id: unknown, need: AddressNeed): Loading<AddressReference> {
    const place = parseAddressId(id);
    if (!place) return new ContactsError('BAD_USER_INPUT');
    return place.source === 'CAS360' ? this.#inRegister(place, need) : this.#inContact(place, need);
  }

  #inRegister({ id, sourceId }: AddressPlace, need: AddressNeed): Loading<AddressReference> {
    if (!this.#cas360) return new ContactsError('SOURCE_NOT_CONFIGURED', 'CAS360');
    return need.what === 'id' ? referenceTo(id) : this.#cas360.load([sourceId], false, need.field).then(([outcome]) => outcome!);
  }

  async #inContact({ id, sourceId }: AddressPlace, need: AddressNeed): Promise<Outcome<AddressReference>> {
    const holder = await this.#contacts.byReference(contactReference('PMS', sourceId), need);
    if (!isFound(holder)) return holder;
    if (need.what === 'id') return referenceTo(id);
    const { address } = holder as Contact;
    return address?.id === id ? address : null;
  }

  /** Waits for the contacts whose addresses stand in first, so that all addresses of a depth leave together. */
  async #loadOfContacts(wishes: readonly Wish[]): Promise<Outcome<Address>[]> {
    const references = await Promise.all(wishes.map(({ reference }) => reference));
    const numbers = references.map((reference) => (isFound(reference) ? parseAddressId(reference.id)!.sourceId : undefined));
    const outcomes = new Map<string | undefined, Outcome<Address>>();
    const wanted = [...new Set(numbers)].filter((number) => number !== undefined);
    const loaded = wanted.length > 0 && this.#cas360 ? await this.#cas360.load(wanted, false, wishes[0]!.field) : [];
    loaded.forEach((outcome, i) => outcomes.set(wanted[i], outcome));
    return references.map((reference, i) => (isFound(reference) ? outcomes.get(numbers[i])! : reference));
  }

  async #standIn(addressHolder: ContactReference, field: string): Promise<Outcome<AddressReference>> {
    const holder = await this.#contacts.record(addressHolder, field);
    return isFound(holder) ? holder.address : holder;
  }
}

function referenceTo(id: string): AddressReference {
  return { __typename: 'Address', id };
}

function isLoaded(address: AddressReference): address is Address {
  return 'lines' in address;
}
