import type { Rows } from './supergraph.js';

/** Bookings and companies that ask for what can go wrong, beside those of the example. */
export const ROWS = {
  bookings: [
    { id: 'gone', arrival: '2027-01-01', nights: 1, bookerId: 'cas360:999999', guestIds: ['pms:5001', 'pms:999999', 'cas360:54', 'pms:5001', 'cas360:999999'], account: null },
    { id: 'malformed', arrival: '2027-01-02', nights: 1, bookerId: 'constructor:1', guestIds: ['cas360:54', '4711', 'pms:5001'], account: null },
    { id: 'empty', arrival: '2027-01-03', nights: 1, bookerId: null, guestIds: [], account: null },
    { id: 'wrong account', arrival: '2027-01-04', nights: 1, bookerId: null, guestIds: [], account: { id: 'pms:902', contactId: 'pms:5001' } },
  ],
  companies: [{ id: 'pms:78', name: 'Idle Heron Limited', keyContactId: null }],
} satisfies Rows;

export interface Operation {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  /** Those of the token that the client sends; without any it sends no token. */
  readonly scopes?: readonly string[];
}

/** Of our fields alone: our subgraph itself says what the answer is. */
export const OURS: Readonly<Record<string, Operation>> = {
  'a contact of the PMS': { query: '{ contact(id: "pms:4711") { id source name email phone status guest { role } address { lines city country { code name } } } }' },
  'a contact of CAS 360': { query: '{ contact(id: "cas360:555742") { id contactType name address { city } relationships { type parentType company { id } } } }' },
  'contacts of both in their order, some twice, some missing': { query: '{ contacts(ids: ["cas360:54", "pms:4711", "pms:999999", "cas360:54", "cas360:999999"]) { id name } }' },
  'no contacts': { query: '{ contacts(ids: []) { name } }' },
  'a contact that does not exist': { query: '{ contact(id: "cas360:999999") { name address { city } } }' },
  'the id alone': { query: '{ contact(id: "cas360:999999") { id __typename source sourceId } }' },
  aliases: {
    query: `{
      iris: contact(id: "pms:4711") { called: name }
      anne: contact(id: "cas360:555742") { called: name now: relationships(current: true) { type } ended: relationships(current: false) { type endDate } }
    }`,
  },
  fragments: {
    query: `query { contacts(ids: ["pms:4711", "cas360:54"]) { ...Card ... on Contact { phone } } }
      fragment Card on Contact { name ...Place }
      fragment Place on Contact { address { ...Town } }
      fragment Town on Address { city country { alpha3 } }`,
  },
  variables: {
    query: `query ($ids: [ID!]!, $one: ID!, $current: Boolean = false) {
      contacts(ids: $ids) { name relationships(current: $current) { type current } }
      contact(id: $one) { sourceId }
    }`,
    variables: { ids: ['cas360:555742', 'pms:5001'], one: 'pms:4711' },
  },
  '@skip and @include': {
    query: `query ($yes: Boolean!, $no: Boolean!) {
      contact(id: "cas360:555742") {
        name @skip(if: $no) email @include(if: $no)
        ... @include(if: $no) { relationships { type } }
        ... @skip(if: $no) { address @include(if: $yes) { city } }
      }
    }`,
    variables: { yes: true, no: false },
  },
  'lists in lists': {
    query: '{ contacts(ids: ["cas360:40001", "cas360:40002"]) { contactType representatives { id name address { lines } phoneNumbers { number kind primary } representatives { id } } } }',
  },
  'a sales account and back': { query: '{ contact(id: "pms:4711") { salesAccount { id accountCode exportedDate company { id } contact { id name salesAccount { id } } } } }' },
  'names of types': { query: '{ __typename contact(id: "cas360:54") { __typename address { __typename country { __typename } } registration { __typename companyNumber } } }' },
  'enums and dates': { query: '{ contacts(ids: ["cas360:30001", "pms:5001"]) { contactType title registration { entityType incorporationDate } marketing { lifecycleStage leadSource optOut } } }' },
  'a malformed id': { query: '{ contact(id: "4711") { name } }' },
  'a malformed id among good ones': { query: '{ contacts(ids: ["pms:4711", "cas360:", "cas360:54"]) { name } }' },
  'guarded fields without a token': { query: '{ contacts(ids: ["pms:4711", "cas360:555742"]) { name dateOfBirth cognitoId } }' },
  'guarded fields with a token': { query: '{ contacts(ids: ["pms:4711", "cas360:555742"]) { name dateOfBirth cognitoId } }', scopes: ['contact:identity', 'contact:access'] },
  'guarded fields with one scope of two': { query: '{ contact(id: "pms:4711") { identityDocuments { passportNumber } doorAccess { keyCardCode } } }', scopes: ['contact:access'] },
};
