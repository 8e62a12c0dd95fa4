import { nationalities, places } from './pmsPickLists.js';
import { fullContact, minimalContact, plainContact, salesAccount } from './pmsContacts.js';
import type { PmsContactRow } from './pmsRows.js';
import { Random } from './random.js';

/** All data of the sandbox's PMS, by id. Changes are served at once. */
export interface PmsData {
  contacts: Map<string, PmsContactRow>;
}

const count = 1600;

/** Invents the PMS's contacts: Iris Vale as 4711, with all fields, and 1,600 others from 5001. The same seed gives the same contacts. */
export function pmsData(seed: number): PmsData {
  const random = new Random(seed);
  const contacts = [irisVale(random), ...Array.from({ length: count }, (_, n) => contact(5001 + n, random))];
  return { contacts: new Map(contacts.map((row) => [String(row.id), row])) };
}

/** By the last digit of the id: 1 has all fields, 2 and 3 a sales account, 0 only name and email. The others are plain. */
function contact(id: number, random: Random): PmsContactRow {
  const lastDigit = id % 10;
  if (lastDigit === 1) return fullContact(id, random);
  if (lastDigit === 0) return minimalContact(id, random);
  const row = plainContact(id, random);
  if (lastDigit > 3) return row;
  const { firstName, lastName } = row;
  return { ...row, contactSalesAccount: salesAccount({ id, firstName, lastName }, random) };
}

function irisVale(random: Random): PmsContactRow {
  const name = { firstName: 'Iris', lastName: 'Vale' };
  const [cork] = places;
  const [irish] = nationalities;
  if (!cork || !irish) throw new Error('The pick lists begin with Ireland');
  return fullContact(4711, random, {
    ...name,
    middleNames: 'Maeve',
    status: 'ACTIVE',
    marketingOptOut: false,
    title: 'MS',
    gender: 'FEMALE',
    type: 'GUEST',
    lifecycleStage: 'LEAD',
    lastBookingRole: 'NONE',
    dateOfBirth: '1990-05-01',
    nationality: irish,
    contactSalesAccount: {
      id: 902,
      accountCode: 'C-000902',
      contact: { id: 4711, ...name },
      company: { id: 77, companyName: 'Paper Wombat Press' },
      externalId: 'EXT-902',
      exportedDate: '2025-03-31T18:30:00',
      exportStatus: 'EXPORTED',
    },
    primaryContactAddress: {
      id: 51,
      addressLine1: '1 Quay',
      addressLine2: 'Second floor',
      addressLine3: 'Back door',
      city: cork.city,
      postCode: cork.postCode,
      country: cork.country,
      nickname: 'Home',
      primary: true,
    },
    primaryContactEmailAddress: { id: 7, email: 'iris@example.test', nickname: 'Iris', primary: true },
    primaryContactTelephoneNumber: { number: '+353 20 910 4711', primary: true },
  });
}
