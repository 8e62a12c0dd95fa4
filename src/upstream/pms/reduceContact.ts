import { country, nested, single, type Reduced } from '../reduce.js';
import type { components } from './records.generated.js';

type Records = components['schemas'];
type ContactRecord = Records['ContactRecord'];

/** A contact record, with `id` as digits. */
export type PmsContact = Reduced<Omit<ContactRecord, 'password'>>;

/** The keys whose fields need a scope. */
export const PMS_GUARDED_KEYS = [
  'dateOfBirth',
  'passportNumber',
  'socialSecurityNumber',
  'idCheck',
  'identityConfirmedDate',
  'identityConfirmedReference',
  'creditCheckOk',
  'creditCheckDate',
  'saltoIdentifier',
  'saltoAssignedTagId',
  'saltoRegistrationStatus',
  'saltoKeysLastUpdated',
  'keyCardCode',
  'cognitoId',
] as const satisfies readonly (keyof ContactRecord)[];

/**
 * Keeps only the keys that the mapping reads: no password, and no key that the PMS adds later. Does not check values. One
 * literal gives all records the same hidden class, so that reading them is fast.
 */
export function reduceContact(id: string, record: ContactRecord): PmsContact {
  return {
    id,
    uuid: single(record.uuid),
    title: single(record.title),
    firstName: single(record.firstName),
    middleNames: single(record.middleNames),
    lastName: single(record.lastName),
    gender: single(record.gender),
    status: single(record.status),
    jobTitle: single(record.jobTitle),
    department: single(record.department),
    companyName: single(record.companyName),
    preferences: single(record.preferences),
    preferredContactMethod: single(record.preferredContactMethod),
    marketingOptOut: single(record.marketingOptOut),
    lifecycleStage: single(record.lifecycleStage),
    lastBookingRole: single(record.lastBookingRole),
    type: single(record.type),
    source: single(record.source),
    industry: nested(record.industry, pickListItem),
    referrer: nested(record.referrer, pickListItem),
    marketSegment: nested(record.marketSegment, pickListItem),
    nationality: country(record.nationality),
    primaryContactAddress: nested(record.primaryContactAddress, address),
    primaryContactEmailAddress: nested(record.primaryContactEmailAddress, emailAddress),
    primaryContactTelephoneNumber: nested(record.primaryContactTelephoneNumber, telephoneNumber),
    contactSalesAccount: nested(record.contactSalesAccount, salesAccount),
    dateOfBirth: single(record.dateOfBirth),
    passportNumber: single(record.passportNumber),
    socialSecurityNumber: single(record.socialSecurityNumber),
    idCheck: single(record.idCheck),
    identityConfirmedDate: single(record.identityConfirmedDate),
    identityConfirmedReference: single(record.identityConfirmedReference),
    creditCheckOk: single(record.creditCheckOk),
    creditCheckDate: single(record.creditCheckDate),
    saltoIdentifier: single(record.saltoIdentifier),
    saltoAssignedTagId: single(record.saltoAssignedTagId),
    saltoRegistrationStatus: single(record.saltoRegistrationStatus),
    saltoKeysLastUpdated: single(record.saltoKeysLastUpdated),
    keyCardCode: single(record.keyCardCode),
    cognitoId: single(record.cognitoId),
  };
}

/** Only the referrer is documented to have a code. */
function pickListItem(item: Records['ReferrerRecord']): Required<Records['ReferrerRecord']> {
  return { id: single(item.id), code: single(item.code), name: single(item.name) };
}

function address(record: Records['AddressRecord']): Required<Records['AddressRecord']> {
  return {
    id: single(record.id),
    addressLine1: single(record.addressLine1),
    addressLine2: single(record.addressLine2),
    addressLine3: single(record.addressLine3),
    city: single(record.city),
    postCode: single(record.postCode),
    country: country(record.country),
    nickname: single(record.nickname),
    primary: single(record.primary),
  };
}

function emailAddress(record: Records['EmailAddressRecord']): Required<Omit<Records['EmailAddressRecord'], 'id'>> {
  return { email: single(record.email), nickname: single(record.nickname), primary: single(record.primary) };
}

function telephoneNumber(record: Records['TelephoneNumberRecord']): Required<Records['TelephoneNumberRecord']> {
  return { number: single(record.number), primary: single(record.primary) };
}

function salesAccount(record: Records['SalesAccountRecord']): Required<Records['SalesAccountRecord']> {
  return {
    id: single(record.id),
    accountCode: single(record.accountCode),
    externalId: single(record.externalId),
    exportedDate: single(record.exportedDate),
    exportStatus: single(record.exportStatus),
    // Without its name, which may be another person's.
    contact: nested(record.contact, ({ id }) => ({ id: single(id) })),
    company: nested(record.company, ({ id, companyName }) => ({ id: single(id), companyName: single(companyName) })),
  };
}
