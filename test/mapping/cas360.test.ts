import { describe, expect, test } from '@jest/globals';
import { at, cas360, cas360Address, everything, TODAY } from './harness.js';

const AUSTRALIA = { code: 'AU', alpha3: 'AUS', numeric: '036', name: 'Australia' };
const contact = (sourceId: string) => ({ __typename: 'Contact', id: `cas360:${sourceId}`, source: 'CAS360', sourceId });

/** What a contact of the register answers that the record says nothing of. */
const EMPTY = {
  __typename: 'Contact',
  source: 'CAS360',
  ...Object.fromEntries(
    `uuid contactType name title firstName middleNames lastName gender email phone emailAddresses phoneNumbers skype
     preferredContactMethod status nationality address addressHolder employment marketing guest salesAccount registration
     dateOfBirth placeOfBirth identityDocuments verification doorAccess cognitoId`
      .split(/\s+/)
      .map((field) => [field, null]),
  ),
  representatives: [],
  relationships: undefined,
};

describe("the rows of the register's own documentation", () => {
  test('a company', () => {
    const row = {
      id: 54, name: 'Fancy Southern Africa Cat Council', contactType: 'Company', email: '', mobile: '', phone1: null, phone2: null,
      taxNumber: null, businessNumber: null, companyNumber: '111111114', addressId: 15, representativeIds: null,
      incorporationDate: null, placeOfIncorporation: 'AUSTRALIA', firstName: null, middleName: null, lastName: null, title: null,
      sex: null, birthday: null, birthPlace: null, birthState: null, birthCountry: null, skype: null, nationality: null,
    };
    const { model, drifts } = cas360(row, '54', false);
    expect(everything(model)).toEqual({
      ...EMPTY,
      id: 'cas360:54',
      sourceId: '54',
      contactType: 'COMPANY',
      name: 'Fancy Southern Africa Cat Council',
      address: { __typename: 'Address', id: 'cas360:15' },
      registration: {
        companyNumber: '111111114',
        businessNumber: null,
        entityType: null,
        incorporationDate: null,
        placeOfIncorporation: AUSTRALIA,
      },
    });
    expect(drifts).toEqual([]);
  });

  test('a person', () => {
    const row = {
      id: 555742, name: 'Anne Smith', contactType: 'People', email: 'anne@bgglcorp.com.au', mobile: '', phone1: null, phone2: null,
      taxNumber: null, businessNumber: null, companyNumber: null, addressId: 172509, representativeIds: null,
      incorporationDate: null, placeOfIncorporation: null, firstName: 'Anne', middleName: null, lastName: 'Smith', title: null,
      sex: null, birthday: '1958-07-02', birthPlace: 'Phillip Island', birthState: 'VIC', birthCountry: 'AUSTRALIA', skype: null,
      nationality: null,
    };
    const { model, drifts } = cas360(row, '555742', false);
    expect(everything(model)).toEqual({
      ...EMPTY,
      id: 'cas360:555742',
      sourceId: '555742',
      contactType: 'PERSON',
      name: 'Anne Smith',
      firstName: 'Anne',
      lastName: 'Smith',
      email: 'anne@bgglcorp.com.au',
      emailAddresses: [{ address: 'anne@bgglcorp.com.au', nickname: null, primary: true }],
      address: { __typename: 'Address', id: 'cas360:172509' },
      dateOfBirth: '1958-07-02',
      placeOfBirth: { place: 'Phillip Island', state: 'VIC', country: AUSTRALIA },
    });
    expect(drifts).toEqual([]);
  });
});

test('an empty record', () => {
  const { model, drifts } = cas360({}, '54', false);
  expect(everything(model)).toEqual({ ...EMPTY, id: 'cas360:54', sourceId: '54' });
  expect(drifts).toEqual([]);
});

test.each([
  ['People', 'PERSON'],
  ['Company', 'COMPANY'],
  ['Other Entity', 'OTHER_ENTITY'],
  ['Joint Member', 'JOINT_MEMBER'],
  [' JOINT member ', 'JOINT_MEMBER'],
])('contactType %p is %s', (value, expected) => {
  expect(cas360({ contactType: value }).model.contactType).toBe(expected);
});

