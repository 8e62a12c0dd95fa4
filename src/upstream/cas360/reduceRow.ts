/* eslint-disable @typescript-eslint/no-deprecated -- The register's documentation misspells two keys. Either spelling may come. */
import { country, list, nested, single, type Reduced } from '../reduce.js';
import type { components } from './records.generated.js';

type Records = components['schemas'];
type RelationshipRecord = Records['RelationshipRecord'];

/** A contact record, with `id` as digits. `relationships` is undefined if they were not requested. */
export type Cas360Contact = Reduced<Records['ContactRecord']>;
export type Cas360Address = Reduced<Records['AddressRecord']>;

/** The keys of a contact whose fields need a scope. */
export const CAS360_GUARDED_KEYS = ['birthday', 'birthPlace', 'birthState', 'birthCountry', 'taxNumber'] as const satisfies readonly (keyof Records['ContactRecord'])[];

/**
 * Keeps only the keys that the mapping reads. Does not check values. One literal gives all records the same hidden class, so
 * that reading them is fast.
 */
export function reduceContact(id: string, row: Records['ContactRecord'], relationships: boolean): Cas360Contact {
  return {
    id,
    contactType: single(row.contactType),
    name: single(row.name),
    title: single(row.title),
    firstName: single(row.firstName),
    middleName: single(row.middleName),
    lastName: single(row.lastName),
    sex: single(row.sex),
    email: single(row.email),
    mobile: single(row.mobile),
    phone1: single(row.phone1),
    phone2: single(row.phone2),
    skype: single(row.skype),
    nationality: country(row.nationality),
    companyNumber: single(row.companyNumber),
    businessNumber: single(row.businessNumber),
    type: single(row.type),
    incorporationDate: single(row.incorporationDate),
    placeOfIncorporation: country(row.placeOfIncorporation),
    placeOfIncorportaion: country(row.placeOfIncorportaion),
    addressId: single(row.addressId),
    representativeIds: list(row.representativeIds, single),
    relationships: relationships ? (list(row.relationships, (item) => nested(item, relationship)) ?? null) : undefined,
    birthday: single(row.birthday),
    birthPlace: single(row.birthPlace),
    birthState: single(row.birthState),
    birthCountry: country(row.birthCountry),
    taxNumber: single(row.taxNumber),
  };
}

/** The same for an address. */
export function reduceAddress(id: string, row: Records['AddressRecord']): Cas360Address {
  return {
    id,
    careOf: single(row.careOf),
    unitFlat: single(row.unitFlat),
    levelFloor: single(row.levelFloor),
    block: single(row.block),
    buildingEstate: single(row.buildingEstate),
    streetLine1: single(row.streetLine1),
    streetLine2: single(row.streetLine2),
    suburb: single(row.suburb),
    state: single(row.state),
    postcode: single(row.postcode),
    postCode: single(row.postCode),
    country: country(row.country),
  };
}

function relationship(record: RelationshipRecord): Required<RelationshipRecord> {
  return {
    parentId: single(record.parentId),
    parentType: single(record.parentType),
    type: single(record.type),
    startDate: single(record.startDate),
    endDate: single(record.endDate),
  };
}
