// Invented rows of both systems, serialised once. A row is a text with gaps for its id.
const FIRST_NAMES = ['Mara', 'Iris', 'Tomas', 'Lena', 'Oskar', 'Nadia', 'Felix', 'Priya', 'Hugo', 'Anouk', 'Samir'];
const LAST_NAMES = ['Quill', 'Vale', 'Brandt', 'Okafor', 'Lindqvist', 'Moreau', 'Tanaka', 'Novak', 'Haddad'];
const FIRMS = ['Harbour', 'Wattle', 'Summit', 'Redgum', 'Lantern', 'Meridian', 'Coral'];
const KINDS = ['People', 'People', 'Company', 'People', 'People', 'Other Entity', 'People', 'Company', 'People', 'People'];
const ROLES = ['Director', 'Secretary', 'Shareholder', 'TRUSTEE'];
const ENDS = [null, '2019-05-31', null, '2099-06-30'];
const VARIANTS = 200;
const ID = '"the id"';

const digits = (number, length) => String(number).padStart(length, '0');
const pick = (list, number) => list[number % list.length];

function cas360Contact(n) {
  const kind = pick(KINDS, n);
  const isPerson = kind === 'People';
  const firstName = isPerson ? pick(FIRST_NAMES, n) : null;
  const lastName = isPerson ? pick(LAST_NAMES, n) : null;
  return {
    id: 'the id',
    name: isPerson ? `${firstName} ${lastName}` : `${pick(FIRMS, n)} Holdings ${n} Pty Ltd`,
    contactType: kind,
    email: isPerson ? `person${n}@example.com` : '',
    mobile: isPerson ? `+61 491 570 ${digits(n, 3)}` : '',
    phone1: isPerson ? null : `+61 3 5550 ${digits(n, 4)}`,
    phone2: null,
    taxNumber: null,
    businessNumber: isPerson ? null : `00 000 000 ${digits(n, 3)}`,
    companyNumber: kind === 'Company' ? digits(n, 9) : null,
    addressId: 7_001 + n,
    representativeIds: null,
    incorporationDate: isPerson ? null : '2004-07-01',
    placeOfIncorporation: isPerson ? null : 'AUSTRALIA',
    firstName,
    middleName: isPerson && n % 3 === 0 ? pick(FIRST_NAMES, n + 5) : null,
    lastName,
    title: isPerson ? pick(['Ms', 'Mr', 'Dr'], n) : null,
    sex: isPerson ? pick(['Female', 'Male'], n) : null,
    birthday: isPerson ? `19${digits(50 + (n % 50), 2)}-03-09` : null,
    birthPlace: isPerson ? 'Hobart' : null,
    birthState: isPerson ? 'TAS' : null,
    birthCountry: isPerson ? 'AUSTRALIA' : null,
    skype: n % 7 === 0 ? `live:contact${n}` : null,
    nationality: isPerson ? 'AU' : null,
    ...(kind === 'Other Entity' && { type: 'TRUST' }),
  };
}

/** None to four, two on average. */
function relationships(n) {
  return Array.from({ length: (n * 7) % 5 }, (_, i) => {
    const inCompany = (n + i) % 4 !== 0;
    return {
      parentId: inCompany ? `3f0c${digits(n, 4)}-0000-4000-8000-${digits(i, 12)}` : String(8_000 + n),
      parentType: inCompany ? 'Company' : 'Trust',
      type: inCompany ? pick(ROLES, i) : 'TRUSTEE',
      startDate: `20${digits(5 + (n % 13), 2)}-07-01`,
      endDate: pick(ENDS, n + i),
    };
  });
}

function pmsContact(n) {
  const firstName = pick(FIRST_NAMES, n);
  const lastName = pick(LAST_NAMES, n);
  return {
    id: 'the id',
    firstName,
    middleNames: n % 4 === 0 ? pick(FIRST_NAMES, n + 3) : null,
    lastName,
    jobTitle: 'Surveyor',
    department: 'Planning',
    preferences: 'A quiet room',
    status: 'ACTIVE',
    marketingOptOut: n % 2 === 0,
    contactSalesAccount: {
      id: 902 + n,
      accountCode: `C-${digits(n, 6)}`,
      contact: { id: 'the id', firstName, lastName },
      company: n % 3 === 0 ? null : { id: 77 + n, companyName: `${pick(FIRMS, n)} Partners` },
      externalId: null,
      exportedDate: '2024-03-01T10:00:00',
      exportStatus: 'EXPORTED',
    },
    title: pick(['MR', 'MS', 'MRS'], n),
    gender: pick(['MALE', 'FEMALE', 'OTHER'], n),
    referrer: { id: 4, code: 'WOM', name: 'Word of mouth' },
    industry: { id: 12, name: 'Construction' },
    marketSegment: { id: 3, name: 'Corporate' },
    nationality: { id: 3, name: 'Ireland', isoCode: 372, sortOrder: 9, countryCodeAlpha2: 'IE' },
    primaryContactAddress: {
      id: 51 + n,
      addressLine1: `${1 + n} Quay Street`,
      addressLine2: n % 2 === 0 ? 'Flat 3' : '',
      addressLine3: null,
      city: 'Cork',
      postCode: 'T12 XY00',
      country: { id: 2, name: 'Ireland', sortOrder: 2, countryCodeAlpha2: 'IE', countryCodeAlpha3: 'IRL', countryCodeNumeric: '372' },
      nickname: 'Home',
      primary: true,
    },
    primaryContactEmailAddress: { id: 7 + n, email: `guest${n}@example.com`, nickname: null, primary: true },
    primaryContactTelephoneNumber: { number: `+353 20 910 ${digits(n, 4)}`, primary: true },
    preferredContactMethod: 'EMAIL',
    type: 'GUEST',
    source: 'ONLINE_BOOKING',
    idCheck: true,
    companyName: `${pick(FIRMS, n)} Partners`,
    lifecycleStage: 'CUSTOMER',
    lastBookingRole: 'GUEST_BOOKER',
    uuid: `5d1e${digits(n, 4)}-0000-4000-8000-000000000000`,
    password: null,
    saltoIdentifier: null,
    saltoAssignedTagId: null,
    cognitoId: null,
    passportNumber: null,
    saltoRegistrationStatus: 'NOT_INVITED',
    saltoKeysLastUpdated: null,
    keyCardCode: null,
    identityConfirmedDate: '2023-11-02',
    identityConfirmedReference: 'R-100',
    creditCheckOk: true,
    creditCheckDate: '2023-11-03',
    socialSecurityNumber: null,
    dateOfBirth: '1990-05-01',
  };
}

const texts = (rowOf) => Array.from({ length: VARIANTS }, (_, n) => JSON.stringify(rowOf(n)).split(ID));
const PLAIN = texts(cas360Contact);
const FULL = texts((n) => ({ ...cas360Contact(n), relationships: relationships(n) }));
const PMS = texts(pmsContact);

export const cas360Rows = (ids, full) => `[${ids.map((id) => pick(full ? FULL : PLAIN, Number(id)).join(id)).join(',')}]`;
export const pmsRow = (id) => pick(PMS, Number(id)).join(id);
