import { contactReference, idOf } from '../ids.js';
import type { Contact } from '../model.js';
import type * as Schema from '../schema.generated.js';
import * as parts from './cas360Parts.js';
import type { Cas360ContactFields } from './cas360Parts.js';
import { country } from './country.js';
import { date } from './dates.js';
import { Fields, texts } from './fields.js';
import { id, oneOf, spelled } from './readers.js';
import type { MappingTools } from './tools.js';

const contactType = spelled<Schema.ContactType>({
  People: 'PERSON',
  Company: 'COMPANY',
  'Other Entity': 'OTHER_ENTITY',
  'Joint Member': 'JOINT_MEMBER',
});
const gender = oneOf<Schema.Gender>('MALE', 'FEMALE');

/** A contact of the company register. Maps a field when it is read. Keeps composite fields, because each field below reads them again. */
export class Cas360Contact implements Contact {
  readonly id: string;
  readonly #record: Cas360ContactFields;
  readonly #withRelationships: boolean;
  #emailAddresses?: Contact['emailAddresses'];
  #phoneNumbers?: Contact['phoneNumbers'];
  #nationality?: Contact['nationality'];
  #address?: Contact['address'];
  #representatives?: Contact['representatives'];
  #registration?: Contact['registration'];
  #relationships?: Contact['relationships'];
  #placeOfBirth?: Contact['placeOfBirth'];
  #identityDocuments?: Contact['identityDocuments'];

  /** `record.relationships` is undefined if they were not requested. */
  constructor(
    readonly sourceId: string,
    record: { readonly relationships?: unknown },
    tools: MappingTools,
  ) {
    this.#record = new Fields('CAS360', record, tools);
    this.id = idOf('CAS360', sourceId);
    this.#withRelationships = record.relationships !== undefined;
  }

  get __typename() {
    return 'Contact' as const;
  }
  get source() {
    return 'CAS360' as const;
  }
  get uuid() {
    return null;
  }
  get contactType() {
    return this.#record.read('contactType', contactType);
  }
  get name() {
    return this.#record.text('name') ?? texts(this.#record, 'firstName', 'middleName', 'lastName')?.join(' ') ?? null;
  }
  get title() {
    return this.#record.text('title');
  }
  get firstName() {
    return this.#record.text('firstName');
  }
  get middleNames() {
    return this.#record.text('middleName');
  }
  get lastName() {
    return this.#record.text('lastName');
  }
  get gender() {
    return this.#record.read('sex', gender);
  }
  get email() {
    return this.#record.text('email');
  }
  get phone() {
    for (const [key] of parts.PHONES) {
      const number = this.#record.text(key);
      if (number !== null) return number;
    }
    return null;
  }
  get emailAddresses() {
    return (this.#emailAddresses ??= parts.emailAddresses(this.email));
  }
  get phoneNumbers() {
    return (this.#phoneNumbers ??= parts.phoneNumbers(this.#record));
  }
  get skype() {
    return this.#record.text('skype');
  }
  get preferredContactMethod() {
    return null;
  }
  get status() {
    return null;
  }
  get nationality() {
    return (this.#nationality ??= country(this.#record, 'nationality'));
  }
  get address() {
    return (this.#address ??= parts.address(this.#record));
  }
  get addressHolder() {
    if (this.contactType !== 'JOINT_MEMBER' || this.address) return null;
    const first = this.representatives?.[0];
    // A contact that names itself as representative would be looked up without end.
    return first && first.sourceId !== this.sourceId ? first : null;
  }
  get employment() {
    return null;
  }
  get marketing() {
    return null;
  }
  get guest() {
    return null;
  }
  get salesAccount() {
    return null;
  }
  get representatives() {
    return (this.#representatives ??= this.#record.items('representativeIds', id)?.map((sourceId) => contactReference('CAS360', sourceId)) ?? null);
  }
  get registration() {
    return (this.#registration ??= parts.registration(this.#record));
  }
  get relationships() {
    return this.#withRelationships ? (this.#relationships ??= parts.relationships(this.#record)) : undefined;
  }
  get dateOfBirth() {
    return this.#record.read('birthday', date);
  }
  get placeOfBirth() {
    return (this.#placeOfBirth ??= parts.placeOfBirth(this.#record));
  }
  get identityDocuments() {
    return (this.#identityDocuments ??= parts.identityDocuments(this.#record));
  }
  get verification() {
    return null;
  }
  get doorAccess() {
    return null;
  }
  get cognitoId() {
    return null;
  }
}
