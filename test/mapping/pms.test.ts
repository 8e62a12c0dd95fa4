import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { at, everything, pms } from './harness.js';

const NOTHING = [undefined, null, '', 'null'];

describe('what the id alone tells', () => {
  test('needs no record', () => {
    const { model } = pms({});
    expect(model).toMatchObject({ __typename: 'Contact', id: 'pms:4711', source: 'PMS', sourceId: '4711' });
    expect(model.contactType).toBe('PERSON');
  });
});

test('an empty record answers null wherever it can', () => {
  const { model, drifts } = pms({});
  const { __typename, id, source, sourceId, contactType, ...rest } = everything(model) as Record<string, unknown>;
  expect([__typename, id, source, sourceId, contactType]).toEqual(['Contact', 'pms:4711', 'PMS', '4711', 'PERSON']);
  expect(new Set(Object.values(rest))).toEqual(new Set([null]));
  expect(drifts).toEqual([]);
});

test('what the PMS does not know is null, whatever the record says', () => {
  const { model } = pms({ skype: 's', representativeIds: [1], relationships: [{}], birthPlace: 'x', companyNumber: 'x' });
  const { skype, representatives, relationships, placeOfBirth, registration, addressHolder } = model;
  expect([skype, representatives, relationships, placeOfBirth, registration, addressHolder]).toEqual(Array(6).fill(null));
});

test.each([
  [{ firstName: 'Iris', middleNames: 'May', lastName: 'Vale' }, 'Iris May Vale'],
  [{ firstName: 'Iris', middleNames: '', lastName: 'Vale' }, 'Iris Vale'],
  [{ lastName: 'Vale' }, 'Vale'],
  [{ title: 'MRS', lastName: 'Vale' }, 'Vale'],
  [{ title: 'MRS' }, null],
])('of %p the name is %p', (record, name) => {
  expect(pms(record).model.name).toBe(name);
});

describe('texts, flags, dates and words', () => {
  test.each([
    ['uuid', 'u-1', 'uuid'],
    ['title', 'MRS', 'title'],
    ['firstName', 'Iris', 'firstName'],
    ['middleNames', 'May', 'middleNames'],
    ['lastName', 'Vale', 'lastName'],
    ['gender', 'FEMALE', 'gender'],
    ['preferredContactMethod', 'MAIL', 'preferredContactMethod'],
    ['status', 'WAITLIST', 'status'],
    ['cognitoId', 'c-1', 'cognitoId'],
    ['dateOfBirth', '1990-05-01', 'dateOfBirth'],
    ['jobTitle', 'Cook', 'employment.jobTitle'],
    ['department', 'Kitchen', 'employment.department'],
    ['companyName', 'Quay Ltd', 'employment.companyName'],
    ['marketingOptOut', true, 'marketing.optOut'],
    ['marketingOptOut', false, 'marketing.optOut'],
    ['lifecycleStage', 'OPPORTUNITY', 'marketing.lifecycleStage'],
    ['source', 'DIRECT_SALE', 'marketing.leadSource'],
    ['type', 'BOOKER', 'guest.role'],
    ['lastBookingRole', 'GUEST_BOOKER', 'guest.lastBookingRole'],
    ['preferences', 'high floor', 'guest.preferences'],
    ['passportNumber', 'P1', 'identityDocuments.passportNumber'],
    ['socialSecurityNumber', 'S1', 'identityDocuments.socialSecurityNumber'],
    ['idCheck', false, 'verification.idChecked'],
    ['identityConfirmedDate', '2024-01-02', 'verification.identityConfirmedDate'],
    ['identityConfirmedReference', 'R1', 'verification.identityConfirmedReference'],
    ['creditCheckOk', false, 'verification.creditCheckOk'],
    ['creditCheckDate', '2024-01-03', 'verification.creditCheckDate'],
    ['saltoIdentifier', 'SI', 'doorAccess.saltoIdentifier'],
    ['saltoAssignedTagId', 'ST', 'doorAccess.saltoAssignedTagId'],
    ['saltoRegistrationStatus', 'INVITED', 'doorAccess.saltoRegistrationStatus'],
    ['saltoKeysLastUpdated', '2024-01-04T05:06:07', 'doorAccess.saltoKeysLastUpdated'],
    ['keyCardCode', 'K1', 'doorAccess.keyCardCode'],
  ])('%s %p is %s', (key, value, path) => {
    const { model, drifts } = pms({ [key]: value });
    expect(at(model, path)).toBe(value);
    expect(drifts).toEqual([]);
    const group = path.split('.')[0]!;
    for (const nothing of NOTHING) expect(at(pms({ [key]: nothing }).model, group)).toBeNull();
    const odd = pms({ [key]: { odd: [1] } });
    expect(at(odd.model, group)).toBeNull();
    expect(odd.drifts).toEqual([`PMS ${key}`]);
  });

  test.each([
    ['gender', 'SOMETHING', 'gender'],
    ['status', 'constructor', 'status'],
    ['dateOfBirth', '1990-02-30', 'dateOfBirth'],
    ['dateOfBirth', 641520000, 'dateOfBirth'],
    ['marketingOptOut', 'false', 'marketing'],
  ])('%s %p is null and drift', (key, value, path) => {
    const { model, drifts } = pms({ [key]: value });
    expect(at(model, path)).toBeNull();
    expect(drifts).toEqual([`PMS ${key}`]);
  });
});

