import { Cas360Addresses } from './cas360Addresses.js';
import { Cas360Contacts } from './cas360Contacts.js';
import { exampleAddresses, exampleContacts, exampleRelationships } from './cas360Examples.js';
import type { Cas360AddressRow, Cas360ContactRow, Cas360RelationshipRow } from './cas360Rows.js';
import { Random } from './random.js';

/** All data of the sandbox's CAS 360, by id. Changes are served at once. */
export interface Cas360Data {
  contacts: Map<string, Cas360ContactRow>;
  /** By the id of the contact. Contacts without relationships are absent. */
  relationships: Map<string, Cas360RelationshipRow[]>;
  addresses: Map<string, Cas360AddressRow>;
}

const counts = { people: 1600, companies: 600, otherEntities: 300, jointMembers: 200 };

/**
 * Invents the register: people from id 1001, companies from 20001, other entities from 30001, joint members from
 * 40001, addresses from 7001, and the two examples of the vendor's description. The same seed gives the same register.
 */
export function cas360Data(seed: number): Cas360Data {
  const random = new Random(seed);
  const addresses = new Cas360Addresses(random);
  const make = new Cas360Contacts(random, addresses);

  const people: Cas360ContactRow[] = [];
  for (let n = 0; n < counts.people; n++) {
    const neighbour = random.chance(0.35) ? people.at(-1)?.addressId : undefined;
    people.push(make.person(1001 + n, neighbour ?? undefined));
  }
  const companies = Array.from({ length: counts.companies }, (_, n) => make.company(20001 + n));
  const otherEntities = Array.from({ length: counts.otherEntities }, (_, n) => make.otherEntity(30001 + n));
  const jointMembers = Array.from({ length: counts.jointMembers }, (_, n) => {
    const first = random.between(0, people.length - 3);
    return make.jointMember(40001 + n, people.slice(first, first + random.between(2, 3)));
  });

  const contacts = [...structuredClone(exampleContacts), ...people, ...companies, ...otherEntities, ...jointMembers];
  for (const row of structuredClone(exampleAddresses)) addresses.put(row);
  return {
    contacts: new Map(contacts.map((row) => [String(row.id), row])),
    relationships: relationshipsOf([...people, ...companies, ...otherEntities], random),
    addresses: addresses.rows,
  };
}

/** Two in three contacts have one to four relationships. */
function relationshipsOf(contacts: readonly Cas360ContactRow[], random: Random): Map<string, Cas360RelationshipRow[]> {
  const companyIds = Array.from({ length: counts.companies }, () => random.uuid());
  const found = new Map(Object.entries(structuredClone(exampleRelationships)));
  for (const { id } of contacts) {
    if (random.chance(1 / 3)) continue;
    found.set(String(id), Array.from({ length: random.between(1, 4) }, () => relationship(companyIds, random)));
  }
  return found;
}

function relationship(companyIds: readonly string[], random: Random): Cas360RelationshipRow {
  const inCompany = random.chance(0.7);
  const trustId = random.between(8001, 8300);
  return {
    parentId: inCompany ? random.pick(companyIds) : random.pick([trustId, String(trustId)]),
    parentType: inCompany ? 'Company' : 'Trust',
    type: random.pick(inCompany ? ['Director', 'Secretary', 'Shareholder', 'Alternate'] : ['TRUSTEE', 'APPOINTOR', 'SETTLOR']),
    startDate: random.chance(0.9) ? random.date(1995, 2018) : null,
    // The last two are current too: one ends far in the future, the other is how the vendor sometimes writes null.
    endDate: random.pick([null, null, null, random.date(2019, 2024), random.date(2019, 2024), '2099-06-30', 'null']),
  };
}
