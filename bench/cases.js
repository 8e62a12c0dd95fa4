// The operations. Contestants without GraphQL recognise an operation by its name.
const CONTACT = 'query Contact($id: ID!) { contact(id: $id) { id name contactType email phone } }';
const CONTACTS = `query Contacts($ids: [ID!]!) {
  contacts(ids: $ids) {
    id source sourceId contactType name title firstName middleNames lastName gender email phone skype
    address { id }
  }
}`;
const RELATIONSHIPS = `query Relationships($ids: [ID!]!) {
  contacts(ids: $ids) {
    id name contactType
    relationships { type parentType parentId startDate endDate current company { id } }
  }
}`;
const GUESTS = `query Guests($ids: [ID!]!) {
  contacts(ids: $ids) {
    id name status
    emailAddresses { address nickname primary }
    phoneNumbers { number kind primary }
    nationality { code name }
    address { id lines city postCode country { code alpha3 name } }
    employment { jobTitle department companyName industry { id name } }
    marketing { optOut lifecycleStage leadSource referrer { id code name } }
    guest { role lastBookingRole preferences }
    salesAccount { id accountCode exportedDate exportStatus company { id } companyName }
  }
}`;
const ENTITIES = `query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Contact { id name firstName lastName email phone address { id } } }
}`;

/** Callers have different ids, so that they share no records, except in the cases with a cache. */
const BODIES_PER_CALLER = 32;
const FIRST_ID = 1_000_000;

/**
 * `cas360` and `pms`: contacts per operation. `calls`: the fewest upstream calls that can answer it. `mode`: callers of a
 * `steady` load ask again at once, those of a `burst` all together; `far` is one caller who
 * pauses (far.js). `onlyOurs`: only the service and `raw` take part.
 * `atMost`: the most CPU that the service may need, as a multiple of `raw`. `bodies`: different operations per caller; with a
 * cache, all of them must fit into one of the default size.
 */
const CASES = [
  { name: 'one', title: 'one CAS 360 contact', query: CONTACT, cas360: 1, calls: 1, callers: 16, atMost: 2.8 },
  { name: 'list', title: '100 CAS 360 contacts, 14 fields', query: CONTACTS, cas360: 100, calls: 1, callers: 8, atMost: 1.8 },
  { name: 'relationships', title: '500 CAS 360 contacts with relationships', query: RELATIONSHIPS, cas360: 500, calls: 5, callers: 4, atMost: 1.7 },
  { name: 'pms', title: '20 PMS contacts, nested', query: GUESTS, pms: 20, calls: 20, callers: 4, atMost: 1.6 },
  { name: 'entities100', title: '_entities of 100, mixed', query: ENTITIES, cas360: 80, pms: 20, calls: 21, callers: 4 },
  { name: 'entities500', title: '_entities of 500, mixed', query: ENTITIES, cas360: 400, pms: 100, calls: 104, callers: 4 },
  { name: 'cache-one', title: 'one contact, cache warm', query: CONTACT, cas360: 1, calls: 0, callers: 16, isCached: true, onlyOurs: true, atMost: 1 },
  { name: 'cache', title: '100 contacts, cache warm', query: CONTACTS, cas360: 100, calls: 0, callers: 8, bodies: 12, isCached: true, onlyOurs: true, atMost: 1 },
  { name: 'callers64', title: '64 callers, each one contact', query: CONTACT, cas360: 1, calls: 1, callers: 64 },
  { name: 'latency', title: '64 callers at once, upstream with 50 ms', query: CONTACT, cas360: 1, calls: 8 / 64, callers: 64, mode: 'burst', latencyMs: 50 },
  { name: 'far', title: 'upstream 280 ms away, over TLS', query: CONTACT, cas360: 1, callers: 1, mode: 'far', roundTripMs: 280, onlyOurs: true },
  { name: 'linear', title: 'growth: 100 and 1,000 contacts', query: CONTACTS, sizes: [100, 1_000], callers: 2, onlyOurs: true },
  { name: 'soak', title: 'a million operations', query: CONTACT, cas360: 1, calls: 1, callers: 16, mode: 'soak' },
].map((each) => ({ cas360: 0, pms: 0, mode: 'steady', latencyMs: 0, bodies: BODIES_PER_CALLER, ...each }));

export const caseNames = CASES.map(({ name }) => name);
export const casesNamed = (names) => CASES.filter(({ name }) => names.includes(name));
/** Without the soak, which takes minutes. */
export const standardCases = CASES.filter(({ mode }) => mode !== 'soak');

/** The case in each of its sizes, or with each of its numbers of callers. */
export const variantsOf = (each) => each.sizes?.map((size) => ({ ...each, size, cas360: size })) ?? each.sweep?.map((callers) => ({ ...each, callers })) ?? [each];

const SWEPT_CALLERS = [1, 4, 16, 64];
/** With more ids waiting, the service refuses further requests. */
const MAX_WAITING_IDS = 20_000;
/** Every operation without a cache, over the range of callers. */
export const sweptCases = CASES.filter(({ name }) => ['one', 'list', 'relationships', 'pms', 'entities100', 'entities500'].includes(name)).map((each) => ({ ...each, sweep: SWEPT_CALLERS.filter((callers) => callers * (each.cas360 + each.pms) <= MAX_WAITING_IDS) }));

/** Returns a function from a number to a request body of this caller. Bodies repeat. */
export function bodiesOf({ query, cas360, pms, mode, callers, bodies, isCached }, caller) {
  const made = [];
  const size = cas360 + pms;
  // A soak always uses new ids, so that memory kept per id shows.
  const count = mode === 'soak' ? Infinity : bodies;
  // Additional callers use the ids of the others, so that their cache is warm too.
  const owner = isCached ? caller % callers : caller;
  const make = (number) => {
    const first = FIRST_ID + (owner * (Number.isFinite(count) ? count : 1_000_000) + number) * size;
    const ids = Array.from({ length: size }, (_, i) => `${isPms(i, cas360, pms) ? 'pms' : 'cas360'}:${first + i}`);
    return JSON.stringify({ operationName: /^query (\w+)/.exec(query)[1], query, variables: variablesFor(query, ids) });
  };
  return (number) => (count === Infinity ? make(number) : (made[number % count] ??= make(number % count)));
}

/** Mixes both systems evenly. */
const isPms = (i, cas360, pms) => Math.floor(((i + 1) * pms) / (cas360 + pms)) > Math.floor((i * pms) / (cas360 + pms));

function variablesFor(query, ids) {
  if (query === CONTACT) return { id: ids[0] };
  return query === ENTITIES ? { representations: ids.map((id) => ({ __typename: 'Contact', id })) } : { ids };
}

/** A call like those of the case, to measure the upstream alone. */
export function upstreamPath({ cas360, pms, query }) {
  if (pms > cas360) return `/api/v3/contacts/${FIRST_ID}`;
  const ids = Array.from({ length: Math.min(cas360, 100) }, (_, i) => FIRST_ID + i);
  return `/contacts/${ids.join(',')}?offset=0&limit=500${query === RELATIONSHIPS ? '&relationships=true' : ''}`;
}
