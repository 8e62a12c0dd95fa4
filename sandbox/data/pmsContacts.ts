import { industries, marketSegments, nationalities, places, referrers } from './pmsPickLists.js';
import type { PmsAddressRow, PmsContactRow, PmsSalesAccountRow } from './pmsRows.js';
import type { Random } from './random.js';
import { departments, firmNames, firstNames, jobTitles, lastNames, preferences, streets, trades } from './words.js';

/** A contact with all fields. `given` overrides any of them. */
export function fullContact(id: number, random: Random, given: Partial<PmsContactRow> = {}): PmsContactRow {
  const plain = plainContact(id, random);
  const { firstName = plain.firstName, lastName = plain.lastName } = given;
  return {
    ...plain,
    middleNames: random.pick(firstNames.Male),
    jobTitle: random.pick(jobTitles),
    department: random.pick(departments),
    preferences: random.pick(preferences),
    contactSalesAccount: salesAccount({ id, firstName, lastName }, random),
    referrer: random.pick(referrers),
    industry: random.pick(industries),
    marketSegment: random.pick(marketSegments),
    nationality: random.pick(nationalities),
    preferredContactMethod: random.pick(['TELEPHONE', 'EMAIL', 'MAIL']),
    idCheck: random.chance(0.5),
    companyName: `${random.pick(firmNames)} ${random.pick(trades)}`,
    uuid: random.uuid(),
    password: `canary-password-${id}`,
    saltoIdentifier: `salto-${id}`,
    saltoAssignedTagId: `tag-${random.digits(6)}`,
    cognitoId: random.uuid(),
    passportNumber: `ZZ${random.digits(7)}`,
    saltoRegistrationStatus: random.pick(['UNKNOWN', 'NOT_INVITED', 'INVITED', 'REGISTERED']),
    saltoKeysLastUpdated: `${random.date(2022, 2025)}T09:15:00`,
    keyCardCode: `KC-${random.digits(5)}`,
    identityConfirmedDate: random.date(2022, 2025),
    identityConfirmedReference: `IDREF-${random.digits(6)}`,
    creditCheckOk: random.chance(0.5),
    creditCheckDate: `${random.date(2022, 2025)}T00:00:00`,
    socialSecurityNumber: `000-00-${random.digits(4)}`,
    dateOfBirth: random.date(1940, 2006),
    ...given,
  };
}

/** A typical guest or booker: with address, email and telephone, without documents. Other fields are null, empty or absent. */
export function plainContact(id: number, random: Random): PmsContactRow {
  const gender = random.pick(['Female', 'Male'] as const);
  const place = random.pick(places);
  return {
    id,
    firstName: random.pick(firstNames[gender]),
    middleNames: random.pick([null, '']),
    lastName: random.pick(lastNames),
    status: random.pick(['ACTIVE', 'ACTIVE', 'ACTIVE', 'INACTIVE', 'VIP', 'WAITLIST', 'ARCHIVED', 'BANNED', 'REMOVED']),
    marketingOptOut: random.chance(0.3),
    contactSalesAccount: null,
    title: gender === 'Female' ? random.pick(['MS', 'MRS', 'MISS']) : 'MR',
    gender: random.chance(0.05) ? 'OTHER' : gender.toUpperCase(),
    primaryContactAddress: address(id, place, random),
    primaryContactEmailAddress: { id: 600_000 + id, email: `contact${id}@example.test`, nickname: null, primary: true },
    primaryContactTelephoneNumber: { number: place.phone + random.digits(4), primary: true },
    preferredContactMethod: random.pick([null, 'EMAIL']),
    type: random.pick(['GUEST', 'BOOKER']),
    source: random.pick(['OFFLINE_SOURCE', 'ONLINE_ENQUIRY_FORM', 'ONLINE_BOOKING', 'DIRECT_SALE', 'SALES_CHANNEL']),
    companyName: '',
    lifecycleStage: random.pick(['LEAD', 'QUALIFIED', 'DISQUALIFIED', 'OPPORTUNITY', 'CUSTOMER']),
    lastBookingRole: random.pick(['NONE', 'BOOKER', 'GUEST', 'GUEST_BOOKER']),
    dateOfBirth: null,
  };
}

/** A contact made from an enquiry: name and email address only. All other keys are absent. */
export function minimalContact(id: number, random: Random): PmsContactRow {
  const { firstName, lastName, primaryContactEmailAddress } = plainContact(id, random);
  return { id, firstName, lastName, ...(primaryContactEmailAddress && { primaryContactEmailAddress }) };
}

/** Two in three accounts also belong to a company. An account's id is its contact's plus 100,000. */
export function salesAccount(contact: PmsSalesAccountRow['contact'], random: Random): PmsSalesAccountRow {
  const id = 100_000 + contact.id;
  const exported = random.chance(0.5);
  return {
    id,
    accountCode: `C-${String(id).padStart(6, '0')}`,
    contact,
    company: random.chance(2 / 3)
      ? { id: random.between(101, 400), companyName: `${random.pick(firmNames)} ${random.pick(trades)}` }
      : null,
    externalId: exported ? `EXT-${id}` : null,
    exportedDate: exported ? `${random.date(2021, 2025)}T18:30:00` : null,
    exportStatus: exported ? 'EXPORTED' : random.pick(['PENDING', 'SKIPPED', 'CREATED', 'SENT', 'FAILED', 'IMPORTED']),
  };
}

function address(contactId: number, { city, postCode, country }: (typeof places)[number], random: Random): PmsAddressRow {
  return {
    id: 500_000 + contactId,
    addressLine1: `${random.between(1, 240)} ${random.pick(streets)}`,
    addressLine2: random.pick([null, '', 'Second floor']),
    addressLine3: null,
    city,
    postCode,
    country,
    nickname: random.pick([null, 'Home']),
    primary: true,
  };
}