test.each([
  [{ name: 'Quill Trust', firstName: 'Mara' }, 'Quill Trust'],
  [{ name: '', firstName: 'Mara', middleName: 'J', lastName: 'Quill' }, 'Mara J Quill'],
  [{ name: 'null', lastName: 'Quill' }, 'Quill'],
  [{ name: null, title: 'Ms' }, null],
])('of %p the name is %p', (record, name) => {
  expect(cas360(record).model.name).toBe(name);
});

describe('texts, dates and words', () => {
  test.each([
    ['title', 'Ms', 'title', 'Ms'],
    ['firstName', 'Mara', 'firstName', 'Mara'],
    ['middleName', 'J', 'middleNames', 'J'],
    ['lastName', 'Quill', 'lastName', 'Quill'],
    ['sex', 'Male', 'gender', 'MALE'],
    ['sex', 'female', 'gender', 'FEMALE'],
    ['skype', 'mq', 'skype', 'mq'],
    ['taxNumber', 'T1', 'identityDocuments.taxNumber', 'T1'],
    ['birthday', '1971-03-09T00:00:00Z', 'dateOfBirth', '1971-03-09'],
    ['birthPlace', 'Hobart', 'placeOfBirth.place', 'Hobart'],
    ['birthState', 'TAS', 'placeOfBirth.state', 'TAS'],
    ['birthCountry', 'AU', 'placeOfBirth.country.alpha3', 'AUS'],
    ['nationality', 'Australia', 'nationality.code', 'AU'],
    ['companyNumber', '1', 'registration.companyNumber', '1'],
    ['businessNumber', '2', 'registration.businessNumber', '2'],
    ['incorporationDate', '2001-02-03', 'registration.incorporationDate', '2001-02-03'],
    ['placeOfIncorporation', 'AUS', 'registration.placeOfIncorporation.code', 'AU'],
    ['placeOfIncorportaion', 'AUS', 'registration.placeOfIncorporation.code', 'AU'],
    ['type', 'SMSF', 'registration.entityType', 'SMSF'],
    ['type', 'Trust', 'registration.entityType', 'TRUST'],
  ])('%s %p is %s %p', (key, value, path, expected) => {
    const { model, drifts } = cas360({ [key]: value });
    expect(at(model, path)).toBe(expected);
    expect(drifts).toEqual([]);
    const group = path.split('.')[0]!;
    for (const nothing of [undefined, null, '', 'null']) expect(at(cas360({ [key]: nothing }).model, group)).toBeNull();
    const odd = cas360({ [key]: [value] });
    expect(at(odd.model, group)).toBeNull();
    expect(odd.drifts).toEqual([`CAS360 ${key}`]);
  });

  test('the right spelling of placeOfIncorporation goes before the wrong one', () => {
    const { model } = cas360({ placeOfIncorporation: 'NZ', placeOfIncorportaion: 'AU' });
    expect(at(model, 'registration.placeOfIncorporation.code')).toBe('NZ');
  });

  test.each([
    ['sex', 'Other', 'gender'],
    ['contactType', 'Robot', 'contactType'],
    ['type', 'UNIT', 'registration'],
    ['birthday', '1971-02-29', 'dateOfBirth'],
  ])('%s %p is null and drift', (key, value, path) => {
    const { model, drifts } = cas360({ [key]: value });
    expect(at(model, path)).toBeNull();
    expect(drifts).toEqual([`CAS360 ${key}`]);
  });
});

