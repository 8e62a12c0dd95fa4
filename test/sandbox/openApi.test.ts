import { describe, expect, test } from '@jest/globals';
import { OpenApi } from './openApi.js';

// Every key that the two vendors describe, in their words and order.
const pmsKeys = `
  id firstName middleNames lastName jobTitle department preferences status marketingOptOut
  contactSalesAccount contactSalesAccount.id contactSalesAccount.accountCode contactSalesAccount.contact
  contactSalesAccount.contact.id contactSalesAccount.contact.firstName contactSalesAccount.contact.lastName
  contactSalesAccount.company contactSalesAccount.company.id contactSalesAccount.company.companyName
  contactSalesAccount.externalId contactSalesAccount.exportedDate contactSalesAccount.exportStatus
  title gender referrer referrer.id referrer.code referrer.name industry industry.id industry.name
  marketSegment marketSegment.id marketSegment.name
  nationality nationality.id nationality.name nationality.isoCode nationality.sortOrder nationality.countryCodeAlpha2
  primaryContactAddress primaryContactAddress.id primaryContactAddress.addressLine1 primaryContactAddress.addressLine2
  primaryContactAddress.addressLine3 primaryContactAddress.city primaryContactAddress.postCode
  primaryContactAddress.country primaryContactAddress.country.id primaryContactAddress.country.name
  primaryContactAddress.country.sortOrder primaryContactAddress.country.countryCodeAlpha2
  primaryContactAddress.country.countryCodeAlpha3 primaryContactAddress.country.countryCodeNumeric
  primaryContactAddress.nickname primaryContactAddress.primary
  primaryContactEmailAddress primaryContactEmailAddress.id primaryContactEmailAddress.email
  primaryContactEmailAddress.nickname primaryContactEmailAddress.primary
  primaryContactTelephoneNumber primaryContactTelephoneNumber.number primaryContactTelephoneNumber.primary
  preferredContactMethod type source idCheck companyName lifecycleStage lastBookingRole uuid password saltoIdentifier
  saltoAssignedTagId cognitoId passportNumber saltoRegistrationStatus saltoKeysLastUpdated keyCardCode
  identityConfirmedDate identityConfirmedReference creditCheckOk creditCheckDate socialSecurityNumber dateOfBirth`;

const cas360Keys = `
  contactType firstName middleName lastName name addressId representativeIds title sex mobile phone1 phone2 taxNumber
  birthday birthPlace birthState birthCountry skype companyNumber businessNumber placeOfIncorportaion incorporationDate
  type nationality relationships relationships.endDate relationships.parentId relationships.parentType
  relationships.startDate relationships.type
  id email placeOfIncorporation`;

const words = (text: string) => text.trim().split(/\s+/);

describe('the OpenAPI documents', () => {
  test('have every key of a PMS contact and no other', () => {
    expect(new OpenApi('pms').keys('ContactRecord').toSorted()).toEqual(words(pmsKeys).toSorted());
  });

  test('have every key of a CAS 360 contact, of the table and of the sample, and no other', () => {
    expect(new OpenApi('cas360').keys('ContactRecord').toSorted()).toEqual(words(cas360Keys).toSorted());
  });

  test.each(['pms', 'cas360'] as const)('require nothing of %s records but the id', (name) => {
    expect(new OpenApi(name).schema('ContactRecord')).toHaveProperty('required', ['id']);
    expect(new OpenApi(name).strictly('ContactRecord')({ id: 1 })).toBe(true);
    expect(new OpenApi(name).strictly('ContactRecord')({ firstName: 'Iris' })).toBe(false);
  });
});
