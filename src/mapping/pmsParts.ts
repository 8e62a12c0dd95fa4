import type { components } from '../upstream/pms/records.generated.js';
import { date, localDateTime } from './dates.js';
import { group, type Fields } from './fields.js';
import * as words from './pmsWords.js';
import { flag, id } from './readers.js';

/** The record of a contact of the property management system. */
export type PmsContactFields = Fields<components['schemas']['ContactRecord']>;

export const emailAddresses = (record: PmsContactFields) => {
  const email = record.object('primaryContactEmailAddress');
  const address = group({
    address: email.text('email'),
    nickname: email.text('nickname'),
    primary: email.read('primary', flag),
  });
  return address && [address];
};

export const phoneNumbers = (record: PmsContactFields) => {
  const phone = record.object('primaryContactTelephoneNumber');
  const number = group({ number: phone.text('number'), primary: phone.read('primary', flag) });
  return number && [{ ...number, kind: 'PRIMARY' as const }];
};

export const employment = (record: PmsContactFields) =>
  group({
    jobTitle: record.text('jobTitle'),
    department: record.text('department'),
    companyName: record.text('companyName'),
    industry: pickListItem(record.object('industry')),
  });

export const marketing = (record: PmsContactFields) =>
  group({
    optOut: record.read('marketingOptOut', flag),
    lifecycleStage: record.read('lifecycleStage', words.lifecycleStage),
    leadSource: record.read('source', words.leadSource),
    referrer: pickListItem(record.object('referrer')),
    marketSegment: pickListItem(record.object('marketSegment')),
  });

export const guest = (record: PmsContactFields) =>
  group({
    role: record.read('type', words.guestRole),
    lastBookingRole: record.read('lastBookingRole', words.bookingRole),
    preferences: record.text('preferences'),
  });

export const identityDocuments = (record: PmsContactFields) =>
  group({
    passportNumber: record.text('passportNumber'),
    socialSecurityNumber: record.text('socialSecurityNumber'),
    taxNumber: null,
  });

export const verification = (record: PmsContactFields) =>
  group({
    idChecked: record.read('idCheck', flag),
    identityConfirmedDate: record.read('identityConfirmedDate', date),
    identityConfirmedReference: record.text('identityConfirmedReference'),
    creditCheckOk: record.read('creditCheckOk', flag),
    creditCheckDate: record.read('creditCheckDate', date),
  });

export const doorAccess = (record: PmsContactFields) =>
  group({
    saltoIdentifier: record.text('saltoIdentifier'),
    saltoAssignedTagId: record.text('saltoAssignedTagId'),
    saltoRegistrationStatus: record.read('saltoRegistrationStatus', words.saltoStatus),
    saltoKeysLastUpdated: record.read('saltoKeysLastUpdated', localDateTime),
    keyCardCode: record.text('keyCardCode'),
  });

const pickListItem = (item: Fields<{ id?: unknown; code?: unknown; name?: unknown }>) =>
  group({ id: item.read('id', id), code: item.text('code'), name: item.text('name') });