describe('pick lists', () => {
  test.each([
    ['industry', 'employment.industry'],
    ['referrer', 'marketing.referrer'],
    ['marketSegment', 'marketing.marketSegment'],
  ])('%s is %s', (key, path) => {
    expect(at(pms({ [key]: { id: 5, code: 'C', name: 'N' } }).model, path)).toEqual({ id: '5', code: 'C', name: 'N' });
    expect(at(pms({ [key]: { name: 'N' } }).model, path)).toEqual({ id: null, code: null, name: 'N' });
    expect(at(pms({ [key]: { id: null, name: '' } }).model, path.split('.')[0]!)).toBeNull();
    const odd = pms({ [key]: { id: 1.5, name: 'N' } });
    expect(at(odd.model, `${path}.id`)).toBeNull();
    expect(odd.drifts).toEqual([`PMS ${key}.id`]);
  });
});

describe('e-mail and telephone', () => {
  test('the primary ones, also as lists of one', () => {
    const { model } = pms({
      primaryContactEmailAddress: { id: 7, email: 'iris@example.test', nickname: 'home', primary: true },
      primaryContactTelephoneNumber: { number: '+353 1 000', primary: false },
    });
    expect(model.email).toBe('iris@example.test');
    expect(model.emailAddresses).toEqual([{ address: 'iris@example.test', nickname: 'home', primary: true }]);
    expect(model.phone).toBe('+353 1 000');
    expect(model.phoneNumbers).toEqual([{ number: '+353 1 000', kind: 'PRIMARY', primary: false }]);
  });

  test.each([{}, { id: 7, email: '', number: null, nickname: 'null' }])('%p is none', (value) => {
    const { model, drifts } = pms({ primaryContactEmailAddress: value, primaryContactTelephoneNumber: value });
    expect([model.email, model.emailAddresses, model.phone, model.phoneNumbers]).toEqual([null, null, null, null]);
    expect(drifts).toEqual([]);
  });

  test('where an object was due, a text is drift', () => {
    const { model, drifts } = pms({ primaryContactEmailAddress: 'iris@example.test' });
    expect(model.emailAddresses).toBeNull();
    expect(drifts).toEqual(['PMS primaryContactEmailAddress']);
  });
});

describe('address', () => {
  const quay = {
    id: 51,
    addressLine1: '1 Quay',
    addressLine2: '',
    addressLine3: 'Docks',
    city: 'Cork',
    postCode: 'T12',
    nickname: 'home',
    primary: true,
    country: { id: 2, name: 'Ireland', sortOrder: 2, countryCodeAlpha2: 'IE', countryCodeAlpha3: 'IRL', countryCodeNumeric: '372' },
  };

  test('is inline, and its id says in which contact', () => {
    expect(everything(pms({ primaryContactAddress: quay }).model.address)).toEqual({
      __typename: 'Address',
      id: 'pms:4711/51',
      lines: ['1 Quay', 'Docks'],
      careOf: null,
      city: 'Cork',
      state: null,
      postCode: 'T12',
      country: { code: 'IE', alpha3: 'IRL', numeric: '372', name: 'Ireland' },
      nickname: 'home',
      primary: true,
    });
  });

  test('has lines without blanks around them', () => {
    const address = pms({ primaryContactAddress: { id: 51, addressLine1: ' 1 Quay\t', addressLine2: ' ', addressLine3: 'Docks ' } }).model.address;
    expect(at(address, 'lines')).toEqual(['1 Quay', 'Docks']);
  });

  test('has null for lines where all are empty', () => {
    const address = pms({ primaryContactAddress: { id: 51, addressLine1: '', addressLine2: null } }).model.address;
    expect(at(address, 'lines')).toBeNull();
  });

  test.each([
    [{ ...quay, id: undefined }, ['PMS primaryContactAddress.id']],
    [{ ...quay, id: -1 }, ['PMS primaryContactAddress.id']],
    [{ id: null, city: '', country: null }, []],
    [{}, []],
    [null, []],
    [51, ['PMS primaryContactAddress']],
  ])('%p cannot be referred to', (primaryContactAddress, expected) => {
    const { model, drifts } = pms({ primaryContactAddress });
    expect(model.address).toBeNull();
    expect(drifts).toEqual(expected);
  });
});

