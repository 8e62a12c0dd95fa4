import { idOf } from '../ids.js';
import type { Address } from '../model.js';
import type { Country } from '../schema.generated.js';
import type { components } from '../upstream/cas360/records.generated.js';
import { country } from './country.js';
import { Fields } from './fields.js';
import { stateName } from './readers.js';
import { streetLines } from './streetLines.js';
import type { MappingTools } from './tools.js';

type AddressFields = Fields<components['schemas']['AddressRecord']>;

/** An address of the company register. Maps a field when it is read. */
export class Cas360Address implements Address {
  readonly id: string;
  readonly #record: AddressFields;
  #lines: string[] | null | undefined;
  #country: Country | null | undefined;

  constructor(sourceId: string, record: object, tools: MappingTools) {
    this.id = idOf('CAS360', sourceId);
    this.#record = new Fields('CAS360', record, tools);
  }

  get __typename() {
    return 'Address' as const;
  }
  get lines() {
    return (this.#lines ??= this.#writtenLines());
  }
  get careOf() {
    return this.#record.text('careOf');
  }
  get city() {
    return this.#record.text('suburb');
  }
  get state() {
    return stateName(this.#record.text('state'));
  }
  get postCode() {
    // The register's documentation spells it `postCode`.
    return this.#record.text('postcode') ?? this.#record.text('postCode');
  }
  get country() {
    return (this.#country ??= country(this.#record, 'country'));
  }
  get nickname() {
    return null;
  }
  get primary() {
    return null;
  }

  #writtenLines(): string[] | null {
    const record = this.#record;
    const lines = streetLines({
      building: record.text('buildingEstate'),
      unit: record.text('unitFlat'),
      level: record.text('levelFloor'),
      block: record.text('block'),
      street1: record.text('streetLine1'),
      street2: record.text('streetLine2'),
    });
    return lines.length === 0 ? null : lines;
  }
}
