import { idOf } from '../ids.js';
import type { AddressReference } from '../model.js';
import type * as Schema from '../schema.generated.js';
import type { components } from '../upstream/cas360/records.generated.js';
import { cas360Relationship } from './cas360Relationship.js';
import { country } from './country.js';
import { date } from './dates.js';
import { group, type Fields } from './fields.js';
import { id, oneOf, stateName } from './readers.js';

/** The record of a contact of the company register. */
export type Cas360ContactFields = Fields<components['schemas']['ContactRecord']>;

const entityType = oneOf<Schema.EntityType>('OTHER', 'SMSF', 'PARTNERSHIP', 'TRUST');

/** Telephone numbers, the preferred one first. */
export const PHONES = [
  ['mobile', 'MOBILE'],
  ['phone1', 'PHONE_1'],
  ['phone2', 'PHONE_2'],
] as const;

export const emailAddresses = (address: string | null) => (address === null ? null : [{ address, nickname: null, primary: true }]);

export const phoneNumbers = (record: Cas360ContactFields) => {
  const known = PHONES.map(([key, kind]) => ({ kind, number: record.text(key) }));
  const numbers = known.filter(({ number }) => number !== null);
  return numbers.length === 0 ? null : numbers.map((phone, index) => ({ ...phone, primary: index === 0 }));
};

export const address = (record: Cas360ContactFields): AddressReference | null => {
  const addressId = record.read('addressId', id);
  return addressId === null ? null : { __typename: 'Address', id: idOf('CAS360', addressId) };
};

export const registration = (record: Cas360ContactFields) =>
  group({
    companyNumber: record.text('companyNumber'),
    businessNumber: record.text('businessNumber'),
    entityType: record.read('type', entityType),
    incorporationDate: record.read('incorporationDate', date),
    // The register's documentation spells it `placeOfIncorportaion`.
    placeOfIncorporation: country(record, 'placeOfIncorporation') ?? country(record, 'placeOfIncorportaion'),
  });

export const relationships = (record: Cas360ContactFields) => {
  const today = record.tools.today();
  return record.objects('relationships', (relationship) => cas360Relationship(relationship, today));
};

export const placeOfBirth = (record: Cas360ContactFields) =>
  group({
    place: record.text('birthPlace'),
    state: stateName(record.text('birthState')),
    country: country(record, 'birthCountry'),
  });

export const identityDocuments = (record: Cas360ContactFields) => group({ passportNumber: null, socialSecurityNumber: null, taxNumber: record.text('taxNumber') });
