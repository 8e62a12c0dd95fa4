// Shared by the other contestants: the schema, the token, and the mapping of rows to contacts. They map only what the
// operations of the bench select.
import { readdirSync, readFileSync } from 'node:fs';
import { setInterval } from 'node:timers';
import { request } from 'undici';

const SCHEMA = new URL('../../schema/', import.meta.url);
export const typeDefs = readdirSync(SCHEMA).map((file) => readFileSync(new URL(file, SCHEMA), 'utf8')).join('\n');

export const upstream = process.env.UPSTREAM_URL;
export const port = Number(process.env.PORT);

/** Requested once, and never renewed. */
export async function accessToken() {
  const { body } = await request(`${upstream}/oauth/token`, { method: 'POST' });
  return (await body.json()).access_token;
}

export const cas360Path = (ids, full) => `/contacts/${ids.join(',')}?offset=0&limit=500${full ? '&relationships=true' : ''}`;
export const pmsPath = (id) => `/api/v3/contacts/${id}`;

/** `cas360:54` is `['cas360', '54']`. */
export const partsOf = (id) => id.split(':');

export const CHUNK = 100;

/** Chunks of at most 100 ids. */
export function chunksOf(ids) {
  const chunks = [];
  for (let i = 0; i < ids.length; i += CHUNK) chunks.push(ids.slice(i, i + CHUNK));
  return chunks;
}

/** Whether a field selects `relationships` directly below it. That is enough for the operations of the bench. */
export const wantsRelationships = ({ fieldNodes }) => fieldNodes[0].selectionSet.selections.some((selection) => selection.name?.value === 'relationships');

const CONTACT_TYPES = { People: 'PERSON', Company: 'COMPANY', 'Other Entity': 'OTHER_ENTITY', 'Joint Member': 'JOINT_MEMBER' };
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

export const contactType = (row) => CONTACT_TYPES[row.contactType] ?? null;
export const gender = (row) => row.sex?.toUpperCase() ?? null;
export const phone = (row) => row.mobile || row.phone1 || row.phone2 || null;
export const addressOf = (row) => row.addressId && { id: `cas360:${row.addressId}` };

const today = () => new Date().toISOString().slice(0, 10);
let day = today();
// Once a second, not for each relationship.
setInterval(() => (day = today()), 1_000).unref();

export const relationshipOf = ({ type, parentType, parentId, startDate, endDate }) => ({
  type,
  parentType,
  parentId,
  startDate,
  endDate,
  current: endDate === null || endDate >= day,
  company: UUID.test(parentId) ? { id: `cas360:${parentId}` } : null,
});

export const contactOfCas360 = (row) => ({
  id: `cas360:${row.id}`,
  source: 'CAS360',
  sourceId: row.id,
  contactType: contactType(row),
  name: row.name || null,
  title: row.title || null,
  firstName: row.firstName || null,
  middleNames: row.middleName || null,
  lastName: row.lastName || null,
  gender: gender(row),
  email: row.email || null,
  phone: phone(row),
  skype: row.skype || null,
  address: addressOf(row),
  relationships: row.relationships?.map(relationshipOf),
});

export const contactOfPms = (row) => ({
  id: `pms:${row.id}`,
  source: 'PMS',
  sourceId: row.id,
  contactType: 'PERSON',
  ...pmsPerson(row),
  ...pmsGuest(row),
});

export const pmsPerson = (row) => ({
  name: [row.firstName, row.middleNames, row.lastName].filter(Boolean).join(' '),
  firstName: row.firstName,
  lastName: row.lastName,
  email: row.primaryContactEmailAddress?.email ?? null,
  phone: row.primaryContactTelephoneNumber?.number ?? null,
});

export const pmsGuest = (row) => {
  const { contactSalesAccount: account, primaryContactEmailAddress: email, primaryContactTelephoneNumber: number } = row;
  return {
    status: row.status,
    emailAddresses: email && [{ address: email.email, nickname: email.nickname, primary: email.primary }],
    phoneNumbers: number && [{ number: number.number, kind: 'PRIMARY', primary: number.primary }],
    nationality: row.nationality && { code: row.nationality.countryCodeAlpha2, name: row.nationality.name },
    address: row.primaryContactAddress && pmsAddress(row),
    employment: {
      jobTitle: row.jobTitle,
      department: row.department,
      companyName: row.companyName,
      industry: row.industry && { id: row.industry.id, name: row.industry.name },
    },
    marketing: {
      optOut: row.marketingOptOut,
      lifecycleStage: row.lifecycleStage,
      leadSource: row.source,
      referrer: row.referrer && { id: row.referrer.id, code: row.referrer.code, name: row.referrer.name },
    },
    guest: { role: row.type, lastBookingRole: row.lastBookingRole, preferences: row.preferences },
    salesAccount: account && {
      id: `pms:${account.id}`,
      accountCode: account.accountCode,
      exportedDate: account.exportedDate,
      exportStatus: account.exportStatus,
      company: account.company && { id: `pms:${account.company.id}` },
      companyName: account.company?.companyName ?? null,
    },
  };
};

const pmsAddress = ({ id, primaryContactAddress: address }) => ({
  id: `pms:${id}/${address.id}`,
  lines: [address.addressLine1, address.addressLine2, address.addressLine3].filter(Boolean),
  city: address.city,
  postCode: address.postCode,
  country: address.country && { code: address.country.countryCodeAlpha2, alpha3: address.country.countryCodeAlpha3, name: address.country.name },
});