describe('telephones', () => {
  test.each([
    [{ mobile: '1', phone1: '2', phone2: '3' }, '1', ['MOBILE true', 'PHONE_1 false', 'PHONE_2 false']],
    [{ mobile: '', phone1: '2', phone2: '2' }, '2', ['PHONE_1 true', 'PHONE_2 false']],
    [{ mobile: null, phone1: 'null', phone2: '3' }, '3', ['PHONE_2 true']],
    [{ mobile: 61400, phone2: '3' }, '61400', ['MOBILE true', 'PHONE_2 false']],
    [{ mobile: 614.5, phone2: '3' }, '3', ['PHONE_2 true']],
  ])('of %p', (record, phone, kinds) => {
    const { model } = cas360(record);
    expect(model.phone).toBe(phone);
    expect(model.phoneNumbers?.map(({ kind, primary }) => `${kind} ${primary}`)).toEqual(kinds);
    expect(model.phoneNumbers?.find(({ primary }) => primary)?.number).toBe(phone);
  });

  test('none', () => {
    const { model } = cas360({ mobile: '', phone1: null });
    expect([model.phone, model.phoneNumbers]).toEqual([null, null]);
  });
});

describe('address and representatives', () => {
  test.each([
    ['no list', { representativeIds: null }, [], []],
    ['in order', { representativeIds: [9, '8', '9007199254740993'] }, ['9', '8', '9007199254740993'], []],
    ['without what is nothing', { representativeIds: [null, 7, '', 'null'] }, ['7'], []],
    ['without the unusable', { representativeIds: [-1, 7, {}, 1.5] }, ['7'], ['CAS360 representativeIds[]']],
    ['itself among them', { representativeIds: [54, 7] }, ['54', '7'], []],
    ['no list at all', { representativeIds: 7 }, null, ['CAS360 representativeIds']],
    ['a list inside an object', { representativeIds: { content: [7] } }, null, ['CAS360 representativeIds']],
  ])('representatives: %s', (_, record, sourceIds, expected) => {
    const { model, drifts } = cas360(record);
    expect(model.representatives).toEqual(sourceIds && sourceIds.map(contact));
    expect(drifts).toEqual(expected);
  });

  const joint = { contactType: 'Joint Member', representativeIds: [9, 8] };

  test.each([
    ['a person with an address', { contactType: 'People', addressId: '15' }, 'cas360:15', null],
    ['a person without one', { ...joint, contactType: 'People' }, null, null],
    ['an unknown kind without one', { ...joint, contactType: 'Robot' }, null, null],
    ['a joint member with an address', { ...joint, addressId: 15 }, 'cas360:15', null],
    ['a joint member without one', joint, null, '9'],
    ['a joint member with an unusable one', { ...joint, addressId: 0 }, null, '9'],
    ['a joint member whose first usable representative is the second', { ...joint, representativeIds: [{}, 8] }, null, '8'],
    ['a joint member without representatives', { contactType: 'Joint Member' }, null, null],
    ['a joint member whose representatives are no list', { ...joint, representativeIds: {} }, null, null],
    ['a joint member that represents itself', { ...joint, representativeIds: [54, 8] }, null, null],
  ])('%s', (_, record, address, holder) => {
    const { model } = cas360(record);
    expect(model.address).toEqual(address && { __typename: 'Address', id: address });
    expect(model.addressHolder).toEqual(holder && contact(holder));
  });
});

