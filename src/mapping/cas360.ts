import { contactReference, idOf } from '../ids.js';
import type { Contact } from '../model.js';
import type * as Schema from '../schema.generated.js';
import type { components } from '../upstream/cas360/records.generated.js';
import { cas360Relationship } from './cas360Relationship.js';
import { country } from './country.js';
import { date } from './dates.js';
import { Fields, group, texts } from './fields.js';
import { id, oneOf, spelled, text } from './readers.js';
import type { MappingTools } from './tools.js';

export type Cas360ContactRecord = components['schemas']['ContactRecord'];

const contactType = spelled<Schema.ContactType>({
  People: 'PERSON',
  Company: 'COMPANY',
  'Other Entity': 'OTHER_ENTITY',
  'Joint Member': 'JOINT_MEMBER',
});
const gender = oneOf<Schema.Gender>('MALE', 'FEMALE');
const entityType = oneOf<Schema.EntityType>('OTHER', 'SMSF', 'PARTNERSHIP', 'TRUST');

/** The telephones, in the order in which they should be tried. */
const PHONES = [
  ['mobile', 'MOBILE'],
  ['phone1', 'PHONE_1'],
  ['phone2', 'PHONE_2'],
] as const;

/** A contact of the company register. A field is mapped when it is read. */
export class Cas360Contact implements Contact {
  readonly id: string;
  readonly #record: Fields<Cas360ContactRecord>;
  readonly #withRelationships: boolean;

  constructor(
    readonly sourceId: string,
    record: Cas360ContactRecord,
    withRelationships: boolean,
    tools: MappingTools,
  ) {
    this.#record = new Fields('CAS360', record, tools);
    this.id = idOf('CAS360', sourceId);
    this.#withRelationships = withRelationships;
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
    return this.#record.read('name', text) ?? texts(this.#record, 'firstName', 'middleName', 'lastName')?.join(' ') ?? null;
  }
  get title() {
    return this.#record.read('title', text);
  }
  get firstName() {
    return this.#record.read('firstName', text);
  }
  get middleNames() {
    return this.#record.read('middleName', text);
  }
  get lastName() {
    return this.#record.read('lastName', text);
  }
  get gender() {
    return this.#record.read('sex', gender);
  }
  get email() {
    return this.#record.read('email', text);
  }
  get phone() {
    for (const [key] of PHONES) {
      const number = this.#record.read(key, text);
      if (number !== null) return number;
    }
    return null;
  }
  get emailAddresses() {
    return this.#record.once('emailAddresses', () => {
      const address = this.email;
      return address === null ? null : [{ address, nickname: null, primary: true }];
    });
  }
  get phoneNumbers() {
    return this.#record.once('phoneNumbers', () => {
      const known = PHONES.map(([key, kind]) => ({ kind, number: this.#record.read(key, text) }));
      const numbers = known.filter(({ number }) => number !== null);
      return numbers.length === 0 ? null : numbers.map((phone, index) => ({ ...phone, primary: index === 0 }));
    });
  }
  get skype() {
    return this.#record.read('skype', text);
  }
  get preferredContactMethod() {
    return null;
  }
  get status() {
    return null;
  }
  get nationality() {
    return this.#record.once('nationality', () => country(this.#record, 'nationality'));
  }
  get address() {
    return this.#record.once('address', () => {
      const addressId = this.#record.read('addressId', id);
      return addressId === null ? null : { __typename: 'Address' as const, id: idOf('CAS360', addressId) };
    });
  }
  get addressHolder() {
    return this.#record.once('addressHolder', () => {
      if (this.contactType !== 'JOINT_MEMBER' || this.address) return null;
      const first = this.representatives[0];
      // Its own address is the one that is missing: a look-up there would lead back here.
      return first && first.sourceId !== this.sourceId ? first : null;
    });
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
    return this.#record.once('representatives', () => this.#record.items('representativeIds', id).map((sourceId) => contactReference('CAS360', sourceId)));
  }
  get registration() {
    return this.#record.once('registration', () =>
      group({
        companyNumber: this.#record.read('companyNumber', text),
        businessNumber: this.#record.read('businessNumber', text),
        entityType: this.#record.read('type', entityType),
        incorporationDate: this.#record.read('incorporationDate', date),
        // The second is how the register's documentation spells it.
        placeOfIncorporation: country(this.#record, 'placeOfIncorporation') ?? country(this.#record, 'placeOfIncorportaion'),
      }),
    );
  }
  get relationships() {
    if (!this.#withRelationships) return undefined;
    return this.#record.once('relationships', () => {
      const today = this.#record.tools.today();
      return this.#record.objects('relationships').map((relationship) => cas360Relationship(relationship, today));
    });
  }
  get dateOfBirth() {
    return this.#record.read('birthday', date);
  }
  get placeOfBirth() {
    return this.#record.once('placeOfBirth', () =>
      group({
        place: this.#record.read('birthPlace', text),
        state: this.#record.read('birthState', text),
        country: country(this.#record, 'birthCountry'),
      }),
    );
  }
  get identityDocuments() {
    return this.#record.once('identityDocuments', () => group({ passportNumber: null, socialSecurityNumber: null, taxNumber: this.#record.read('taxNumber', text) }));
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