describe('sales account', () => {
  const account = {
    id: 902,
    accountCode: 'C-902',
    contact: { id: 4711, firstName: 'Iris', lastName: 'Vale' },
    company: { id: 77, companyName: 'Quay Ltd' },
    externalId: 'X1',
    exportedDate: '2024-01-02',
    exportStatus: 'EXPORTED',
  };

  test('is inline, held by the contact itself', () => {
    const { model, drifts } = pms({ contactSalesAccount: account });
    expect(everything(model.salesAccount)).toEqual({
      __typename: 'SalesAccount',
      id: 'pms:902',
      accountCode: 'C-902',
      externalId: 'X1',
      exportedDate: '2024-01-02T00:00:00',
      exportStatus: 'EXPORTED',
      contact: { id: 'pms:4711' },
      company: { __typename: 'Company', id: 'pms:77' },
      companyName: 'Quay Ltd',
    });
    expect(model.salesAccount?.contact).toBe(model);
    expect(drifts).toEqual([]);
  });

  test.each([
    [{ id: 1 }, ['PMS contactSalesAccount.contact.id']],
    [{ id: 'x' }, ['PMS contactSalesAccount.contact.id']],
    ['Iris', ['PMS contactSalesAccount.contact']],
    [{ id: '4711' }, []],
    [{}, []],
    [null, []],
  ])('with %p for a contact it is still the holder', (contact, expected) => {
    const { model, drifts } = pms({ contactSalesAccount: { ...account, contact } });
    expect(model.salesAccount?.contact).toBe(model);
    expect(drifts).toEqual(expected);
  });

  test.each([
    [null, null, []],
    [{ companyName: 'Quay Ltd' }, 'Quay Ltd', []],
    [{ id: 'x', companyName: 'Quay Ltd' }, 'Quay Ltd', ['PMS contactSalesAccount.company.id']],
  ])('with the company %p it names none', (company, name, expected) => {
    const { model, drifts } = pms({ contactSalesAccount: { ...account, company } });
    expect(model.salesAccount).toMatchObject({ company: null, companyName: name });
    expect(drifts).toEqual(expected);
  });

  test.each([
    [{ ...account, id: undefined }, ['PMS contactSalesAccount.id']],
    [{ ...account, id: 2 ** 53 }, ['PMS contactSalesAccount.id']],
    [{ id: null, accountCode: '' }, []],
    [null, []],
    [[account], ['PMS contactSalesAccount']],
  ])('%p cannot be referred to', (contactSalesAccount, expected) => {
    const { model, drifts } = pms({ contactSalesAccount });
    expect(model.salesAccount).toBeNull();
    expect(drifts).toEqual(expected);
  });
});

test('ids above 2^53 stay exact', () => {
  const large = '9007199254740993';
  const record = { primaryContactAddress: { id: large }, contactSalesAccount: { id: large, company: { id: large } } };
  const { model } = pms(record, large);
  expect(at(model, 'address.id')).toBe(`pms:${large}/${large}`);
  expect(at(model, 'salesAccount.id')).toBe(`pms:${large}`);
  expect(at(model, 'salesAccount.company.id')).toBe(`pms:${large}`);
});

test('a model shows its record neither to JSON nor to a log', () => {
  const { model } = pms({ passportNumber: 'SECRET', primaryContactAddress: { id: 51, city: 'SECRET' } });
  for (const shown of [model, model.address]) {
    expect(JSON.stringify(shown)).not.toContain('SECRET');
    expect(inspect(shown, { depth: 9, showHidden: true })).not.toContain('SECRET');
  }
});
