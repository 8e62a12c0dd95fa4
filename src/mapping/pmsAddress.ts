import { idOf } from '../ids.js';
import type { Address } from '../model.js';
import type { Country } from '../schema.generated.js';
import type { components } from '../upstream/pms/records.generated.js';
import { country } from './country.js';
import { texts, type Fields } from './fields.js';
import { flag } from './readers.js';

type AddressFields = Fields<components['schemas']['AddressRecord']>;

/** Null without an id: nobody could refer to it. */
export function pmsAddress(contactId: string, record: AddressFields): Address | null {
  const addressId = record.ownId();
  return addressId === null ? null : new PmsAddress(`${contactId}/${addressId}`, record);
}

class PmsAddress implements Address {
  readonly id: string;
  readonly #record: AddressFields;
  #lines: string[] | null | undefined;
  #country: Country | null | undefined;

  constructor(sourceId: string, record: AddressFields) {
    this.id = idOf('PMS', sourceId);
    this.#record = record;
  }

  get __typename() {
    return 'Address' as const;
  }
  get lines() {
    return (this.#lines ??= texts(this.#record, 'addressLine1', 'addressLine2', 'addressLine3')?.map((line) => line.trim()) ?? null);
  }
  get careOf() {
    return null;
  }
  get city() {
    return this.#record.text('city');
  }
  get state() {
    return null;
  }
  get postCode() {
    return this.#record.text('postCode');
  }
  get country() {
    return (this.#country ??= country(this.#record, 'country'));
  }
  get nickname() {
    return this.#record.text('nickname');
  }
  get primary() {
    return this.#record.read('primary', flag);
  }
}
