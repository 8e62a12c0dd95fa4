import { contactRow, type Cas360AddressRow, type Cas360ContactRow, type Cas360RelationshipRow } from './cas360Rows.js';

/** The two example rows in CAS 360's description of the endpoint, with the same keys. */
export const exampleContacts: Cas360ContactRow[] = [
  contactRow(54, 'Company', {
    name: 'Fancy Southern Africa Cat Council',
    email: '',
    mobile: '',
    companyNumber: '111111114',
    addressId: 15,
    placeOfIncorporation: 'AUSTRALIA',
  }),
  contactRow(555742, 'People', {
    name: 'Anne Smith',
    email: 'anne@bgglcorp.com.au',
    mobile: '',
    addressId: 172509,
    firstName: 'Anne',
    lastName: 'Smith',
    birthday: '1958-07-02',
    birthPlace: 'Phillip Island',
    birthState: 'VIC',
    birthCountry: 'AUSTRALIA',
  }),
];

/** Invented: the description has only their ids. */
export const exampleAddresses: Cas360AddressRow[] = [
  { id: 15, streetLine1: 'Unit 9', streetLine2: '9 Whisker Street', suburb: 'MELBOURNE', state: 'VIC', postcode: '3000', country: 'AUSTRALIA' },
  { id: 172509, streetLine1: '12 Penguin Parade', streetLine2: '', suburb: 'Cowes', state: 'VIC', postcode: '3922', country: 'AUSTRALIA' },
];

/** Invented: one current and one ended role in a company, and one in a trust. Contact 54 has none. */
export const exampleRelationships: Record<string, Cas360RelationshipRow[]> = {
  555742: [
    { parentId: '7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054', parentType: 'Company', type: 'Director', startDate: '2015-07-01', endDate: null },
    { parentId: '7f3c0e52-1b1d-4c55-9a54-2d6a6a2f0054', parentType: 'Company', type: 'Secretary', startDate: '2015-07-01', endDate: '2019-06-30' },
    { parentId: 8001, parentType: 'Trust', type: 'TRUSTEE', startDate: '2018-02-14', endDate: null },
  ],
};