describe('relationships', () => {
  const UUID = '3f0c0000-0000-4000-8000-00000000000A';

  test('are undefined where they were not asked for', () => {
    expect(cas360({ relationships: [{ type: 'Director' }] }, '54', false).model.relationships).toBeUndefined();
  });

  test.each(['Director', 7, true, {}, { content: [{ type: 'Director' }] }])('are null of %p, which is no list', (relationships) => {
    const { model, drifts } = cas360({ relationships });
    expect(model.relationships).toBeNull();
    expect(drifts).toEqual(['CAS360 relationships']);
  });

  test.each([undefined, null, '', 'null', []])('are an empty list of %p', (relationships) => {
    const { model, drifts } = cas360({ relationships });
    expect(model.relationships).toEqual([]);
    expect(drifts).toEqual([]);
  });

  test('one with a company', () => {
    const row = { parentId: UUID, parentType: 'Company', type: 'Director', startDate: '2015-07-01', endDate: null };
    expect(everything(cas360({ relationships: [row] }).model.relationships)).toEqual([
      { ...row, company: { __typename: 'Company', id: `cas360:${UUID}` }, current: true },
    ]);
  });

  test.each([
    ['17', '17', 0],
    [17, '17', 0],
    [`${UUID}0`, `${UUID}0`, 0],
    [`0${UUID}`, `0${UUID}`, 0],
    [null, null, 0],
    [1.5, null, 1],
    [2 ** 53, null, 1],
    [{}, null, 1],
  ])('parentId %p is no company', (parentId, expected, drifted) => {
    const { model, drifts } = cas360({ relationships: [{ type: 'Trustee', parentId }] });
    const relationship = model.relationships![0]!;
    expect(relationship.parentId).toBe(expected);
    expect(drifts).toEqual(Array(drifted).fill('CAS360 relationships[].parentId'));
    expect(relationship.company).toBeNull();
  });

  test.each([
    [undefined, true],
    ['', true],
    ['2024-06-14', false],
    [TODAY, true],
    ['2024-06-16', true],
    [`${TODAY}T23:00:00-10:00`, true],
    ['the end', true],
  ])('one that ends %p is current: %p', (endDate, current) => {
    expect(cas360({ relationships: [{ type: 'Director', endDate }] }).model.relationships?.[0]?.current).toBe(current);
  });

  test('what is no relationship is left out, and counted once unless it says nothing', () => {
    const { model, drifts } = cas360({ relationships: [null, {}, { type: '' }, 'Director', 7, [{}], { type: 'Director' }] });
    expect(at(model.relationships, 'type')).toEqual(['Director']);
    expect(drifts).toEqual(['CAS360 relationships[]']);
  });
});

describe('an address of its own', () => {
  test('in full', () => {
    const record = {
      id: 15, unitFlat: '4', levelFloor: '2', block: 'B', buildingEstate: 'Quay House', streetLine1: '1 Quay', streetLine2: 'Docks',
      suburb: 'MELBOURNE', state: 'VIC', postcode: '3000', postCode: 'x', country: 'AUSTRALIA', careOf: 'Mara Quill',
    };
    const { model, drifts } = cas360Address(record);
    expect(everything(model)).toEqual({
      __typename: 'Address',
      id: 'cas360:15',
      lines: ['Quay House', 'Level 2, Block B, 4/1 Quay', 'Docks'],
      careOf: 'Mara Quill',
      city: 'MELBOURNE',
      state: 'VIC',
      postCode: '3000',
      country: AUSTRALIA,
      nickname: null,
      primary: null,
    });
    expect(drifts).toEqual([]);
  });

  test('in part', () => {
    const { model } = cas360Address({ streetLine1: '', streetLine2: 'Docks', postcode: '', postCode: '3000' });
    expect(model).toMatchObject({ lines: ['Docks'], postCode: '3000', city: null, country: null });
    expect(cas360Address({ streetLine1: '' }).model.lines).toBeNull();
  });

  test.each(['Foreign', 'foreign', ' FOREIGN '])('%p is no state, here and of a birth place', (state) => {
    const { model, drifts } = cas360Address({ state });
    const { model: contact, drifts: contactDrifts } = cas360({ birthState: state, birthPlace: 'Cork' });
    expect([model.state, contact.placeOfBirth]).toEqual([null, { place: 'Cork', state: null, country: null }]);
    expect([...drifts, ...contactDrifts]).toEqual([]);
    expect(cas360({ birthState: state }).model.placeOfBirth).toBeNull();
  });

  test.each(['VIC', 'Foreign Office', 'Galway'])('the state %p is served as it comes', (state) => {
    expect(cas360Address({ state }).model.state).toBe(state);
  });

  test('with oddities', () => {
    const { model, drifts } = cas360Address({ streetLine1: 1.5, postcode: true, suburb: ['x'], country: true });
    expect(new Set(Object.values(everything({ ...(everything(model) as object), id: null, __typename: null }) as object))).toEqual(
      new Set([null]),
    );
    expect(new Set(drifts)).toEqual(new Set(['streetLine1', 'postcode', 'suburb', 'country'].map((key) => `CAS360 ${key}`)));
  });
});
